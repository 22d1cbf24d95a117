"""PyTorch's `torch.utils.hooks`: the handles of hooks."""

from tensor.handles import RemovableHandle

__all__ = ["RemovableHandle"]
