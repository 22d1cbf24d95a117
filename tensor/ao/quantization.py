"""The place that PyTorch names now for `quantization`."""

from tensor.quantization import *  # noqa: F403
from tensor.quantization import __all__ as __all__
