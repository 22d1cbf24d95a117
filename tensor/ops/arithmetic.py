"""Elementwise arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.bases import TensorBase
from tensor.dispatch import apply, operator
from tensor.dtypes import Array, Scalar, is_floating, promoted
from tensor.errors import ArgumentError, DtypeError
from tensor.ops.elementwise import binary, inplace, unary
from tensor.ops.special import erf as _erf
from tensor.registry import Kernel, op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _halves(input: Any, other: Any, *, larger: bool) -> Any:
    """The share of the gradient that goes to `input` in maximum or minimum: half of it where both are equal."""
    wins = np.greater(input, other) if larger else np.less(input, other)
    return wins + 0.5 * np.equal(input, other)


def _power(input: Any, other: Any) -> Any:
    if type(other) is int and other == 2:
        return np.square(input)
    if not is_floating(np.asarray(input).dtype) and np.asarray(other).dtype.kind == "i" and np.any(np.less(other, 0)):
        return _integer_power(input, other)
    return _power_ufunc(input, other)


def _integer_power(input: Any, other: Any) -> Any:
    """Powers of integers with negative exponents among them: 1 over the power, its fraction dropped."""
    if not isinstance(other, np.ndarray):
        raise ArgumentError("Integers to negative integer powers are not allowed; convert the tensor with .float().")
    base, exponent = promoted(input, other)
    unit = np.where(base == 1, 1, np.where(base == -1, 1 - 2 * (exponent % 2), 0))
    return np.where(exponent < 0, unit, np.power(base, np.maximum(exponent, 0))).astype(base.dtype, copy=False)


_power_ufunc = binary(np.power)


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


def _power_vjp_other(g: Array, out: Array, input: Any, other: Any) -> Any:
    # 0 to any power has a flat neighbourhood where the power is not negative; log(0) would say nan.
    flat = np.equal(input, 0) & np.greater_equal(other, 0)
    return np.where(flat, 0, g * out * np.log(np.where(flat, 1, input)))


def _power_vjp_input(g: Array, input: Any, other: Any) -> Any:
    return np.where(np.equal(other, 0), 0, g * other * np.power(input, np.subtract(other, 1)))


def _clamp(input: Array, min: Any, max: Any) -> Any:
    bounds = [each for each in (min, max) if each is not None]
    if not is_floating(input.dtype) or any(isinstance(each, np.ndarray) for each in bounds):
        input, *bounds = promoted(input, *bounds, exact=True)
        low, high = (bounds.pop(0) if min is not None else None), (bounds.pop(0) if max is not None else None)
    else:
        low, high = min, max
    # Not np.clip: where min > max, PyTorch gives max.
    result = input if low is None else np.maximum(input, low)
    return result.copy() if high is None and low is None else result if high is None else np.minimum(result, high)


def _within(input: Array, min: Any, max: Any) -> Any:
    inside = np.ones(input.shape, bool)
    if min is not None:
        inside = inside & (input >= min)
    if max is not None:
        inside = inside & (input <= max)
    return inside


def _sign(input: Array) -> Any:
    return np.subtract(input > 0, input < 0, dtype=input.dtype)  # np.sign of nan is nan, PyTorch's is 0


def _where(condition: Array, input: Any, other: Any) -> Any:
    if condition.dtype.kind != "b":
        raise DtypeError(f"where: expected condition to be a boolean tensor, got {condition.dtype}")
    return np.where(condition, *promoted(input, other, exact=True))


ADD = op("add", binary(np.add), input=lambda g: g, other=lambda g: g)
SUB = op("sub", binary(np.subtract), input=lambda g: g, other=lambda g: -g)
MUL = op("mul", binary(np.multiply), input=lambda g, other: g * other, other=lambda g, input: g * input)
DIV = op(
    "div",
    binary(np.divide, floating=True),
    input=lambda g, other: g / other,
    other=lambda g, input, other: -g * input / (other * other),
)
FLOOR_DIVIDE = op(
    "floor_divide",
    _quotient(np.floor_divide),
    input=lambda g: np.zeros_like(g),
    other=lambda g: np.zeros_like(g),
)
TRUNC_DIVIDE = op(
    "trunc_divide", _quotient(_truncated), input=lambda g: np.zeros_like(g), other=lambda g: np.zeros_like(g)
)
REMAINDER = op(
    "remainder", _quotient(np.remainder), input=lambda g: g, other=lambda g, input, other: -g * np.floor(input / other)
)
POW = op("pow", _power, input=_power_vjp_input, other=_power_vjp_other, operands=("input", "other"))
MAXIMUM = op(
    "maximum",
    binary(np.maximum),
    input=lambda g, input, other: g * _halves(input, other, larger=True),
    other=lambda g, input, other: g * _halves(other, input, larger=True),
)
MINIMUM = op(
    "minimum",
    binary(np.minimum),
    input=lambda g, input, other: g * _halves(input, other, larger=False),
    other=lambda g, input, other: g * _halves(other, input, larger=False),
)
CLAMP = op(
    "clamp",
    _clamp,
    input=lambda g, input, min, max: g * _within(input, min, max),
    min=lambda g, input, min, max: g * ((input < min) & (True if max is None else np.less_equal(min, max))),
    max=lambda g, input, min, max: g * ((input if min is None else np.maximum(input, min)) > max),
)
WHERE = op(
    "where",
    _where,
    input=lambda g, condition: np.where(condition, g, 0),
    other=lambda g, condition: np.where(condition, 0, g),
)

NEG = op("neg", unary(np.negative), input=lambda g: -g)
ABS = op("abs", unary(np.abs), input=lambda g, input: g * np.sign(input))
SIGN = op("sign", _sign, input=lambda g: np.zeros_like(g))
SQUARE = op("square", unary(np.square), input=lambda g, input: 2 * g * input)
FLOOR = op("floor", unary(np.floor), input=lambda g: np.zeros_like(g))
CEIL = op("ceil", unary(np.ceil), input=lambda g: np.zeros_like(g))
ROUND = op("round", lambda input, *, decimals: np.round(input, decimals), input=lambda g: np.zeros_like(g))
TRUNC = op("trunc", unary(np.trunc), input=lambda g: np.zeros_like(g))
EXP = op("exp", unary(np.exp, floating=True), input=lambda g, out: g * out)
EXPM1 = op("expm1", unary(np.expm1, floating=True), input=lambda g, out: g * (out + 1))
LOG = op("log", unary(np.log, floating=True), input=lambda g, input: g / input)
LOG2 = op("log2", unary(np.log2, floating=True), input=lambda g, input: g / (input * np.log(2)))
LOG10 = op("log10", unary(np.log10, floating=True), input=lambda g, input: g / (input * np.log(10)))
LOG1P = op("log1p", unary(np.log1p, floating=True), input=lambda g, input: g / (input + 1))
SQRT = op("sqrt", unary(np.sqrt, floating=True), input=lambda g, out: g / (2 * out))
RSQRT = op("rsqrt", unary(lambda x: 1 / np.sqrt(x), floating=True), input=lambda g, out: -0.5 * g * out * out * out)
RECIPROCAL = op("reciprocal", unary(lambda x: 1 / x, floating=True), input=lambda g, out: -g * out * out)
SIN = op("sin", unary(np.sin, floating=True), input=lambda g, input: g * np.cos(input))
COS = op("cos", unary(np.cos, floating=True), input=lambda g, input: -g * np.sin(input))
ERF = op("erf", unary(_erf, floating=True), input=lambda g, input: g * (2 / np.sqrt(np.pi)) * np.exp(-input * input))


def times(other: Tensor | Scalar, alpha: Tensor | Scalar) -> Any:
    """Return `alpha * other`, which is `other` itself where nothing has to be computed."""
    return other if not isinstance(alpha, TensorBase) and alpha == 1 else other * alpha


def add(input: Tensor, other: Tensor | Scalar, *, alpha: Scalar = 1) -> Tensor:
    """Return `input + alpha * other`, broadcast."""
    return apply(ADD, input, times(other, alpha))


def sub(input: Tensor, other: Tensor | Scalar, *, alpha: Scalar = 1) -> Tensor:
    """Return `input - alpha * other`, broadcast."""
    return apply(SUB, input, times(other, alpha))


mul = operator(MUL)


def div(input: Tensor, other: Tensor | Scalar, *, rounding_mode: str | None = None) -> Tensor:
    """Return `input / other`, broadcast; integers give the default float dtype.

    Args:
        input: The dividend.
        other: The divisor.
        rounding_mode: `None`, `"floor"` or `"trunc"`; the last two keep integers integers, and have gradients of 0.

    Raises:
        ArgumentError: `rounding_mode` is none of these, or an integer is to be divided by 0.
    """
    if rounding_mode is None:
        return apply(DIV, input, other)
    if rounding_mode == "floor":
        return apply(FLOOR_DIVIDE, input, other)
    if rounding_mode == "trunc":
        return apply(TRUNC_DIVIDE, input, other)
    raise ArgumentError(
        f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
    )


def floor_divide(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `input // other`, rounded towards minus infinity; its gradient is 0."""
    return apply(FLOOR_DIVIDE, input, other)


def remainder(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `input % other`, with the sign of `other` as Python's."""
    return apply(REMAINDER, input, other)


def pow(input: Tensor | Scalar, exponent: Tensor | Scalar) -> Tensor:
    """Return `input ** exponent`, broadcast."""
    return apply(POW, input, exponent)


def maximum(input: Tensor, other: Tensor) -> Tensor:
    """Return the larger of each two elements; where they are equal, each gets half of the gradient."""
    return apply(MAXIMUM, input, other)


def minimum(input: Tensor, other: Tensor) -> Tensor:
    """Return the smaller of each two elements; where they are equal, each gets half of the gradient."""
    return apply(MINIMUM, input, other)


def _check_bounds(min: object, max: object) -> None:
    if min is None and max is None:
        raise ArgumentError("clamp: At least one of 'min' or 'max' must not be None")


def clamp(input: Tensor, min: Tensor | Scalar | None = None, max: Tensor | Scalar | None = None) -> Tensor:
    """Return `input` with what is below `min` or above `max` replaced by them.

    Raises:
        ArgumentError: Both bounds are `None`.
    """
    _check_bounds(min, max)
    return apply(CLAMP, input, min, max)


def where(condition: Tensor, input: Tensor | Scalar, other: Tensor | Scalar) -> Tensor:
    """Return `input` where `condition` is true, `other` elsewhere, all broadcast.

    Raises:
        DtypeError: `condition` is not boolean.
    """
    return apply(WHERE, condition, input, other)


def neg(input: Tensor) -> Tensor:
    """Return `-input`."""
    return apply(NEG, input)


def abs(input: Tensor) -> Tensor:
    """Return the absolute value."""
    return apply(ABS, input)


def sign(input: Tensor) -> Tensor:
    """Return -1, 0 or 1."""
    return apply(SIGN, input)


def square(input: Tensor) -> Tensor:
    """Return `input * input`."""
    return apply(SQUARE, input)


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


def exp(input: Tensor) -> Tensor:
    """Return e to the power of `input`."""
    return apply(EXP, input)


def expm1(input: Tensor) -> Tensor:
    """Return `exp(input) - 1`, precise near zero."""
    return apply(EXPM1, input)


def log(input: Tensor) -> Tensor:
    """Return the natural logarithm."""
    return apply(LOG, input)


def log2(input: Tensor) -> Tensor:
    """Return the logarithm to base 2."""
    return apply(LOG2, input)


def log10(input: Tensor) -> Tensor:
    """Return the logarithm to base 10."""
    return apply(LOG10, input)


def log1p(input: Tensor) -> Tensor:
    """Return `log(1 + input)`, precise near zero."""
    return apply(LOG1P, input)


def sqrt(input: Tensor) -> Tensor:
    """Return the square root."""
    return apply(SQRT, input)


def rsqrt(input: Tensor) -> Tensor:
    """Return one over the square root."""
    return apply(RSQRT, input)


def reciprocal(input: Tensor) -> Tensor:
    """Return `1 / input`."""
    return apply(RECIPROCAL, input)


def sin(input: Tensor) -> Tensor:
    """Return the sine of radians."""
    return apply(SIN, input)


def cos(input: Tensor) -> Tensor:
    """Return the cosine of radians."""
    return apply(COS, input)


def erf(input: Tensor) -> Tensor:
    """Return the error function."""
    return apply(ERF, input)


plus = operator(ADD)
minus = operator(SUB)


def rsub(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `other - input`."""
    return apply(SUB, other, input)


def rdiv(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `other / input`."""
    return apply(DIV, other, input)


def rfloor_divide(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `other // input`."""
    return apply(FLOOR_DIVIDE, other, input)


def rremainder(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `other % input`."""
    return apply(REMAINDER, other, input)


def rpow(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `other ** input`."""
    return apply(POW, other, input)


def add_(input: Tensor, other: Tensor | Scalar, *, alpha: Scalar = 1) -> Tensor:
    """Add `alpha * other` to this tensor, in place."""
    return _add_(input, times(other, alpha))


def sub_(input: Tensor, other: Tensor | Scalar, *, alpha: Scalar = 1) -> Tensor:
    """Subtract `alpha * other` from this tensor, in place."""
    return _sub_(input, times(other, alpha))


def clamp_(input: Tensor, min: Tensor | Scalar | None = None, max: Tensor | Scalar | None = None) -> Tensor:
    """Replace what is below `min` or above `max` by them, in place.

    Raises:
        ArgumentError: Both bounds are `None`.
    """
    _check_bounds(min, max)
    return _clamp_(input, min, max)


_add_ = inplace(ADD)
_sub_ = inplace(SUB)
_clamp_ = inplace(CLAMP)
mul_ = inplace(MUL)
div_ = inplace(DIV)
floor_divide_ = inplace(FLOOR_DIVIDE)
remainder_ = inplace(REMAINDER)
pow_ = inplace(POW)
neg_ = inplace(NEG)
abs_ = inplace(ABS)
exp_ = inplace(EXP)
log_ = inplace(LOG)
sqrt_ = inplace(SQRT)
rsqrt_ = inplace(RSQRT)
reciprocal_ = inplace(RECIPROCAL)
square_ = inplace(SQUARE)
floor_ = inplace(FLOOR)
ceil_ = inplace(CEIL)
