"""PyTorch's `torch.ao`: `quantization`, and the modules that belong to it."""

from tensor.ao import nn, quantization

__all__ = ["nn", "quantization"]
