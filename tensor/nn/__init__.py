"""Layers, losses and what they are made of, with PyTorch's names, arguments and defaults."""

from tensor.lazily import submodules
from tensor.nn import attention, functional, init, modules, parallel, utils
from tensor.nn.buffer import Buffer
from tensor.nn.modules import *  # noqa: F403  (each layer is listed once, there)
from tensor.nn.parallel import DataParallel
from tensor.nn.parameter import Parameter
from tensor.nn.state_dict import StateDictError
from tensor.nn.uninitialized import UninitializedBuffer, UninitializedParameter

__all__ = [
    "Buffer",
    "DataParallel",
    "Parameter",
    "StateDictError",
    "UninitializedBuffer",
    "UninitializedParameter",
    "attention",
    "functional",
    "init",
    "parallel",
    "utils",
]
__all__ += modules.__all__

__getattr__ = submodules(__name__, frozenset({"_reduction", "common_types", "quantized"}))
