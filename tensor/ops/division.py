"""Quotients, remainders and common divisors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, operator, write
from tensor.dtypes import Scalar, is_floating
from tensor.errors import ArgumentError
from tensor.ops.elementwise import binary, flat, inplace, unary
from tensor.registry import Kernel, Op, op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _is_floating(input: Any, other: Any) -> bool:
    """Whether two operands of a common dtype are floats; one may be a number."""
    return is_floating((input if isinstance(input, np.ndarray) else other).dtype)


def _quotient(ufunc: Any) -> Kernel:
    """The kernel of a division whose results are integers where its operands are: there, 0 divides nothing."""

    def divided(input: Any, other: Any) -> Any:
        if not _is_floating(input, other) and not np.all(other):
            raise ArgumentError("ZeroDivisionError: an integer cannot be divided by 0; convert a tensor with .float()")
        return ufunc(input, other)

    return binary(divided)


def _truncated(input: Any, other: Any) -> Any:
    if _is_floating(input, other):
        return np.trunc(np.true_divide(input, other))
    return np.floor_divide(input - np.fmod(input, other), other)  # exact, as no float is


DIV = op(
    "div",
    binary(np.divide, floating=True),
    input=lambda g, other: g / other,
    other=lambda g, input, other: -g * input / (other * other),
)
FLOOR_DIVIDE = op("floor_divide", _quotient(np.floor_divide), input=flat, other=flat)
TRUNC_DIVIDE = op("trunc_divide", _quotient(_truncated), input=flat, other=flat)
REMAINDER = op(
    "remainder", _quotient(np.remainder), input=lambda g: g, other=lambda g, input, other: -g * np.floor(input / other)
)
FMOD = op("fmod", _quotient(np.fmod), input=lambda g: g, other=lambda g, input, other: -g * np.trunc(input / other))
RECIPROCAL = op(
    "reciprocal",
    unary(lambda x: np.divide(1, x, dtype=x.dtype), floating=True),
    input=lambda g, out: -g * out * out,
)
GCD = op("gcd", binary(np.gcd))
LCM = op("lcm", binary(lambda input, other: np.abs(np.lcm(input, other))))

quotient = operator(DIV)
floor_divide = operator(FLOOR_DIVIDE)
remainder = operator(REMAINDER)
fmod = operator(FMOD)
gcd = operator(GCD)
lcm = operator(LCM)


def _division(rounding_mode: str | None) -> Op:
    if rounding_mode is None:
        return DIV
    if rounding_mode == "floor":
        return FLOOR_DIVIDE
    if rounding_mode == "trunc":
        return TRUNC_DIVIDE
    raise ArgumentError(
        f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
    )


def div(input: Tensor, other: Tensor | Scalar, *, rounding_mode: str | None = None) -> Tensor:
    """Return `input / other`, broadcast; integers give the default float dtype.

    Args:
        input: The dividend.
        other: The divisor.
        rounding_mode: `None`, `"floor"` or `"trunc"`; the last two keep integers integers, and have gradients of 0.

    Raises:
        ArgumentError: `rounding_mode` is none of these, or an integer is to be divided by 0.
    """
    return apply(_division(rounding_mode), input, other)


def div_(input: Tensor, other: Tensor | Scalar, *, rounding_mode: str | None = None) -> Tensor:
    """Divide this tensor, in place; see `div`."""
    return write(_division(rounding_mode), input, other)


def reciprocal(input: Tensor) -> Tensor:
    """Return `1 / input`."""
    return apply(RECIPROCAL, input)


def rdiv(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `other / input`."""
    return apply(DIV, other, input)


def rfloor_divide(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `other // input`."""
    return apply(FLOOR_DIVIDE, other, input)


def rremainder(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `other % input`."""
    return apply(REMAINDER, other, input)


floor_divide_ = inplace(FLOOR_DIVIDE)
remainder_ = inplace(REMAINDER)
fmod_ = inplace(FMOD)
reciprocal_ = inplace(RECIPROCAL)
gcd_ = inplace(GCD)
lcm_ = inplace(LCM)
