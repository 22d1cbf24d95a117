"""PyTorch's `torch.autograd.profiler`, the older home of `torch.profiler`."""

from tensor.profiler import profile, record_function

__all__ = ["profile", "record_function"]
