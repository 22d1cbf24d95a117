"""Mixed precision on GPUs, of which there are none: PyTorch's `torch.cuda.amp`, the older names of `torch.amp`."""

from tensor.cuda.amp.autocast_mode import autocast, custom_bwd, custom_fwd
from tensor.cuda.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]
