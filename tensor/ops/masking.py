"""Masks: filling, picking and replacing the elements where one is true; and where elements are not zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply, write
from tensor.dtypes import Array, Scalar, fitting
from tensor.errors import DtypeError, ShapeError
from tensor.ops.indexing import getitem
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _check_mask(name: str, mask: Array) -> None:
    if mask.dtype.kind != "b":
        raise DtypeError(f"{name} only supports boolean masks, but got mask with dtype {dtypes.of(mask.dtype)}")


def _masked_fill(input: Array, mask: Array, value: Any) -> Any:
    _check_mask("masked_fill", mask)
    if np.ndim(value):
        raise ShapeError(
            "masked_fill only supports a 0-dimensional value tensor, but got tensor with "
            f"{np.ndim(value)} dimension(s)."
        )
    return np.where(mask, fitting(value, input.dtype), input)


def _masked_select(input: Array, mask: Array) -> Any:
    if mask.dtype.kind != "b":
        raise DtypeError(f"masked_select: expected BoolTensor for mask, got {dtypes.of(mask.dtype)}")
    whole, chosen = np.broadcast_arrays(input, mask)
    return whole[chosen] if whole.ndim else whole.reshape(1)[chosen.reshape(1)]


def _masked_select_vjp(g: Array, shape: tuple[int, ...], mask: Array) -> Array:
    whole = np.zeros(np.broadcast_shapes(shape, mask.shape), g.dtype)
    whole[np.broadcast_to(mask, whole.shape)] = g
    return whole


def _masked_scatter(input: Array, mask: Array, source: Array) -> Array:
    _check_mask("masked_scatter", mask)
    if input.dtype != source.dtype:
        raise DtypeError(
            "masked_scatter: expected self and source to have same dtypes but got "
            f"{dtypes.of(input.dtype)} and {dtypes.of(source.dtype)}"
        )
    whole, chosen = np.broadcast_arrays(input, mask)
    wanted = int(chosen.sum())
    if source.size < wanted:
        raise ShapeError(
            f"masked_scatter: Number of elements of source < number of ones in mask: {source.size} < {wanted}"
        )
    result = whole.copy()
    result[chosen] = source.reshape(-1)[:wanted]
    return result


def _masked_scatter_vjp_source(g: Array, shape: tuple[int, ...], mask: Array) -> Array:
    taken = g[np.broadcast_to(mask, g.shape)]
    whole = np.zeros(shape, g.dtype)
    whole.reshape(-1)[: taken.size] = taken
    return whole


MASKED_FILL = op(
    "masked_fill",
    _masked_fill,
    moves=True,
    input=lambda g, mask: np.where(mask, 0, g),
    value=lambda g, mask: np.where(mask, g, 0),
)
MASKED_SELECT = op("masked_select", _masked_select, moves=True, input=_masked_select_vjp)
MASKED_SCATTER = op(
    "masked_scatter",
    _masked_scatter,
    moves=True,
    input=lambda g, mask: np.where(mask, 0, g),
    source=_masked_scatter_vjp_source,
)
NONZERO = op("nonzero", lambda input: np.argwhere(input))


def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Scalar) -> Tensor:
    """Return a copy with `value` where `mask` is true.

    Args:
        input: Any shape.
        mask: Booleans; broadcast with the input.
        value: A number, or a tensor without dimensions.

    Raises:
        DtypeError: The mask is not of booleans.
        ShapeError: The value has dimensions.
    """
    return apply(MASKED_FILL, input, mask, value)


def masked_fill_(input: Tensor, mask: Tensor, value: Tensor | Scalar) -> Tensor:
    """Write `value` where `mask` is true, in place."""
    return write(MASKED_FILL, input, mask, value)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """Return the elements where `mask` is true, in one dimension; input and mask are broadcast.

    Raises:
        DtypeError: The mask is not of booleans.
    """
    return apply(MASKED_SELECT, input, mask)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """Return a copy with the first elements of `source` where `mask` is true, in order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html

    Args:
        input: Any shape.
        mask: Booleans; broadcast with the input.
        source: Of the input's dtype; at least as many elements as there are to write.

    Raises:
        DtypeError: The mask is not of booleans, or the dtypes differ.
        ShapeError: The source has too few elements.
    """
    return apply(MASKED_SCATTER, input, mask, source)


def masked_scatter_(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """Write the first elements of `source` where `mask` is true, in order, in place."""
    return write(MASKED_SCATTER, input, mask, source)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Return where elements are not zero: (count, ndim), or one index tensor a dimension.

    Args:
        input: Any shape.
        as_tuple: Whether to return a tuple of index tensors, (count,) each, with which to index the input.
    """
    if not as_tuple:
        return apply(NONZERO, input)
    found = apply(NONZERO, input if input._data.ndim else getitem(input, None))
    return tuple(getitem(found, (slice(None), dim)) for dim in range(max(input._data.ndim, 1)))


def argwhere(input: Tensor) -> Tensor:
    """Return where elements are not zero: (count, ndim)."""
    return apply(NONZERO, input)
