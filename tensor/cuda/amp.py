"""Mixed precision on GPUs, of which there are none: PyTorch's `torch.cuda.amp`, the older names of `torch.amp`."""

from __future__ import annotations

from tensor import amp, dtypes
from tensor.amp import custom_bwd, custom_fwd
from tensor.dtypes import dtype

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]


class autocast(amp.autocast):  # noqa: N801 - PyTorch's name
    """A block, or a decorator, that computes as without it; see `tensor.amp.autocast`.

    Args:
        enabled: Whether mixed precision is wanted, which warns.
        dtype: What would be computed in.
        cache_enabled: Accepted since PyTorch has it.
    """

    def __init__(self, enabled: bool = True, dtype: dtype = dtypes.float16, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)


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
