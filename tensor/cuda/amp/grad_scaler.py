"""Scaling of losses for mixed precision on GPUs; see `tensor.amp.GradScaler`."""

from __future__ import annotations

from tensor import amp

__all__ = ["GradScaler"]


class GradScaler(amp.GradScaler):
    """Scales losses so that gradients of half precision do not vanish: off; see `tensor.amp.GradScaler`.

    Args:
        init_scale: The first factor.
        growth_factor: What it grows by.
        backoff_factor: What it shrinks by.
        growth_interval: After how many steps it grows.
        enabled: Whether to scale, which warns.
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)
