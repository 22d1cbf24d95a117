"""A part of PyTorch's compiler, `torch._inductor`, whose settings model files write to: nothing is compiled."""

from tensor._inductor import config

__all__ = ["config"]
