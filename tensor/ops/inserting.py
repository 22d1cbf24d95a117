"""Copies of a tensor with one part replaced: what writing through a view does, without touching the tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tensor.dispatch import write
from tensor.dtypes import Scalar
from tensor.errors import ShapeError
from tensor.ops.conversions import COPY, clone
from tensor.ops.diagonals import diagonal
from tensor.ops.dims import normal_dim
from tensor.ops.indexing import getitem
from tensor.ops.slicing import select
from tensor.scalars import check_numbers

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _with(whole: Tensor, part: Tensor, src: Tensor) -> Tensor:
    if part._data.shape != src._data.shape:
        raise ShapeError(
            "expected src to have a size equal to the slice of self. "
            f"src size = {list(src._data.shape)}, slice size = {list(part._data.shape)}"
        )
    write(COPY, part, src)
    return whole


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """Return a copy with `src` in one place of a dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.select_scatter.html

    Args:
        input: The tensor.
        src: The shape of `input.select(dim, index)`.
        dim: The dimension.
        index: The place.

    Raises:
        ShapeError: The shapes differ.
        DimensionError: There is no such place.
    """
    whole = clone(input)
    return _with(whole, select(whole, dim, index), src)


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """Return a copy with `src` in a slice of a dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.slice_scatter.html

    Args:
        input: The tensor.
        src: The shape of that slice.
        dim: The dimension.
        start: Where the slice starts.
        end: Where it ends, itself not in it.
        step: How far apart its places are.

    Raises:
        ShapeError: The shapes differ.
    """
    check_numbers("slice_scatter", {"start": start, "end": end, "step": step})
    whole = clone(input)
    axis = normal_dim(dim, input._data.ndim)
    return _with(whole, getitem(whole, (*(slice(None),) * axis, slice(start, end, step))), src)


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Return a copy with `src` in a diagonal.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.diagonal_scatter.html

    Args:
        input: The tensor.
        src: The shape of `input.diagonal(offset, dim1, dim2)`.
        offset: Which diagonal.
        dim1: The dimension of rows.
        dim2: The dimension of columns.

    Raises:
        ShapeError: The shapes differ.
    """
    whole = clone(input)
    return _with(whole, diagonal(whole, offset, dim1, dim2), src)


def fill_diagonal_(input: Tensor, fill_value: Scalar, wrap: bool = False) -> Tensor:
    """Write one value into the main diagonal, in place.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.fill_diagonal_.html

    Args:
        input: A matrix; or more dimensions, all of one size.
        fill_value: The value.
        wrap: Whether the diagonal of a tall matrix starts again below its end.

    Raises:
        ShapeError: The shape is another.
    """
    shape: Any = input._data.shape
    if len(shape) < 2:
        raise ShapeError(f"fill_diagonal_: dimensions must larger than 1, got {len(shape)}")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ShapeError(f"fill_diagonal_: all dimensions of input must be of equal length, got {list(shape)}")
    places: Any = [range(min(shape))] * len(shape)
    if len(shape) == 2 and wrap:
        rows = [row for row in range(shape[0]) if row % (shape[1] + 1) < shape[1]]
        places = [rows, [row % (shape[1] + 1) for row in rows]]
    if len(places[0]):
        input[tuple(places)] = fill_value
    return input
