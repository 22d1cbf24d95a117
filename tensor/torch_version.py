"""PyTorch's `torch.torch_version`: the home of the class of `__version__`."""

from tensor.version import TorchVersion, __version__

__all__ = ["TorchVersion", "__version__"]
