"""Choosing between elements by a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, write
from tensor.dtypes import Array, Scalar, float_limits, is_floating, promoted
from tensor.errors import DtypeError
from tensor.ops.masking import nonzero
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

_MISSING: Any = object()


def _where(condition: Array, input: Any, other: Any) -> Any:
    if condition.dtype.kind != "b" and condition.dtype != np.uint8:
        raise DtypeError(f"where: expected condition to be a boolean tensor, got {condition.dtype}")
    return np.where(condition, *promoted(input, other, exact=True))


def _nan_to_num(input: Array, *, nan: float | None, posinf: float | None, neginf: float | None) -> Any:
    if not is_floating(input.dtype):
        return input.copy()
    limits = float_limits(input.dtype)
    result = np.where(np.isnan(input), input.dtype.type(0.0 if nan is None else nan), input)
    result[result == np.inf] = limits.max if posinf is None else posinf
    result[result == -np.inf] = limits.min if neginf is None else neginf
    return result


WHERE = op(
    "where",
    _where,
    input=lambda g, condition: np.where(condition, g, 0),
    other=lambda g, condition: np.where(condition, 0, g),
)
# What replaces infinities depends on the dtype, so half precision stays what it is.
NAN_TO_NUM = op("nan_to_num", _nan_to_num, moves=True, input=lambda g, input: g * np.isfinite(input))


def where(condition: Tensor, input: Tensor | Scalar = _MISSING, other: Tensor | Scalar = _MISSING) -> Any:
    """Return `input` where `condition` is true, `other` elsewhere, all broadcast.

    Args:
        condition: Booleans.
        input: The elements where it holds; without it and `other`, where it holds, as `nonzero(as_tuple=True)`.
        other: The elements elsewhere.

    Raises:
        DtypeError: `condition` is not boolean, or only one of the others is given.
    """
    if input is _MISSING and other is _MISSING:
        return nonzero(condition, as_tuple=True)
    if input is _MISSING or other is _MISSING:
        raise DtypeError("where: expected a condition alone, or with both input and other; got one of these")
    return apply(WHERE, condition, input, other)


def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Return finite numbers: what is no number, and infinities, replaced.

    Args:
        input: Any shape.
        nan: For what is no number; 0 unless given.
        posinf: For infinity; the dtype's largest number unless given.
        neginf: For minus infinity; the dtype's smallest number unless given.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nan_to_num.html
    """
    return apply(NAN_TO_NUM, input, nan=nan, posinf=posinf, neginf=neginf)


def nan_to_num_(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Replace what is no number, and infinities, in place; see `nan_to_num`."""
    return write(NAN_TO_NUM, input, nan=nan, posinf=posinf, neginf=neginf)
