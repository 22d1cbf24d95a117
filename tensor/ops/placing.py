"""Writing whole places of a dimension, which a 1-d index names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, write
from tensor.dtypes import Array, Scalar, fitting
from tensor.errors import DimensionError, ShapeError
from tensor.ops.dims import normal_dim
from tensor.ops.places import check_integers, check_same_dtype, check_within, cleared, rows
from tensor.ops.reducing import check_reduction, place_of, reduced, vjp_of_input, vjp_of_source
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _places(name: str, input: Array, index: Array, dim: int) -> Array:
    """The positions of the whole places that a 1-d index names: (before, index.size, after)."""
    check_integers(name, index)
    if index.ndim > 1:
        raise DimensionError(f"{name}(): Index is supposed to be a vector, but its shape is {list(index.shape)}")
    check_within(index, input.shape[dim] if input.ndim else 1, dim)
    return rows(input.shape, index, dim)


def _source(name: str, input: Array, index: Array, source: Array, dim: int, positions: Array) -> Array:
    """A source of whole places, in the shape of their positions."""
    check_same_dtype(name, input, source, "source")
    expected = (*input.shape[:dim], index.size, *input.shape[dim + 1 :])
    if source.shape != expected and not (not input.ndim and source.size == index.size):
        given = source.shape[dim] if source.ndim > dim else 1
        if given != index.size:
            raise DimensionError(
                f"{name}(): Number of indices ({index.size}) should be equal to source.size(dim): ({given}), "
                f"for dim: {dim}"
            )
        raise ShapeError(
            f"{name}(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{list(input.shape)} at dimension {dim} and source slice shape: {list(source.shape)} at dimension {dim}."
        )
    return source.reshape(positions.shape)


def _index_add(input: Array, index: Array, source: Array, *, dim: int, alpha: Scalar) -> Array:
    positions = _places("index_add", input, index, dim)
    values = _source("index_add", input, index, source, dim, positions)
    if alpha != 1:
        values = values * fitting(alpha, input.dtype)
    return reduced(input, positions, values, "sum", include_self=True)


def _index_copy(input: Array, index: Array, source: Array, *, dim: int) -> Array:
    positions = _places("index_copy", input, index, dim)
    result = input.copy().reshape(-1)
    result[positions] = _source("index_copy", input, index, source, dim, positions)
    return result.reshape(input.shape)


def _counted(index: Array, size: int) -> Array:
    return np.where(index < 0, index + size, index)


def _index_fill(input: Array, index: Array, value: Any, *, dim: int) -> Array:
    if np.ndim(value):
        raise ShapeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{np.ndim(value)} dimension(s)."
        )
    size = input.shape[dim] if input.ndim else 1
    positions = _places("index_fill", input, _counted(index, size), dim)
    result = input.copy().reshape(-1)
    result[positions] = fitting(value, input.dtype)
    return result.reshape(input.shape)


def _filled(g: Array, index: Array, dim: int) -> Array:
    return rows(g.shape, index, dim)


def _index_reduce(input: Array, index: Array, source: Array, *, dim: int, reduce: str, include_self: bool) -> Array:
    positions = _places("index_reduce", input, index, dim)
    values = _source("index_reduce", input, index, source, dim, positions)
    return reduced(input, positions, values, reduce, include_self=include_self)


def _index_reduce_vjp(
    g: Array,
    needs: tuple[bool, ...],
    input: Array,
    index: Array,
    source: Array,
    out: Array,
    dim: int,
    reduce: str,
    include_self: bool,
) -> tuple[Array | None, ...]:
    positions = rows(input.shape, index, dim)
    place = place_of(input, positions, source.reshape(positions.shape), include_self)
    to_source = vjp_of_source(g, place, out, reduce).reshape(source.shape) if needs[2] else None
    return vjp_of_input(g, place, out, reduce) if needs[0] else None, None, to_source


def _at_rows(g: Array, shape: tuple[int, ...], index: Array, dim: int) -> Array:
    return g.reshape(-1)[rows(g.shape, index, dim)].reshape(shape)


INDEX_ADD = op(
    "index_add",
    _index_add,
    input=lambda g: g,
    source=lambda g, shape, index, dim, alpha: alpha * _at_rows(g, shape, index, dim),
)
INDEX_COPY = op(
    "index_copy",
    _index_copy,
    moves=True,
    input=lambda g, index, dim: cleared(g, rows(g.shape, index, dim)),
    source=_at_rows,
)
INDEX_FILL = op(
    "index_fill",
    _index_fill,
    moves=True,
    input=lambda g, index, dim: cleared(g, _filled(g, index, dim)),
    value=lambda g, index, dim: np.sum(g - cleared(g, _filled(g, index, dim))),
)
INDEX_REDUCE = op("index_reduce", _index_reduce, vjp=_index_reduce_vjp)


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Scalar = 1) -> Tensor:
    """Return a copy with `alpha * source` added to the places of a dimension that a 1-d index names.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html

    Args:
        input: Any shape.
        dim: The dimension.
        index: (places,), int64 or int32.
        source: The input's shape with as many places as the index along `dim`; of the input's dtype.
        alpha: A factor.

    Raises:
        DimensionError: An index is out of range, or there are not as many as places.
        ShapeError: The shapes do not fit.
    """
    return apply(INDEX_ADD, input, index, source, dim=normal_dim(dim, input._data.ndim), alpha=alpha)


def index_add_(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Scalar = 1) -> Tensor:
    """Add `alpha * source` to the places of a dimension that a 1-d index names, in place; see `index_add`."""
    return write(INDEX_ADD, input, index, source, dim=normal_dim(dim, input._data.ndim), alpha=alpha)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """Return a copy with `source` in the places of a dimension that a 1-d index names; see `index_add`."""
    return apply(INDEX_COPY, input, index, source, dim=normal_dim(dim, input._data.ndim))


def index_copy_(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """Write `source` into the places of a dimension that a 1-d index names, in place; see `index_add`."""
    return write(INDEX_COPY, input, index, source, dim=normal_dim(dim, input._data.ndim))


def index_fill(input: Tensor, dim: int, index: Tensor, value: Tensor | Scalar) -> Tensor:
    """Return a copy with one value in the places of a dimension that a 1-d index names.

    Args:
        input: Any shape.
        dim: The dimension.
        index: (places,), int64 or int32; negative ones count from the end.
        value: A number, or a tensor without dimensions.
    """
    return apply(INDEX_FILL, input, index, value, dim=normal_dim(dim, input._data.ndim))


def index_fill_(input: Tensor, dim: int, index: Tensor, value: Tensor | Scalar) -> Tensor:
    """Write one value into the places of a dimension that a 1-d index names, in place; see `index_fill`."""
    return write(INDEX_FILL, input, index, value, dim=normal_dim(dim, input._data.ndim))


def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Return a copy where the places of a dimension that a 1-d index names are reduced over `source`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_reduce_.html

    Args:
        input: Any shape.
        dim: The dimension.
        index: See `index_add`.
        source: See `index_add`.
        reduce: `"prod"`, `"mean"`, `"amax"` or `"amin"`.
        include_self: Whether what was there counts as one of the elements.

    Raises:
        ArgumentError: There is no such reduction.
    """
    check_reduction(reduce, among=("prod", "mean", "amax", "amin"))
    axis = normal_dim(dim, input._data.ndim)
    return apply(INDEX_REDUCE, input, index, source, dim=axis, reduce=reduce, include_self=include_self)


def index_reduce_(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Reduce `source` into the places of a dimension that a 1-d index names, in place; see `index_reduce`."""
    check_reduction(reduce, among=("prod", "mean", "amax", "amin"))
    axis = normal_dim(dim, input._data.ndim)
    return write(INDEX_REDUCE, input, index, source, dim=axis, reduce=reduce, include_self=include_self)
