"""Functions of statistics and number theory: the error function's family, and the gamma function's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tensor.dispatch import apply
from tensor.ops import error_function, gamma_function
from tensor.ops.elementwise import inplace, unary
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

_SLOPE = 2 / math.sqrt(math.pi)

ERF = op("erf", unary(error_function.erf, floating=True), input=lambda g, input: g * _SLOPE * np.exp(-input * input))
ERFC = op(
    "erfc", unary(error_function.erfc, floating=True), input=lambda g, input: g * -_SLOPE * np.exp(-input * input)
)
ERFINV = op("erfinv", unary(error_function.erfinv, floating=True), input=lambda g, out: g / _SLOPE * np.exp(out * out))
LGAMMA = op(
    "lgamma",
    unary(gamma_function.lgamma, floating=True),
    input=lambda g, input: g * gamma_function.digamma(input),
)
DIGAMMA = op(
    "digamma",
    unary(gamma_function.digamma, floating=True),
    input=lambda g, input: g * gamma_function.trigamma(input),
)


def erf(input: Tensor) -> Tensor:
    """Return the error function."""
    return apply(ERF, input)


def erfc(input: Tensor) -> Tensor:
    """Return `1 - erf(input)`, precise where that is small."""
    return apply(ERFC, input)


def erfinv(input: Tensor) -> Tensor:
    """Return the inverse of the error function: infinite at -1 and 1, nan beyond."""
    return apply(ERFINV, input)


def lgamma(input: Tensor) -> Tensor:
    """Return the natural logarithm of the gamma function's absolute value."""
    return apply(LGAMMA, input)


def digamma(input: Tensor) -> Tensor:
    """Return the logarithmic derivative of the gamma function."""
    return apply(DIGAMMA, input)


erf_ = inplace(ERF)
erfc_ = inplace(ERFC)
erfinv_ = inplace(ERFINV)
lgamma_ = inplace(LGAMMA)
digamma_ = inplace(DIGAMMA)
