"""Sums, means, products and whatever else makes many elements one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array, DtypeLike, is_floating
from tensor.errors import DtypeError
from tensor.ops.conversions import cast
from tensor.ops.dims import Dims, normal_dims, takes_axis
from tensor.ops.elementwise import check_floating
from tensor.registry import Op, op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def spread(g: Array, shape: tuple[int, ...], dim: tuple[int, ...], keepdim: bool) -> Array:
    """Return a gradient of a reduction, broadcast over what was reduced."""
    return np.broadcast_to(g if keepdim else np.expand_dims(g, dim), shape)


def count(shape: tuple[int, ...], dim: tuple[int, ...]) -> int:
    """Return how many elements of a shape are reduced to one."""
    return int(np.prod([shape[each] for each in dim], dtype=np.int64))


def over_length(summed: Any, count: float) -> Any:
    """Return a sum divided by a number of elements, of which there may be none."""
    # Not a bare Python division: 0/0 is nan here, an error there.
    return np.true_divide(summed, count)


def summed(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that sums and products have: int64 for all integers and booleans."""
    return dtype if is_floating(dtype) else np.dtype(np.int64)


_BLOCK = 128  # rows that are added one after another
_NARROW = 16  # elements of a row, below which NumPy's loops over rows are slower than its `reduceat`


def _in_blocks(input: Array, axis: int) -> Array:
    """Return the sums of blocks of rows along a dimension."""
    rows = input.shape[axis]
    if math.prod(input.shape[axis + 1 :]) < _NARROW:
        sums: Array = np.add.reduceat(input, np.arange(0, rows, _BLOCK), axis)
        return sums
    first = np.moveaxis(input, axis, 0)
    whole = rows // _BLOCK
    blocks = first[: whole * _BLOCK].reshape(whole, _BLOCK, *first.shape[1:]).sum(1)
    if rows % _BLOCK:
        blocks[-1] += first[whole * _BLOCK :].sum(0)
    return np.moveaxis(blocks, 0, axis)


def total(input: Array, dim: tuple[int, ...], keepdim: bool) -> Any:
    """Return the sum over dimensions, with an error that does not grow with their sizes."""
    if dim and input.dtype == np.float32 and input.ndim - 1 not in dim:
        # NumPy adds neighbours pairwise, but rows one after another, which loses digits where there are many.
        longest = max(dim, key=lambda each: input.shape[each])
        if input.shape[longest] > 2 * _BLOCK:
            input = _in_blocks(input, longest)
    return input.sum(axis=dim, dtype=summed(input.dtype), keepdims=keepdim)


def _sum(input: Array, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    return total(input, dim, keepdim)


def _mean(input: Array, *, dim: tuple[int, ...], keepdim: bool) -> Array:
    if not is_floating(input.dtype):
        raise DtypeError(
            "mean(): could not infer output dtype. Input dtype must be a floating point dtype. "
            f"Got: {dtypes.of(input.dtype)}"
        )
    return np.asarray(over_length(total(input, dim, keepdim), count(input.shape, dim)), input.dtype)


def _prod_vjp(g: Array, input: Array, dim: tuple[int, ...], keepdim: bool) -> Array:
    """Each element's gradient is the product of all the others, zeros included."""
    kept = [each for each in range(input.ndim) if each not in dim]
    order = (*kept, *dim)
    rows = input.transpose(order).reshape(*[input.shape[each] for each in kept], count(input.shape, dim))
    ones = np.ones_like(rows[..., :1])
    before = np.cumprod(np.concatenate([ones, rows[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([ones, rows[..., :0:-1]], -1), -1)[..., ::-1]
    others = (before * after).reshape([input.shape[each] for each in order]).transpose(np.argsort(order))
    return spread(g, input.shape, dim, keepdim) * others


def _nansum(input: Array, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    return total(np.where(np.isnan(input), 0, input) if is_floating(input.dtype) else input, dim, keepdim)


NANSUM = op(
    "nansum",
    _nansum,
    input=lambda g, input, dim, keepdim: spread(g, input.shape, dim, keepdim) * ~np.isnan(input),
)
SUM = op("sum", _sum, input=lambda g, shape, dim, keepdim: spread(g, shape, dim, keepdim))

MEAN = op(
    "mean",
    _mean,
    input=lambda g, shape, dim, keepdim: spread(over_length(g, count(shape, dim)), shape, dim, keepdim),
)

PROD = op(
    "prod",
    lambda input, *, dim, keepdim: input.prod(axis=dim, dtype=summed(input.dtype), keepdims=keepdim),
    input=_prod_vjp,
)


def _truth(found: Any, input: Array) -> Any:
    # PyTorch answers bytes with bytes.
    return found.astype(np.uint8) if input.dtype == np.uint8 else found


ANY = op("any", lambda input, *, dim, keepdim: _truth(input.any(axis=dim, keepdims=keepdim), input))

ALL = op("all", lambda input, *, dim, keepdim: _truth(input.all(axis=dim, keepdims=keepdim), input))


def _in_dtype(op: Op, input: Tensor, dim: Dims | None, keepdim: bool, dtype: DtypeLike | None) -> Tensor:
    """Reduce in a dtype, which the result has too; integers are reduced in int64 on the way."""
    dims = normal_dims(dim, input._data.ndim)
    if dtype is None:
        return apply(op, input, dim=dims, keepdim=keepdim)
    return cast(apply(op, cast(input, dtype), dim=dims, keepdim=keepdim), dtype)


@takes_axis
def sum(input: Tensor, dim: Dims | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return the sum over dimensions, or over all.

    Args:
        input: Any shape; integers and booleans are summed as int64.
        dim: The dimensions to sum over.
        keepdim: Whether they stay, with size 1.
        dtype: The result's dtype, to which the elements are cast first.
    """
    return _in_dtype(SUM, input, dim, keepdim, dtype)


@takes_axis
def mean(input: Tensor, dim: Dims | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return the mean over dimensions, or over all.

    Args:
        input: Floats of any shape.
        dim: The dimensions to average over.
        keepdim: Whether they stay, with size 1.
        dtype: What to cast the elements to first.

    Raises:
        DtypeError: The elements are no floats.
    """
    input = input if dtype is None else cast(input, dtype)
    return apply(MEAN, input, dim=normal_dims(dim, input._data.ndim), keepdim=keepdim)


def nansum(input: Tensor, dim: Dims | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return the sum over dimensions, or over all, with nan counted as 0."""
    return _in_dtype(NANSUM, input, dim, keepdim, dtype)


def nanmean(input: Tensor, dim: Dims | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return the mean over dimensions, or over all, of what is not nan; nan where nothing is left.

    Raises:
        DtypeError: The elements are no floats.
    """
    input = input if dtype is None else cast(input, dtype)
    check_floating("nanmean", input._data)
    return nansum(input, dim, keepdim) / sum(input.eq(input), dim, keepdim)


@takes_axis
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return the product over a dimension, or over all; arguments as for `sum`."""
    return _in_dtype(PROD, input, dim, keepdim, dtype)


def _listed(dim: Dims | None, ndim: int) -> tuple[int, ...]:
    """As `normal_dims`, but an empty list means none, not all."""
    return () if dim is not None and not isinstance(dim, int) and not len(dim) else normal_dims(dim, ndim)


@takes_axis
def any(input: Tensor, dim: Dims | None = None, keepdim: bool = False) -> Tensor:
    """Return whether any element is not zero, over dimensions (which may be none) or over all."""
    return apply(ANY, input, dim=_listed(dim, input._data.ndim), keepdim=keepdim)


@takes_axis
def all(input: Tensor, dim: Dims | None = None, keepdim: bool = False) -> Tensor:
    """Return whether all elements are not zero, over dimensions (which may be none) or over all."""
    return apply(ALL, input, dim=_listed(dim, input._data.ndim), keepdim=keepdim)


def count_nonzero(input: Tensor, dim: Dims | None = None) -> Tensor:
    """Return how many elements are not zero, over dimensions or over all."""
    return sum(input.ne(0), dim)
