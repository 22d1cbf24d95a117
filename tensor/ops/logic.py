"""Logic of truth values, and of the bits of integers. Their results carry no gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, operator
from tensor.dtypes import Array, is_floating, of, promoted
from tensor.errors import DtypeError
from tensor.ops.elementwise import binary, inplace, unary
from tensor.registry import Kernel, op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _bits(ufunc: Any) -> Kernel:
    def computed(input: Any, other: Any) -> Any:
        if is_floating(np.asarray(input).dtype) or is_floating(np.asarray(other).dtype):
            raise DtypeError("bitwise operations take integers and booleans, got floats; convert them with .int()")
        return ufunc(input, other)

    def kernel(input: Any, other: Any) -> Any:
        return computed(*promoted(input, other))

    kernel.ufunc, kernel.floating = computed, False  # type: ignore[attr-defined]
    return kernel


def _shifted(ufunc: Any) -> Any:
    def shifted(input: Any, other: Any) -> Any:
        if input.dtype.kind == "b":
            raise DtypeError("shifts take integers, got booleans; convert them with .int()")
        return ufunc(input, other)

    return shifted


def _not(input: Array) -> Any:
    if is_floating(input.dtype):
        raise DtypeError(f"bitwise operations take integers and booleans, got {of(input.dtype)}")
    return np.invert(input)


LOGICAL_AND = op("logical_and", binary(np.logical_and))
LOGICAL_OR = op("logical_or", binary(np.logical_or))
LOGICAL_XOR = op("logical_xor", binary(np.logical_xor))
LOGICAL_NOT = op("logical_not", unary(np.logical_not))
BITWISE_AND = op("bitwise_and", _bits(np.bitwise_and))
BITWISE_OR = op("bitwise_or", _bits(np.bitwise_or))
BITWISE_XOR = op("bitwise_xor", _bits(np.bitwise_xor))
BITWISE_NOT = op("bitwise_not", _not)
BITWISE_LEFT_SHIFT = op("bitwise_left_shift", _bits(_shifted(np.left_shift)))
BITWISE_RIGHT_SHIFT = op("bitwise_right_shift", _bits(_shifted(np.right_shift)))

logical_and = operator(LOGICAL_AND)
logical_or = operator(LOGICAL_OR)
logical_xor = operator(LOGICAL_XOR)


def logical_not(input: Tensor) -> Tensor:
    """Return where the elements are zero."""
    return apply(LOGICAL_NOT, input)


bitwise_and = operator(BITWISE_AND)
bitwise_or = operator(BITWISE_OR)
bitwise_xor = operator(BITWISE_XOR)


def bitwise_not(input: Tensor) -> Tensor:
    """Return `~input`."""
    return apply(BITWISE_NOT, input)


bitwise_left_shift = operator(BITWISE_LEFT_SHIFT)
bitwise_right_shift = operator(BITWISE_RIGHT_SHIFT)


def rlshift(input: Tensor, other: Any) -> Tensor:
    """Return `other << input`."""
    return apply(BITWISE_LEFT_SHIFT, other, input)


def rrshift(input: Tensor, other: Any) -> Tensor:
    """Return `other >> input`."""
    return apply(BITWISE_RIGHT_SHIFT, other, input)


logical_and_ = inplace(LOGICAL_AND)
logical_or_ = inplace(LOGICAL_OR)
logical_xor_ = inplace(LOGICAL_XOR)
logical_not_ = inplace(LOGICAL_NOT)
bitwise_and_ = inplace(BITWISE_AND)
bitwise_or_ = inplace(BITWISE_OR)
bitwise_xor_ = inplace(BITWISE_XOR)
bitwise_not_ = inplace(BITWISE_NOT)
bitwise_left_shift_ = inplace(BITWISE_LEFT_SHIFT)
bitwise_right_shift_ = inplace(BITWISE_RIGHT_SHIFT)
