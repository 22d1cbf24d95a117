"""Signs, absolute values and steps at zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, operator
from tensor.dtypes import Array
from tensor.errors import DtypeError
from tensor.ops.elementwise import binary, flat, inplace, unary
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _sign(input: Array) -> Any:
    if input.dtype.kind == "b":
        return input.copy()
    return np.subtract(input > 0, input < 0, dtype=input.dtype)  # np.sign of nan is nan, PyTorch's is 0


def _signbit(input: Array) -> Any:
    return np.signbit(input) if input.dtype.kind == "f" else np.less(input, 0)


def _same_dtypes(input: Any, values: Any) -> Any:
    for each in (input, values):
        if not isinstance(each, np.ndarray) or each.dtype != input.dtype:
            raise DtypeError("heaviside is not yet implemented for tensors with different dtypes.")
    return np.heaviside(input, values).astype(input.dtype, copy=False)


def _nextafter(input: Any, other: Any) -> Any:
    if input.dtype != other.dtype:
        raise DtypeError(f"nextafter: expected tensors of one dtype, got {input.dtype} and {other.dtype}")
    return np.nextafter(input, other)


ABS = op("abs", unary(np.abs), input=lambda g, input: g * _sign(input))
SIGN = op("sign", _sign, input=flat)
SGN = op("sgn", _sign, input=flat)
SIGNBIT = op("signbit", _signbit)
COPYSIGN = op(
    "copysign",
    binary(np.copysign, floating=True),
    input=lambda g, input, other: g * _sign(input) * np.copysign(g.dtype.type(1), other),
    other=flat,
)
HEAVISIDE = op("heaviside", _same_dtypes, input=flat, values=flat)
# Half-precision numbers have neighbours of their own.
NEXTAFTER = op("nextafter", _nextafter, moves=True, input=lambda g: g, other=flat)


def abs(input: Tensor) -> Tensor:
    """Return the absolute value."""
    return apply(ABS, input)


def sign(input: Tensor) -> Tensor:
    """Return -1, 0 or 1; 0 of what is no number."""
    return apply(SIGN, input)


def sgn(input: Tensor) -> Tensor:
    """Return `sign(input)`: they differ in complex numbers only, which there are none of."""
    return apply(SGN, input)


def signbit(input: Tensor) -> Tensor:
    """Return where the elements have a minus, be it that of -0."""
    return apply(SIGNBIT, input)


copysign = operator(COPYSIGN)


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """Return 0 below zero, 1 above it, and `values` at it.

    Args:
        input: Any shape.
        values: Of the same dtype, broadcast.

    Raises:
        DtypeError: The dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.heaviside.html
    """
    return apply(HEAVISIDE, input, values)


def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """Return the next number after `input` towards `other` that the dtype has."""
    return apply(NEXTAFTER, input, other)


abs_ = inplace(ABS)
sign_ = inplace(SIGN)
sgn_ = inplace(SGN)
copysign_ = inplace(COPYSIGN)
heaviside_ = inplace(HEAVISIDE)
nextafter_ = inplace(NEXTAFTER)
