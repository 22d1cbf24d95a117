"""Sums, differences and products, and what is made of them. Quotients are in `division`, powers in `powers`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.bases import TensorBase
from tensor.dispatch import apply, operator, write
from tensor.dtypes import Array, Scalar, is_floating, promoted, result_dtype
from tensor.errors import ArgumentError, DtypeError
from tensor.ops.elementwise import binary, inplace
from tensor.ops.scalars_first import scalars_first, scaled
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

_NO_BOOLEANS = (
    "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the "
    "`~` or `logical_not()` operator instead, or `^` of two of them."
)


def _difference(input: Any, other: Any) -> Any:
    for each in (input, other):
        if isinstance(each, np.ndarray) and each.dtype.kind == "b":
            raise DtypeError(_NO_BOOLEANS)
    return _subtract(input, other)


def _negative(input: Array) -> Any:
    if input.dtype.kind == "b":
        raise DtypeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )
    return np.negative(input)


def _lerp(input: Array, end: Any, weight: Any) -> Any:
    for name, each in (("end", end), ("weight", weight)):
        if isinstance(each, np.ndarray) and each.dtype != input.dtype and (name == "end" or each.ndim):
            raise DtypeError(f"expected dtype {input.dtype} for `{name}` but got dtype {each.dtype}")
    if not is_floating(input.dtype):
        raise DtypeError(f"lerp: expected floats, got {input.dtype}; convert them with .float()")
    weight = np.asarray(weight, input.dtype)
    way = np.subtract(end, input)
    # From the nearer end, so that both ends are met exactly.
    if not weight.ndim and way.ndim:
        near = abs(float(weight)) < 0.5
        way *= weight if near else weight - 1
        return np.add(input if near else end, way, out=way)
    return np.where(np.abs(weight) < 0.5, input + weight * way, end - way * (1 - weight))


def _addcmul(input: Array, tensor1: Any, tensor2: Any, *, value: Scalar) -> Any:
    input, tensor1, tensor2 = promoted(input, tensor1, tensor2)
    if value == 1:
        return input + tensor1 * tensor2
    # As PyTorch: a fraction of integers is dropped, and what they cannot hold wraps around.
    scale = value if is_floating(input.dtype) else np.asarray(int(value)).astype(input.dtype)
    return input + scale * tensor1 * tensor2


def _addcdiv(input: Array, tensor1: Any, tensor2: Any, *, value: Scalar) -> Any:
    input, tensor1, tensor2 = promoted(input, tensor1, tensor2)
    if not is_floating(input.dtype):
        raise DtypeError(
            "Integer division with addcdiv is no longer supported; write (input + value * torch.trunc(tensor1 / "
            "tensor2)) or convert a tensor with .float()."
        )
    return input + value * tensor1 / tensor2


_subtract = binary(np.subtract)
_difference.ufunc, _difference.floating = np.subtract, False  # type: ignore[attr-defined]

ADD = op("add", binary(np.add), input=lambda g: g, other=lambda g: g)
SUB = op("sub", _difference, input=lambda g: g, other=lambda g: -g)
MUL = op("mul", binary(np.multiply), input=lambda g, other: g * other, other=lambda g, input: g * input)
NEG = op("neg", _negative, input=lambda g: -g)
LERP = op(
    "lerp",
    _lerp,
    input=lambda g, weight: g * np.subtract(1, weight, dtype=g.dtype),
    end=lambda g, weight: g * np.asarray(weight, g.dtype),
    weight=lambda g, input, end: g * (end - input),
)
ADDCMUL = op(
    "addcmul",
    _addcmul,
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: g * tensor2 * value,
    tensor2=lambda g, tensor1, value: g * tensor1 * value,
)
ADDCDIV = op(
    "addcdiv",
    _addcdiv,
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: g * value / tensor2,
    tensor2=lambda g, tensor1, tensor2, value: -g * value * tensor1 / (tensor2 * tensor2),
)


def times(other: Tensor | Scalar, alpha: Tensor | Scalar) -> Any:
    """Return `alpha * other`, which is `other` itself where nothing has to be computed."""
    return other if not isinstance(alpha, TensorBase) and alpha == 1 else other * alpha


def _scaled(input: Any, other: Any, alpha: Any) -> Any:
    """Return `alpha * other` where that may be added to `input`: a fraction of integers may not."""
    if not isinstance(alpha, TensorBase) and alpha is not True and alpha == 1:
        return other
    if type(alpha) in (float, bool):
        common = result_dtype(*[each._data if isinstance(each, TensorBase) else each for each in (input, other)])
        if type(alpha) is float and not common.is_floating_point:
            raise ArgumentError("For integral input tensors, argument alpha must not be a floating point number.")
        if type(alpha) is bool and common.name != "bool":
            raise ArgumentError("Boolean alpha only supported for Boolean results.")
    return times(other, alpha)


plus = operator(ADD)
minus = operator(SUB)
mul = operator(MUL)


def add(input: Tensor, other: Tensor | Scalar, *late: Tensor, alpha: Scalar = 1) -> Tensor:
    """Return `input + alpha * other`, broadcast.

    Raises:
        ArgumentError: `alpha` has a fraction, or is a boolean, and the result has not or is none.
    """
    if late:
        other, alpha = scaled("add", other, late, alpha)
    return plus(input, _scaled(input, other, alpha))


def sub(input: Tensor, other: Tensor | Scalar, *late: Tensor, alpha: Scalar = 1) -> Tensor:
    """Return `input - alpha * other`, broadcast.

    Raises:
        ArgumentError: `alpha` has a fraction, or is a boolean, and the result has not or is none.
    """
    if late:
        other, alpha = scaled("sub", other, late, alpha)
    return minus(input, _scaled(input, other, alpha))


def rsub(input: Tensor, other: Tensor | Scalar, *, alpha: Scalar = 1) -> Tensor:
    """Return `other - alpha * input`, broadcast."""
    return minus(other, _scaled(other, input, alpha))


def neg(input: Tensor) -> Tensor:
    """Return `-input`."""
    return apply(NEG, input)


def positive(input: Tensor) -> Tensor:
    """Return the tensor itself.

    Raises:
        DtypeError: It is boolean.
    """
    if input._data.dtype.kind == "b":
        raise DtypeError("The `+` operator, on a bool tensor is not supported; convert it with .int().")
    return input


def lerp(input: Tensor, end: Tensor, weight: Tensor | Scalar) -> Tensor:
    """Return `input + weight * (end - input)`, broadcast.

    Args:
        input: The value at a weight of 0.
        end: The value at a weight of 1, of the same dtype.
        weight: How far to go from `input` to `end`; may lie outside of 0 and 1.

    Raises:
        DtypeError: The dtypes differ, or are not of floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.lerp.html
    """
    return apply(LERP, input, end, weight)


@scalars_first
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Scalar = 1) -> Tensor:
    """Return `input + value * tensor1 * tensor2`, broadcast."""
    return apply(ADDCMUL, input, tensor1, tensor2, value=value)


@scalars_first
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Scalar = 1) -> Tensor:
    """Return `input + value * tensor1 / tensor2`, broadcast.

    Raises:
        DtypeError: All are integers.
    """
    return apply(ADDCDIV, input, tensor1, tensor2, value=value)


def add_(input: Tensor, other: Tensor | Scalar, *late: Tensor, alpha: Scalar = 1) -> Tensor:
    """Add `alpha * other` to this tensor, in place."""
    if late:
        other, alpha = scaled("add_", other, late, alpha)
    return write(ADD, input, _scaled(input, other, alpha))


def sub_(input: Tensor, other: Tensor | Scalar, *late: Tensor, alpha: Scalar = 1) -> Tensor:
    """Subtract `alpha * other` from this tensor, in place."""
    if late:
        other, alpha = scaled("sub_", other, late, alpha)
    return write(SUB, input, _scaled(input, other, alpha))


@scalars_first
def addcmul_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Scalar = 1) -> Tensor:
    """Add `value * tensor1 * tensor2` to this tensor, in place."""
    return write(ADDCMUL, input, tensor1, tensor2, value=value)


@scalars_first
def addcdiv_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Scalar = 1) -> Tensor:
    """Add `value * tensor1 / tensor2` to this tensor, in place."""
    return write(ADDCDIV, input, tensor1, tensor2, value=value)


mul_ = inplace(MUL)
neg_ = inplace(NEG)
lerp_ = inplace(LERP)
