"""Mixed precision: PyTorch's `torch.amp`. All is computed in the dtypes that tensors have, so it can only be off.

Code written for GPUs asks for it there; without one PyTorch switches it off with a warning, and so does this. Mixed
precision on the CPU would give other numbers than are computed here, so asking for it is refused.
Source: https://docs.pytorch.org/docs/stable/amp.html
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, overload

from tensor import devices, dtypes
from tensor.dtypes import dtype
from tensor.errors import UnsupportedError

if TYPE_CHECKING:
    from tensor.optim import Optimizer
    from tensor.tensors import Tensor

P = ParamSpec("P")
R = TypeVar("R")
Outputs = TypeVar("Outputs", "Tensor", Iterable["Tensor"])

__all__ = [
    "GradScaler",
    "autocast",
    "custom_bwd",
    "custom_fwd",
    "get_autocast_dtype",
    "is_autocast_available",
    "is_autocast_enabled",
]


class autocast:  # noqa: N801 - PyTorch's name
    """A block, or a decorator, that computes as without it: mixed precision is off.

    Args:
        device_type: The kind of device that the block is for; for another than the CPU, enabling it warns.
        dtype: What would be computed in.
        enabled: Whether mixed precision is wanted.
        cache_enabled: Accepted since PyTorch has it.

    Raises:
        UnsupportedError: It is wanted on the CPU, where PyTorch would compute products of matrices in `dtype`.
    """

    def __init__(
        self,
        device_type: str,
        dtype: dtype | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        self.device = devices.device(device_type).type
        self.fast_dtype = get_autocast_dtype(self.device) if dtype is None else dtype
        self._enabled = False
        if not enabled or self.fast_dtype is dtypes.float32:
            return
        if self.device == "cpu":
            raise UnsupportedError(
                f"autocast: on the CPU PyTorch would compute products of matrices in {self.fast_dtype}, and here "
                "tensors are computed in their own dtype. Pass enabled=False for full precision, or convert the model "
                f"with .to({self.fast_dtype})."
            )
        warnings.warn(
            f"User provided device_type of {self.device!r}, but it is not available. Disabling autocast", stacklevel=2
        )

    def __enter__(self) -> Self:
        """Begin the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the block."""

    def __call__(self, func: Callable[P, R]) -> Callable[P, R]:
        """Return a function that computes as `func` does."""
        return func


def is_autocast_available(device_type: str) -> bool:
    """Whether mixed precision can be used: no.

    Args:
        device_type: The kind of device.
    """
    return False


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether mixed precision is on here: no.

    Args:
        device_type: The kind of device.
    """
    return False


def get_autocast_dtype(device_type: str) -> dtype:
    """Return the dtype that mixed precision would compute in.

    Args:
        device_type: The kind of device.
    """
    return dtypes.bfloat16 if devices.device(device_type).type in ("cpu", "xla", "hpu") else dtypes.float16


@overload
def custom_fwd(fwd: Callable[P, R], *, device_type: str = ..., cast_inputs: dtype | None = ...) -> Callable[P, R]: ...
@overload
def custom_fwd(
    fwd: None = None, *, device_type: str = ..., cast_inputs: dtype | None = ...
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def custom_fwd(fwd: Any = None, *, device_type: str = "cuda", cast_inputs: dtype | None = None) -> Any:
    """Return the `forward` of a custom function as it is: outside mixed precision nothing is cast.

    Source: https://docs.pytorch.org/docs/stable/amp.html#torch.amp.custom_fwd

    Args:
        fwd: The function; left out where this is used with arguments.
        device_type: The kind of device that it is for.
        cast_inputs: What its arguments would be cast to.
    """
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)
    return fwd


@overload
def custom_bwd(bwd: Callable[P, R], *, device_type: str = ...) -> Callable[P, R]: ...
@overload
def custom_bwd(bwd: None = None, *, device_type: str = ...) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def custom_bwd(bwd: Any = None, *, device_type: str = "cuda") -> Any:
    """Return the `backward` of a custom function as it is.

    Args:
        bwd: The function; left out where this is used with arguments.
        device_type: The kind of device that it is for.
    """
    return functools.partial(custom_bwd, device_type=device_type) if bwd is None else bwd


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
