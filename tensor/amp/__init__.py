"""Mixed precision: PyTorch's `torch.amp`. All is computed in the dtypes that tensors have, so it can only be off.

Code written for GPUs asks for it there; without one PyTorch switches it off with a warning, and so does this. Mixed
precision on the CPU would give other numbers than are computed here, so asking for it is refused.
Source: https://docs.pytorch.org/docs/stable/amp.html
"""

from tensor.amp.autocast_mode import (
    autocast,
    custom_bwd,
    custom_fwd,
    get_autocast_dtype,
    is_autocast_available,
    is_autocast_enabled,
)
from tensor.amp.grad_scaler import GradScaler

__all__ = [
    "GradScaler",
    "autocast",
    "custom_bwd",
    "custom_fwd",
    "get_autocast_dtype",
    "is_autocast_available",
    "is_autocast_enabled",
]
