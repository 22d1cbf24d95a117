"""Rounding: functions with steps, whose gradients are 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, write
from tensor.dtypes import Array
from tensor.ops.elementwise import check_floating, flat, inplace, unary
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _round(input: Array, *, decimals: int) -> Any:
    if decimals:
        check_floating("round to decimals", input)
    return np.round(input, decimals)


def _fraction(input: Array) -> Any:
    check_floating("frac", input)
    return input - np.trunc(input)


FLOOR = op("floor", unary(np.floor), input=flat)
CEIL = op("ceil", unary(np.ceil), input=flat)
ROUND = op("round", _round, input=flat)
TRUNC = op("trunc", unary(np.trunc), input=flat)
FRAC = op("frac", _fraction, input=lambda g: g)


def floor(input: Tensor) -> Tensor:
    """Round down."""
    return apply(FLOOR, input)


def ceil(input: Tensor) -> Tensor:
    """Round up."""
    return apply(CEIL, input)


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """Round to nearest, halves to even, at a number of decimals."""
    return apply(ROUND, input, decimals=decimals)


def trunc(input: Tensor) -> Tensor:
    """Round towards zero."""
    return apply(TRUNC, input)


def frac(input: Tensor) -> Tensor:
    """Return what rounding towards zero drops.

    Raises:
        DtypeError: `input` is not of floats.
    """
    return apply(FRAC, input)


def round_(input: Tensor, *, decimals: int = 0) -> Tensor:
    """Round this tensor, in place."""
    return write(ROUND, input, decimals=decimals)


floor_ = inplace(FLOOR)
ceil_ = inplace(CEIL)
trunc_ = inplace(TRUNC)
frac_ = inplace(FRAC)
