"""Dropout: setting values to zero at random in training."""

from __future__ import annotations

import math

import numpy as np

from tensor.bases import fresh
from tensor.errors import ArgumentError, ShapeError
from tensor.generators import random_of
from tensor.scalars import check_numbers
from tensor.tensors import Tensor

# What SELU tends to for ever smaller input: there alpha dropout puts what it drops (Klambauer et al., 2017).
_ALPHA = -1.7580993408473766


def _kept(p: float, shape: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool]]:
    return np.asarray(random_of(None).random(shape, dtype=np.float32) >= p)


def _check(name: str, p: float) -> None:
    check_numbers(name, {"p": p})
    if not 0 <= p <= 1:
        raise ArgumentError(f"dropout probability has to be between 0 and 1, but got {p}")


def _dropped(input: Tensor, p: float, inplace: bool, shape: tuple[int, ...]) -> Tensor:
    """Scale what is kept of a mask of some shape, broadcast."""
    scale = input.dtype.numpy_dtype.type(0 if p == 1 else 1 / (1 - p))
    scales = fresh((_kept(p, shape) * scale).astype(input.dtype.numpy_dtype))
    return input.mul_(scales) if inplace else input * scales


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set elements to zero at random, and scale the others up by `1 / (1 - p)`.

    Args:
        input: any shape.
        p: the probability of zero.
        training: if false, return the input as it is.
        inplace: write the result over the input.

    Raises:
        ValueError: `p` is no probability.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
    """
    _check("dropout", p)
    if not training or p == 0:
        return input
    return _dropped(input, p, inplace, tuple(input.shape))


def _channels(name: str, input: Tensor, p: float, training: bool, inplace: bool, ndims: tuple[int, ...]) -> Tensor:
    """Set whole channels to zero: the second dimension of a batch, the first of a single example."""
    _check(name, p)
    if input.ndim not in ndims:
        raise ShapeError(f"{name}: expected an input of {' or '.join(map(str, ndims))} dimensions, got {input.ndim}")
    if not training or p == 0:
        return input
    kept = 2 if input.ndim == ndims[-1] else 1
    return _dropped(input, p, inplace, (*input.shape[:kept], *[1] * (input.ndim - kept)))


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to zero at random; see `dropout`.

    Args:
        input: (batch, channels, length) or (channels, length).
        p: the probability of zero.
        training: if false, return the input as it is.
        inplace: write the result over the input.
    """
    return _channels("dropout1d", input, p, training, inplace, (2, 3))


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to zero at random; as `dropout1d`, with height and width."""
    return _channels("dropout2d", input, p, training, inplace, (3, 4))


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to zero at random; as `dropout1d`, with depth, height and width."""
    return _channels("dropout3d", input, p, training, inplace, (4, 5))


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Drop elements so that mean and variance stay what they are, for networks with SELU.

    Args:
        input: any shape.
        p: the probability of being dropped.
        training: if false, return the input as it is.
        inplace: write the result over the input.

    Source: Klambauer et al., 2017, https://arxiv.org/abs/1706.02515; https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
    """
    _check("alpha_dropout", p)
    return _alpha_dropped(input, p, training, inplace, tuple(input.shape))


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Drop whole channels as `alpha_dropout` drops elements.

    Args:
        input: (batch, channels, ...).
        p: the probability of being dropped.
        training: if false, return the input as it is.
        inplace: write the result over the input.
    """
    _check("feature_alpha_dropout", p)
    return _alpha_dropped(input, p, training, inplace, (*input.shape[:2], *[1] * (input.ndim - 2)))


def _alpha_dropped(input: Tensor, p: float, training: bool, inplace: bool, shape: tuple[int, ...]) -> Tensor:
    if not training or p == 0:
        return input
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    dtype = input.dtype.numpy_dtype
    kept = _kept(p, shape)
    stretch = 1 / math.sqrt((1 - p) * (1 + p * _ALPHA**2))
    scales = fresh((kept * stretch).astype(dtype))
    shifts = fresh((np.where(kept, 0, _ALPHA * stretch) - stretch * _ALPHA * p).astype(dtype))
    return input.mul_(scales).add_(shifts) if inplace else input * scales + shifts
