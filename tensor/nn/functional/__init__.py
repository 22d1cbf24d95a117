"""The functions behind the layers, with PyTorch's names and arguments.

Source: https://docs.pytorch.org/docs/stable/nn.functional.html
"""

from tensor.nn.functional.activations import (
    dropout,
    gelu,
    log_softmax,
    relu,
    sigmoid,
    softmax,
    tanh,
)
from tensor.nn.functional.losses import cross_entropy, mse_loss, nll_loss
from tensor.nn.functional.maps import embedding, linear
from tensor.nn.functional.norms import layer_norm
from tensor.ops.indexing import one_hot

__all__ = [
    "cross_entropy",
    "dropout",
    "embedding",
    "gelu",
    "layer_norm",
    "linear",
    "log_softmax",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]
