"""Powers and roots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.bases import TensorBase
from tensor.dispatch import apply, operator
from tensor.dtypes import Array, Scalar, float64, is_floating, promoted
from tensor.errors import ArgumentError, DtypeError
from tensor.ops.conversions import cast
from tensor.ops.elementwise import as_floating, binary, inplace, like_gradient, unary
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

# The usual powers are products and roots, which are much faster and no less exact.
_SHORTCUTS: dict[float, Any] = {
    2: np.square,
    3: lambda base: base * base * base,
    1: np.positive,
    0.5: np.sqrt,
    -0.5: lambda base: 1 / np.sqrt(base),
    -1: np.reciprocal,
    -2: lambda base: 1 / (base * base),
}


def _power(input: Any, other: Any) -> Any:
    if isinstance(input, np.ndarray) and is_floating(input.dtype):
        if not isinstance(other, np.ndarray) and (shortcut := _SHORTCUTS.get(other)) is not None:
            return shortcut(input)
    elif np.asarray(input).dtype.kind != "f" and np.asarray(other).dtype.kind == "i" and np.any(np.less(other, 0)):
        return _integer_power(input, other)
    return _power_ufunc(input, other)


def _integer_power(input: Any, other: Any) -> Any:
    """Powers of integers with negative exponents among them: 1 over the power, its fraction dropped."""
    if not isinstance(other, np.ndarray):
        raise ArgumentError("Integers to negative integer powers are not allowed; convert the tensor with .float().")
    base, exponent = promoted(input, other)
    unit = np.where(base == 1, 1, np.where(base == -1, 1 - 2 * (exponent % 2), 0))
    return np.where(exponent < 0, unit, np.power(base, np.maximum(exponent, 0))).astype(base.dtype, copy=False)


def _raised(base: Any, exponent: Any) -> Any:
    """Booleans to the power of booleans are booleans, to anything else numbers."""
    if isinstance(base, np.ndarray) and base.dtype.kind == "b":
        return base | ~exponent
    return np.power(base, exponent)


_power_ufunc = binary(_raised)
# Of two arrays of floats in one dtype, `dispatch` skips the rest.
_power.ufunc, _power.floating = np.power, True  # type: ignore[attr-defined]


def _power_vjp_input(g: Array, input: Any, other: Any) -> Any:
    other = like_gradient(other, g)
    if not isinstance(other, np.ndarray):
        if other == 0:
            return np.zeros_like(g)
        return g * (other * input) if other == 2 else g * (other * _power(input, other - 1))
    return np.where(np.equal(other, 0), 0, g * other * np.power(input, np.subtract(other, 1)))


def _power_vjp_other(g: Array, out: Array, input: Any, other: Any) -> Any:
    input = like_gradient(input, g)
    # 0 to any power has a flat neighbourhood where the power is not negative; log(0) would say nan.
    flat = np.equal(input, 0) & np.greater_equal(other, 0)
    return np.where(flat, 0, g * out * np.log(np.where(flat, 1, input)))


POW = op("pow", _power, input=_power_vjp_input, other=_power_vjp_other, operands=("input", "other"))
SQUARE = op("square", lambda input: np.square(_numbers(input)), input=lambda g, input: 2 * g * input)
SQRT = op("sqrt", unary(np.sqrt, floating=True), input=lambda g, out: g / (2 * out))
RSQRT = op(
    "rsqrt",
    lambda input: _reciprocal_root(as_floating(input)),
    input=lambda g, out: -0.5 * g * out * out * out,
)
HYPOT = op(
    "hypot",
    binary(np.hypot, floating=True),
    input=lambda g, input, out: g * (input / out),
    other=lambda g, other, out: g * (other / out),
)

_pow = operator(POW)


def _numbers(input: Array) -> Array:
    """Booleans as integers."""
    return input.astype(np.int64) if input.dtype.kind == "b" else input


def _reciprocal_root(input: Array) -> Any:
    root = np.asarray(np.sqrt(input))
    return np.divide(1, root, out=root)


def pow(input: Tensor | Scalar, exponent: Tensor | Scalar) -> Tensor:
    """Return `input ** exponent`, broadcast."""
    return _pow(input, exponent)


def float_power(input: Tensor | Scalar, exponent: Tensor | Scalar) -> Tensor:
    """Return `input ** exponent`, computed in float64 whatever the dtypes are."""
    base, power = (cast(each, float64) if isinstance(each, TensorBase) else each for each in (input, exponent))
    return _pow(base, power)


def float_power_(input: Tensor, exponent: Tensor | Scalar) -> Tensor:
    """Raise this tensor of float64 to a power, in place.

    Raises:
        DtypeError: It is of another dtype.
    """
    if input._data.dtype != np.float64:
        raise DtypeError(f"the base given to float_power_ has dtype {input.dtype} but the result has dtype float64")
    return pow_(input, cast(exponent, float64) if isinstance(exponent, TensorBase) else exponent)


def square(input: Tensor) -> Tensor:
    """Return `input * input`."""
    return apply(SQUARE, input)


def sqrt(input: Tensor) -> Tensor:
    """Return the square root."""
    return apply(SQRT, input)


def rsqrt(input: Tensor) -> Tensor:
    """Return one over the square root."""
    return apply(RSQRT, input)


hypot = operator(HYPOT)


def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """Return `input * 2 ** other`, broadcast."""
    return input * _pow(2.0, other)


def ldexp_(input: Tensor, other: Tensor) -> Tensor:
    """Multiply this tensor by `2 ** other`, in place."""
    return input.mul_(_pow(2.0, other))


def rpow(input: Tensor, other: Tensor | Scalar) -> Tensor:
    """Return `other ** input`."""
    return apply(POW, other, input)


pow_ = inplace(POW)
square_ = inplace(SQUARE)
sqrt_ = inplace(SQRT)
rsqrt_ = inplace(RSQRT)
hypot_ = inplace(HYPOT)
