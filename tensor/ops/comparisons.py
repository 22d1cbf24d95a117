"""Comparisons and tests of elements. Their results are boolean and carry no gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.bases import TensorBase, is_scalar
from tensor.dispatch import apply, operator
from tensor.dtypes import is_floating, of
from tensor.errors import ArgumentError, DtypeError
from tensor.ops.elementwise import as_floating, binary, inplace, unary
from tensor.registry import op
from tensor.scalars import check_numbers

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _isclose(input: Any, other: Any, *, rtol: float, atol: float, equal_nan: bool) -> Any:
    if input.dtype != other.dtype:
        raise DtypeError(f"isclose: {of(input.dtype)} did not match {of(other.dtype)}; convert one with .to()")
    close = np.equal(input, other)
    if equal_nan:
        close = close | (np.isnan(input) & np.isnan(other))
    if rtol == 0 and atol == 0:
        return close
    if not is_floating(input.dtype):
        input, other = as_floating(input), as_floating(other)
    apart = np.abs(input - other)
    return close | (np.isfinite(apart) & (apart <= atol + np.abs(rtol * other)))


EQ = op("eq", binary(np.equal))
NE = op("ne", binary(np.not_equal))
LT = op("lt", binary(np.less))
LE = op("le", binary(np.less_equal))
GT = op("gt", binary(np.greater))
GE = op("ge", binary(np.greater_equal))
ISNAN = op("isnan", unary(np.isnan))
ISINF = op("isinf", unary(np.isinf))
ISFINITE = op("isfinite", unary(np.isfinite))
ISPOSINF = op("isposinf", unary(lambda x: np.equal(x, np.inf)))
ISNEGINF = op("isneginf", unary(lambda x: np.equal(x, -np.inf)))
ISCLOSE = op("isclose", _isclose)

_eq = operator(EQ)
_ne = operator(NE)


def _is_comparable(other: Any) -> bool:
    return isinstance(other, TensorBase | np.ndarray) or is_scalar(other)


def eq(input: Tensor, other: Any) -> Tensor:
    """Return where two tensors are equal; comparing with what is no number is Python's business."""
    return _eq(input, other) if _is_comparable(other) else NotImplemented


def ne(input: Tensor, other: Any) -> Tensor:
    """Return where two tensors differ; comparing with what is no number is Python's business."""
    return _ne(input, other) if _is_comparable(other) else NotImplemented


lt = operator(LT)
le = operator(LE)
gt = operator(GT)
ge = operator(GE)


def isnan(input: Tensor) -> Tensor:
    """Return where the elements are not a number."""
    return apply(ISNAN, input)


def isinf(input: Tensor) -> Tensor:
    """Return where the elements are infinite."""
    return apply(ISINF, input)


def isfinite(input: Tensor) -> Tensor:
    """Return where the elements are finite."""
    return apply(ISFINITE, input)


def isposinf(input: Tensor) -> Tensor:
    """Return where the elements are infinite and positive."""
    return apply(ISPOSINF, input)


def isneginf(input: Tensor) -> Tensor:
    """Return where the elements are infinite and negative."""
    return apply(ISNEGINF, input)


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Return where `abs(input - other) <= atol + rtol * abs(other)`, or both are the same infinity.

    Args:
        input: Any shape.
        other: Of the same dtype, broadcast.
        rtol: How far apart in relation to `other`.
        atol: How far apart in any case.
        equal_nan: Whether what is no number is close to its like.

    Raises:
        DtypeError: The dtypes differ.
        ArgumentError: `rtol` or `atol` is negative.
    """
    check_numbers("isclose", {"rtol": rtol, "atol": atol})
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise ArgumentError(f"{name} must be greater than or equal to zero, but got {value}")
    return apply(ISCLOSE, input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether `isclose` holds everywhere."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._data.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and the same elements."""
    return input._data.shape == other._data.shape and bool(_eq(input, other)._data.all())


eq_ = inplace(EQ)
ne_ = inplace(NE)
lt_ = inplace(LT)
le_ = inplace(LE)
gt_ = inplace(GT)
ge_ = inplace(GE)
