"""Schedules of learning rates, with PyTorch's names, arguments and curves."""

from tensor.optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from tensor.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from tensor.optim.lr_scheduler.cyclic import CyclicLR
from tensor.optim.lr_scheduler.decays import (
    ConstantLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from tensor.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from tensor.optim.lr_scheduler.one_cycle import OneCycleLR
from tensor.optim.lr_scheduler.plateau import ReduceLROnPlateau
from tensor.optim.lr_scheduler.scheduler import LRScheduler, _LRScheduler

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "_LRScheduler",
]
