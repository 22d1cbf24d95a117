"""Layers, losses and what they are made of, with PyTorch's names, arguments and defaults."""

from tensor.nn import functional, init
from tensor.nn.activations import GELU, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from tensor.nn.containers import ModuleDict, ModuleList, Sequential
from tensor.nn.dropout import Dropout
from tensor.nn.embedding import Embedding
from tensor.nn.linear import Identity, Linear
from tensor.nn.losses import CrossEntropyLoss, MSELoss, NLLLoss
from tensor.nn.module import Module
from tensor.nn.normalization import LayerNorm
from tensor.nn.parameter import Parameter
from tensor.nn.shapes import Flatten
from tensor.nn.state_dict import StateDictError

__all__ = [
    "GELU",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "LayerNorm",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "StateDictError",
    "Tanh",
    "functional",
    "init",
]
