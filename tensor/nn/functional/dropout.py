"""Dropout: setting values to zero at random in training."""

from __future__ import annotations

import math
import warnings

import numpy as np

from tensor.bases import fresh
from tensor.errors import ArgumentError, DtypeError, ShapeError
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
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    _check_floating(input)
    dtype = input._data.dtype
    scales = fresh(np.multiply(_kept(p, shape), np.float32(1 / (1 - p)), dtype=np.float32).astype(dtype, copy=False))
    return input.mul_(scales) if inplace else input * scales


def _check_floating(input: Tensor) -> None:
    if not input.is_floating_point():
        raise DtypeError(f"dropout: result type Float can't be cast to {input.dtype}; convert it with .float()")


def _features(name: str, input: Tensor) -> tuple[int, ...]:
    """The shape of a mask that drops whole channels."""
    if input.ndim < 2:
        raise ShapeError(f"{name}: Feature dropout requires at least 2 dimensions in the input, got {input.ndim}")
    return (*input.shape[:2], *[1] * (input.ndim - 2))


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set elements to zero at random, and scale the others up by `1 / (1 - p)`.

    Args:
        input: any shape.
        p: the probability of zero.
        training: if false, return the input as it is.
        inplace: write the result over the input.

    Raises:
        DtypeError: the input has no floats.
        ArgumentError: `p` is no probability.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
    """
    _check("dropout", p)
    if not training or p == 0:
        return input
    return _dropped(input, p, inplace, tuple(input.shape))


def feature_dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to zero at random; see `dropout`.

    Args:
        input: (batch, channels, ...).
        p: the probability of zero.
        training: if false, return the input as it is.
        inplace: write the result over the input.

    Raises:
        ShapeError: there are fewer than two dimensions.
        ArgumentError: `p` is no probability.
    """
    _check("feature_dropout", p)
    shape = _features("feature_dropout", input)
    return input if not training or p == 0 else _dropped(input, p, inplace, shape)


def _single_or_batch(input: Tensor, p: float, training: bool, inplace: bool, batch_ndim: int) -> Tensor:
    if input.ndim == batch_ndim:
        return feature_dropout(input, p, training, inplace)
    dropped = feature_dropout(input.unsqueeze(0), p, training, inplace)
    return input if inplace else dropped.squeeze(0)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to zero at random; see `dropout`.

    Args:
        input: (batch, channels, length) or (channels, length).
        p: the probability of zero.
        training: if false, return the input as it is.
        inplace: write the result over the input.

    Raises:
        ShapeError: there are other dimensions.
        ArgumentError: `p` is no probability.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html
    """
    _check("dropout1d", p)
    if input.ndim not in (2, 3):
        raise ShapeError(f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input")
    return _single_or_batch(input, p, training, inplace, 3)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to zero at random; see `dropout`.

    Args:
        input: (batch, channels, height, width). Of three dimensions the second are channels, with a warning: PyTorch
            takes them for (batch, channels, length).
        p: the probability of zero.
        training: if false, return the input as it is.
        inplace: write the result over the input.

    Raises:
        ShapeError: there are fewer than two dimensions.
        ArgumentError: `p` is no probability.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html
    """
    _check("dropout2d", p)
    _warn_of_dimensions("dropout2d", input, (3, 4))
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired "
            "- input is interpreted as shape (N, C, L), where C is the channel dim. To maintain the 1D channel-wise "
            "dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return feature_dropout(input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to zero at random; see `dropout`.

    Args:
        input: (batch, channels, depth, height, width) or (channels, depth, height, width).
        p: the probability of zero.
        training: if false, return the input as it is.
        inplace: write the result over the input.

    Raises:
        ShapeError: there are no dimensions.
        ArgumentError: `p` is no probability.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html
    """
    _check("dropout3d", p)
    _warn_of_dimensions("dropout3d", input, (4, 5))
    return _single_or_batch(input, p, training, inplace, 5)


def _warn_of_dimensions(name: str, input: Tensor, expected: tuple[int, int]) -> None:
    if input.ndim not in expected:
        warnings.warn(
            f"{name}: Received a {input.ndim}-D input to {name}, which is deprecated and will result in an error in a "
            f"future release. It is for {expected[0]}D or {expected[1]}D inputs; please use dropout instead.",
            stacklevel=3,
        )


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
    return _alpha_dropped(input, p, training, inplace, _features("feature_alpha_dropout", input))


def _alpha_dropped(input: Tensor, p: float, training: bool, inplace: bool, shape: tuple[int, ...]) -> Tensor:
    if not training or p == 0:
        return input
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    _check_floating(input)
    dtype = input._data.dtype
    kept = _kept(p, shape)
    stretch = 1 / math.sqrt((1 - p) * (1 + p * _ALPHA**2))
    scales = fresh((kept * stretch).astype(dtype))
    shifts = fresh((np.where(kept, 0, _ALPHA * stretch) - stretch * _ALPHA * p).astype(dtype))
    return input.mul_(scales).add_(shifts) if inplace else input * scales + shifts
