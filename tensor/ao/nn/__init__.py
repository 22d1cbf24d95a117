"""The place that PyTorch names now for `nn.quantized`."""

from tensor.nn import quantized

__all__ = ["quantized"]
