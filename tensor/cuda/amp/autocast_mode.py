"""Mixed precision on GPUs as a block; see `tensor.amp.autocast`."""

from __future__ import annotations

from tensor import amp, dtypes
from tensor.amp import custom_bwd, custom_fwd
from tensor.dtypes import dtype

__all__ = ["autocast", "custom_bwd", "custom_fwd"]


class autocast(amp.autocast):  # noqa: N801 - PyTorch's name
    """A block, or a decorator, that computes as without it; see `tensor.amp.autocast`.

    Args:
        enabled: Whether mixed precision is wanted, which warns.
        dtype: What would be computed in.
        cache_enabled: Accepted since PyTorch has it.
    """

    def __init__(self, enabled: bool = True, dtype: dtype = dtypes.float16, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)
