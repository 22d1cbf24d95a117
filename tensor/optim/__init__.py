"""Optimisers, with PyTorch's names, defaults and order of updates."""

from tensor.optim.adam import Adam, AdamW
from tensor.optim.optimizer import Optimizer
from tensor.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]
