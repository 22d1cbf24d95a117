"""The place that PyTorch names now for `nn.quantized`."""

from tensor.nn.quantized import FloatFunctional

__all__ = ["FloatFunctional"]
