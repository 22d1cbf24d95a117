"""Writing elements where an index says: along a dimension, or in the flattened tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, write
from tensor.dtypes import Array, Scalar, fitting
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.ops.dims import normal_dim
from tensor.ops.places import along, check_same_dtype, cleared
from tensor.ops.reducing import check_reduction, place_of, reduced, vjp_of_input, vjp_of_source
from tensor.ops.selecting import flat_positions
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _corner(src: Array, index: Array) -> Array:
    """What an index along a dimension uses of `src`: as much as it is large."""
    if not index.size:
        return src.reshape(-1)[:0].reshape(index.shape)
    shape, size = src.shape or (1,), index.shape or (1,)
    if len(shape) != len(size):
        raise ShapeError(
            f"Index tensor must have the same number of dimensions as src tensor, got {index.ndim} and {src.ndim}"
        )
    if any(given > most for given, most in zip(size, shape, strict=True)):
        raise ShapeError(f"Expected index {list(size)} to be no larger size than src {list(shape)}")
    return src.reshape(shape)[tuple(slice(each) for each in size)].reshape(index.shape)


def _scatter(input: Array, index: Array, src: Any, *, dim: int) -> Array:
    positions = along("scatter", input.shape, index, dim)
    if isinstance(src, np.ndarray):
        check_same_dtype("scatter", input, src)
        src = _corner(src, index)
    else:
        src = fitting(src, input.dtype)
    result = input.copy().reshape(-1)
    result[positions] = src
    return result.reshape(input.shape)


def _src_vjp(g: Array, shape: tuple[int, ...], index: Array, dim: int) -> Array:
    whole = np.zeros(shape, g.dtype)  # what lies beyond the index was not used
    if index.size:
        _corner(whole, index)[...] = g.reshape(-1)[along("scatter", g.shape, index, dim)]
    return whole


def _scatter_reduce(input: Array, index: Array, src: Any, *, dim: int, reduce: str, include_self: bool) -> Array:
    positions = along("scatter_reduce", input.shape, index, dim)
    if isinstance(src, np.ndarray):
        check_same_dtype("scatter", input, src)
        src = _corner(src, index)
    else:
        src = np.broadcast_to(fitting(src, input.dtype), index.shape)
    return reduced(input, positions, src, reduce, include_self=include_self)


def _scatter_reduce_vjp(
    g: Array,
    needs: tuple[bool, ...],
    input: Array,
    index: Array,
    src: Any,
    out: Array,
    dim: int,
    reduce: str,
    include_self: bool,
) -> tuple[Array | None, ...]:
    values = _corner(src, index) if isinstance(src, np.ndarray) else np.full(index.shape, src, input.dtype)
    place = place_of(input, along("scatter_reduce", input.shape, index, dim), values, include_self)
    to_src = None
    if needs[2]:
        to_src = np.zeros(src.shape, g.dtype)
        if index.size:
            _corner(to_src, index)[...] = vjp_of_source(g, place, out, reduce).reshape(index.shape)
    return vjp_of_input(g, place, out, reduce) if needs[0] else None, None, to_src


def _put(input: Array, index: Array, source: Array, *, accumulate: bool) -> Array:
    positions = flat_positions("put_", index, input.size)
    check_same_dtype("put_", input, source, "source")
    if index.size != source.size:
        raise ShapeError(
            f"put_(): Expected source and index to have the same number of elements, got {source.size} and {index.size}"
        )
    values = source.reshape(index.shape)
    if accumulate:
        return reduced(input, positions, values, "sum", include_self=True)
    result = input.copy().reshape(-1)
    result[positions] = values
    return result.reshape(input.shape)


def _put_vjp_source(g: Array, shape: tuple[int, ...], index: Array) -> Array:
    return g.reshape(-1)[flat_positions("put_", index, g.size)].reshape(shape)


SCATTER = op(
    "scatter",
    _scatter,
    moves=True,
    input=lambda g, index, dim: cleared(g, along("scatter", g.shape, index, dim)),
    src=_src_vjp,
)
SCATTER_ADD = op(
    "scatter_add",
    lambda input, index, src, *, dim: _scatter_reduce(input, index, src, dim=dim, reduce="sum", include_self=True),
    input=lambda g: g,
    src=_src_vjp,
)
SCATTER_REDUCE = op("scatter_reduce", _scatter_reduce, vjp=_scatter_reduce_vjp)
PUT = op(
    "put",
    _put,
    input=lambda g, index, accumulate: g if accumulate else cleared(g, flat_positions("put_", index, g.size)),
    source=_put_vjp_source,
)


def _scatter_call(
    compute: Any, input: Tensor, dim: int, index: Tensor, src: Any, value: Any, reduce: str | None
) -> Tensor:
    if (src is None) == (value is None):
        raise DtypeError("scatter: expected either src or value")
    src = value if src is None else src
    axis = normal_dim(dim, input._data.ndim)
    if reduce is None:
        return compute(SCATTER, input, index, src, dim=axis)  # type: ignore[no-any-return]
    if reduce not in _LEGACY:
        raise ArgumentError(f"scatter: reduce argument must be either add or multiply, got {reduce!r}")
    made: Tensor = compute(SCATTER_REDUCE, input, index, src, dim=axis, reduce=_LEGACY[reduce], include_self=True)
    return made


_LEGACY = {"add": "sum", "multiply": "prod"}


def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | Scalar | None = None,
    *,
    value: Scalar | None = None,
    reduce: str | None = None,
) -> Tensor:
    """Return a copy with elements of `src` written where `index` names along a dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html

    Args:
        input: Any shape.
        dim: The dimension that the index is along.
        index: int64, as many dimensions as `input` and `src`, no larger than either except than `input` along `dim`.
        src: Of the input's dtype; or a number.
        value: A number in its place.
        reduce: `"add"` or `"multiply"`, to do that instead of replacing what was there.

    Raises:
        DimensionError: An index is out of range.
        ShapeError: The shapes do not fit.
        DtypeError: `src` has another dtype.
    """
    return _scatter_call(apply, input, dim, index, src, value, reduce)


def scatter_(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | Scalar | None = None,
    *,
    value: Scalar | None = None,
    reduce: str | None = None,
) -> Tensor:
    """Write elements of `src` where `index` names along a dimension, in place; see `scatter`."""
    return _scatter_call(write, input, dim, index, src, value, reduce)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Return a copy with elements of `src` added where `index` names along a dimension; see `scatter`."""
    return apply(SCATTER_ADD, input, index, src, dim=normal_dim(dim, input._data.ndim))


def scatter_add_(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Add elements of `src` where `index` names along a dimension, in place; see `scatter`."""
    return write(SCATTER_ADD, input, index, src, dim=normal_dim(dim, input._data.ndim))


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Return a copy where what `index` names along a dimension is reduced over elements of `src`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_reduce_.html

    Args:
        input: Any shape.
        dim: The dimension that the index is along.
        index: See `scatter`.
        src: Of the input's dtype.
        reduce: `"sum"`, `"prod"`, `"mean"`, `"amax"` or `"amin"`.
        include_self: Whether what was there counts as one of the elements.

    Raises:
        ArgumentError: There is no such reduction.
    """
    check_reduction(reduce)
    axis = normal_dim(dim, input._data.ndim)
    return apply(SCATTER_REDUCE, input, index, src, dim=axis, reduce=reduce, include_self=include_self)


def scatter_reduce_(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Reduce into what `index` names along a dimension, in place; see `scatter_reduce`."""
    check_reduction(reduce)
    axis = normal_dim(dim, input._data.ndim)
    return write(SCATTER_REDUCE, input, index, src, dim=axis, reduce=reduce, include_self=include_self)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """Return a copy with elements of `source` at places of the flattened tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.put_.html

    Args:
        input: Any shape.
        index: int64, any shape; negative ones count from the end.
        source: As many elements as the index; of the input's dtype.
        accumulate: Whether to add them to what is there.

    Raises:
        DimensionError: An index is out of range.
        ShapeError: The numbers of elements differ.
    """
    return apply(PUT, input, index, source, accumulate=accumulate)


def put_(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """Write elements of `source` at places of the flattened tensor, in place; see `put`."""
    return write(PUT, input, index, source, accumulate=accumulate)
