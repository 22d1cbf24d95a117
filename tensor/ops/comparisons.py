"""Comparisons, logic and tests of elements. Their results are boolean and carry no gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.bases import TensorBase, is_scalar
from tensor.dispatch import apply
from tensor.dtypes import Scalar, is_floating, promoted
from tensor.errors import DtypeError
from tensor.ops.elementwise import binary, inplace, unary
from tensor.registry import Kernel, op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

Comparand = "Tensor | Scalar"


def _bits(ufunc: Any) -> Kernel:
    def kernel(input: Any, other: Any) -> Any:
        pair = promoted(input, other)
        if is_floating(pair[0].dtype):
            raise DtypeError(f"bitwise operations take integers and booleans, got {pair[0].dtype}")
        return ufunc(*pair)

    return kernel


EQ = op("eq", binary(np.equal))
NE = op("ne", binary(np.not_equal))
LT = op("lt", binary(np.less))
LE = op("le", binary(np.less_equal))
GT = op("gt", binary(np.greater))
GE = op("ge", binary(np.greater_equal))
LOGICAL_AND = op("logical_and", binary(np.logical_and))
LOGICAL_OR = op("logical_or", binary(np.logical_or))
LOGICAL_XOR = op("logical_xor", binary(np.logical_xor))
LOGICAL_NOT = op("logical_not", unary(np.logical_not))
BITWISE_AND = op("bitwise_and", _bits(np.bitwise_and))
BITWISE_OR = op("bitwise_or", _bits(np.bitwise_or))
BITWISE_XOR = op("bitwise_xor", _bits(np.bitwise_xor))
BITWISE_NOT = op("bitwise_not", unary(np.invert))
ISNAN = op("isnan", unary(np.isnan))
ISINF = op("isinf", unary(np.isinf))
ISFINITE = op("isfinite", unary(np.isfinite))
ISCLOSE = op(
    "isclose",
    lambda input, other, *, rtol, atol, equal_nan: np.isclose(input, other, rtol, atol, equal_nan),
)


def eq(input: Tensor, other: Any) -> Tensor:
    """Return where two tensors are equal; comparing with what is no number is Python's business."""
    if not isinstance(other, TensorBase | np.ndarray) and not is_scalar(other):
        return NotImplemented  # type: ignore[no-any-return]
    return apply(EQ, input, other)


def ne(input: Tensor, other: Any) -> Tensor:
    """Return where two tensors differ; comparing with what is no number is Python's business."""
    if not isinstance(other, TensorBase | np.ndarray) and not is_scalar(other):
        return NotImplemented  # type: ignore[no-any-return]
    return apply(NE, input, other)


def lt(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return where `input < other`."""
    return apply(LT, input, other)


def le(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return where `input <= other`."""
    return apply(LE, input, other)


def gt(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return where `input > other`."""
    return apply(GT, input, other)


def ge(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return where `input >= other`."""
    return apply(GE, input, other)


def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Return where both are not zero."""
    return apply(LOGICAL_AND, input, other)


def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Return where either is not zero."""
    return apply(LOGICAL_OR, input, other)


def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Return where exactly one is not zero."""
    return apply(LOGICAL_XOR, input, other)


def logical_not(input: Tensor) -> Tensor:
    """Return where the elements are zero."""
    return apply(LOGICAL_NOT, input)


def bitwise_and(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `input & other`."""
    return apply(BITWISE_AND, input, other)


def bitwise_or(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `input | other`."""
    return apply(BITWISE_OR, input, other)


def bitwise_xor(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `input ^ other`."""
    return apply(BITWISE_XOR, input, other)


def bitwise_not(input: Tensor) -> Tensor:
    """Return `~input`."""
    return apply(BITWISE_NOT, input)


def isnan(input: Tensor) -> Tensor:
    """Return where the elements are not a number."""
    return apply(ISNAN, input)


def isinf(input: Tensor) -> Tensor:
    """Return where the elements are infinite."""
    return apply(ISINF, input)


def isfinite(input: Tensor) -> Tensor:
    """Return where the elements are finite."""
    return apply(ISFINITE, input)


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Return where `abs(input - other) <= atol + rtol * abs(other)`."""
    return apply(ISCLOSE, input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether `isclose` holds everywhere."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._data.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and the same elements."""
    return input._data.shape == other._data.shape and bool(apply(EQ, input, other)._data.all())


bitwise_and_ = inplace(BITWISE_AND)
bitwise_or_ = inplace(BITWISE_OR)
bitwise_xor_ = inplace(BITWISE_XOR)
logical_not_ = inplace(LOGICAL_NOT)
