"""Helpers of PyTorch's `torch.utils` that model files use: `checkpoint`, `data`, `model_zoo`.

Source: https://docs.pytorch.org/docs/stable/
"""

from tensor.lazily import submodules

__getattr__ = submodules(__name__, frozenset({"_pytree", "checkpoint", "data", "dlpack", "hooks", "model_zoo"}))
