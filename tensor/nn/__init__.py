"""Layers, losses and what they are made of, with PyTorch's names, arguments and defaults."""

from tensor.nn import functional, init, modules
from tensor.nn.modules import *  # noqa: F403  (each layer is listed once, there)
from tensor.nn.parameter import Parameter
from tensor.nn.state_dict import StateDictError

__all__ = ["Parameter", "StateDictError", "functional", "init"]
__all__ += modules.__all__
