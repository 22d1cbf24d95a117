"""Layers and losses as modules: one family a file, named as PyTorch names its files."""

from tensor.nn.modules.activation import GELU, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from tensor.nn.modules.container import ModuleDict, ModuleList, Sequential
from tensor.nn.modules.dropout import Dropout
from tensor.nn.modules.flatten import Flatten
from tensor.nn.modules.linear import Identity, Linear
from tensor.nn.modules.loss import CrossEntropyLoss, MSELoss, NLLLoss
from tensor.nn.modules.module import Module
from tensor.nn.modules.normalization import LayerNorm
from tensor.nn.modules.sparse import Embedding

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
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
