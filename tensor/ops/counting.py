"""Counting elements: the different ones, how many of each, and where they would belong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array, Scalar, is_floating
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError
from tensor.ops.dims import normal_dim
from tensor.ops.elementwise import check_floating
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _searchsorted(
    sorted_sequence: Array, input: Any, sorter: Array | None, *, right: bool, dtype: np.dtype[Any]
) -> Array:
    side: Any = "right" if right else "left"
    values = np.asarray(input)
    if not isinstance(input, np.ndarray) and sorted_sequence.ndim != 1:
        raise ShapeError(f"searchsorted(): a number needs boundaries of 1 dimension, got {sorted_sequence.ndim}")
    if sorter is not None:
        if sorter.shape != sorted_sequence.shape:
            raise ShapeError(
                "searchsorted(): boundary and sorter must have the same size, but got "
                f"{list(sorted_sequence.shape)} and {list(sorter.shape)}"
            )
        sorted_sequence = np.take_along_axis(sorted_sequence, sorter, -1)
    if sorted_sequence.ndim == 1:
        return np.searchsorted(sorted_sequence, values, side).astype(dtype)
    if sorted_sequence.shape[:-1] != values.shape[:-1]:
        raise ShapeError(
            "searchsorted(): boundary tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor "
            f"and input value tensor must match, but we got boundaries tensor {list(sorted_sequence.shape)} and input "
            f"value tensor {list(values.shape)}"
        )
    found = np.empty(values.shape, dtype)
    for at in np.ndindex(values.shape[:-1]):
        found[at] = np.searchsorted(sorted_sequence[at], values[at], side)
    return found


SEARCHSORTED = op("searchsorted", _searchsorted)


def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | Scalar,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Return where elements would have to be put into sorted rows to keep them in order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.searchsorted.html

    Args:
        sorted_sequence: (..., n) in order, or (n,).
        input: (..., m), or any shape for one row.
        out_int32: Whether the result is int32, not int64.
        right: Whether to put them behind equal elements.
        side: `left` or `right`, in place of `right`.
        sorter: The indices that put the sequence in order, as `argsort` gives them, if it is in none.

    Raises:
        ArgumentError: `side` is neither, or contradicts `right`.
        ShapeError: The rows do not fit.
    """
    if side not in (None, "left", "right"):
        raise ArgumentError(f"searchsorted(): side can only be 'left' or 'right' but got {side}")
    if right and side == "left":
        raise ArgumentError("searchsorted(): side and right can't be set to opposites, got side of left and right")
    dtype = np.dtype(np.int32 if out_int32 else np.int64)
    return apply(SEARCHSORTED, sorted_sequence, input, sorter, right=right or side == "right", dtype=dtype)


def bucketize(input: Tensor | Scalar, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """Return between which of sorted boundaries each element lies; `searchsorted` with its operands swapped.

    Raises:
        ShapeError: The boundaries are no vector.
    """
    if boundaries._data.ndim != 1:
        raise ShapeError(f"bucketize: boundaries tensor must be 1 dimension, but got dim({boundaries._data.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def _rows(input: Array, dim: int | None) -> tuple[Array, Array]:
    """What is compared: the elements, or the slices along a dimension; and these as rows of a matrix."""
    if dim is not None and not input.size and any(size == 0 for at, size in enumerate(input.shape) if at != dim):
        raise ShapeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    rows = input.reshape(-1) if dim is None else np.moveaxis(input, dim, 0)
    return rows, rows.reshape(len(rows), math.prod(rows.shape[1:]))


def _unique(input: Array, *, dim: int | None) -> tuple[Any, ...]:
    if dim is None:  # nan equals nothing, not even itself
        values, inverse, counts = np.unique(input, return_inverse=True, return_counts=True, equal_nan=False)
        return values, inverse.reshape(input.shape), counts
    rows, flat = _rows(input, dim)
    order = np.lexsort(flat.T[::-1])
    values, places, counts = _unique_consecutive(rows[order], dim=0)
    inverse = np.empty(len(rows), np.int64)
    inverse[order] = places
    return np.moveaxis(values, 0, dim), inverse, counts


def _unique_consecutive(input: Array, *, dim: int | None) -> tuple[Any, ...]:
    rows, flat = _rows(input, dim)
    new = np.r_[True, (flat[1:] != flat[:-1]).any(1)] if len(flat) else np.zeros(0, bool)
    starts = np.flatnonzero(new)
    inverse = np.cumsum(new) - 1
    counts = np.diff(np.r_[starts, len(flat)])
    values = rows[starts] if dim is None else np.moveaxis(rows[starts], 0, dim)
    return values, inverse.reshape(input.shape if dim is None else -1), counts


def _bincount(input: Array, weights: Array | None, *, minlength: int) -> Any:
    if input.dtype.kind not in "iu" or input.ndim != 1 or (input.size and input.min() < 0):
        raise DtypeError("bincount only supports 1-d non-negative integral inputs.")
    counts = np.bincount(input, weights, minlength)
    if weights is None:
        return counts.astype(np.int64)
    return counts.astype(weights.dtype if is_floating(weights.dtype) else np.float64)


def _histc(input: Array, *, bins: int, min: float, max: float) -> Any:
    check_floating("histc", input)
    if bins <= 0:
        raise ArgumentError(f"histc: bins must be > 0, but got {bins}")
    low, high = (min, max) if min != max or not input.size else (float(input.min()), float(input.max()))
    if low == high:
        low, high = low - 1, high + 1
    if not (low < high and np.isfinite(high - low)):
        raise ArgumentError(f"histc: max must be larger than min, and both finite, but they are {low} and {high}")
    inside = input[(input >= low) & (input <= high)]
    places = np.minimum(((inside - low) / (high - low) * bins).astype(np.int64), bins - 1)
    return np.bincount(places.reshape(-1), minlength=bins).astype(input.dtype)


UNIQUE = op("unique", _unique, outputs=3, extras=("inverse", "counts"))
UNIQUE_CONSECUTIVE = op("unique_consecutive", _unique_consecutive, outputs=3, extras=("inverse", "counts"))
BINCOUNT = op("bincount", _bincount)
HISTC = op("histc", _histc)


def _wanted(results: tuple[Tensor, Tensor, Tensor], inverse: bool, counts: bool) -> Any:
    asked = (True, inverse, counts)
    kept = tuple(each for each, wanted in zip(results, asked, strict=True) if wanted)
    return kept if len(kept) > 1 else kept[0]


def _dimension(dim: int, ndim: int) -> int:
    if not ndim:
        raise DimensionError(f"unique: Dimension specified as {dim} but tensor has no dimensions")
    return normal_dim(dim, ndim)


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """Return the different elements, in order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.unique.html

    Args:
        input: Any shape.
        sorted: Accepted since PyTorch has it; they are always in order.
        return_inverse: Whether to return also where each element is among them.
        return_counts: Whether to return also how often each occurs.
        dim: If given, whole slices along this dimension are compared.

    Returns:
        The elements; or a tuple of these, the inverse and the counts, as asked.
    """
    axis = None if dim is None else _dimension(dim, input._data.ndim)
    return _wanted(_three(apply(UNIQUE, input, dim=axis)), return_inverse, return_counts)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """Return the elements without those that equal the one before; arguments as for `unique`."""
    axis = None if dim is None else _dimension(dim, input._data.ndim)
    return _wanted(_three(apply(UNIQUE_CONSECUTIVE, input, dim=axis)), return_inverse, return_counts)


def _three(results: Any) -> tuple[Tensor, Tensor, Tensor]:
    values, inverse, counts = results
    return values, inverse, counts


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """Return how often each of 0, 1, … occurs, or the sum of the weights where it does.

    Args:
        input: Integers from 0, (n,).
        weights: (n,).
        minlength: How long the result is at least.
    """
    return apply(BINCOUNT, input, weights, minlength=minlength)


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """Return how many elements lie in each of equally wide bins; equal bounds stand for the extremes."""
    return apply(HISTC, input, bins=bins, min=min, max=max)
