"""Scaling of losses for mixed precision: off, as that is; see `tensor.amp`."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from tensor import devices
from tensor.errors import UnsupportedError

if TYPE_CHECKING:
    from tensor.optim import Optimizer
    from tensor.tensors import Tensor

Outputs = TypeVar("Outputs", "Tensor", Iterable["Tensor"])

__all__ = ["GradScaler"]


class GradScaler:
    """Scales losses so that gradients of half precision do not vanish: off, as mixed precision is.

    Losses pass through as they are, and `step` is the optimiser's own.
    Source: https://docs.pytorch.org/docs/stable/amp.html#torch.amp.GradScaler

    Args:
        device: The kind of device that it is for; for another than the CPU, enabling it warns.
        init_scale: The first factor.
        growth_factor: What it grows by.
        backoff_factor: What it shrinks by.
        growth_interval: After how many steps it grows.
        enabled: Whether to scale.

    Raises:
        UnsupportedError: It is enabled for the CPU.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        kind = devices.device(device).type
        if enabled and kind == "cpu":
            raise UnsupportedError(
                "GradScaler: there is no mixed precision on the CPU whose gradients would need scaling. "
                "Pass enabled=False."
            )
        if enabled:
            warnings.warn(f"GradScaler is enabled, but {kind} is not available. Disabling.", stacklevel=2)
        self._factors = (growth_factor, backoff_factor, growth_interval)

    def scale(self, outputs: Outputs) -> Outputs:
        """Return losses as they are."""
        return outputs

    def unscale_(self, optimizer: Optimizer) -> None:
        """Leave the gradients as they are."""

    def step(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        """Take the optimiser's own step, and return what it does."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Leave the factor as it is."""

    def is_enabled(self) -> bool:
        """Whether losses are scaled: no."""
        return False

    def get_scale(self) -> float:
        """Return the factor of losses, 1."""
        return 1.0

    def get_growth_factor(self) -> float:
        """Return what the factor would grow by."""
        return self._factors[0]

    def get_backoff_factor(self) -> float:
        """Return what the factor would shrink by."""
        return self._factors[1]

    def get_growth_interval(self) -> int:
        """Return after how many steps the factor would grow."""
        return self._factors[2]

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: a scaler that is off has no state."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Leave out a state, as a scaler that is off does."""
