"""Running sums, products and extremes along a dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply, write
from tensor.dtypes import Array, DtypeLike, is_floating
from tensor.errors import DimensionError, DtypeError
from tensor.ops.conversions import cast
from tensor.ops.dims import normal_dim, takes_axis
from tensor.ops.elementwise import as_floating
from tensor.ops.joining import cat
from tensor.ops.reductions import summed
from tensor.registry import Op, op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class CummaxResult(NamedTuple):
    """What `cummax` returns."""

    values: Tensor
    indices: Tensor


class CumminResult(NamedTuple):
    """What `cummin` returns."""

    values: Tensor
    indices: Tensor


def _accumulated(ufunc: Any, input: Array, dim: int) -> Any:
    dtype = summed(input.dtype)
    # Element after element, float32 would lose digits; PyTorch accumulates in float64 too.
    wide = np.dtype(np.float64) if is_floating(dtype) else dtype
    made = ufunc.accumulate(input, dim, dtype=wide) if input.ndim else input
    return made.astype(dtype, copy=not input.ndim)


def _reversed_cumsum(g: Array, dim: int) -> Array:
    return np.flip(_accumulated(np.add, np.flip(g, dim), dim), dim) if g.ndim else g


def _cumprod_vjp(g: Array, input: Array, out: Array, dim: int) -> Array:
    if not input.ndim:
        return g
    if np.all(input):
        gradient: Array = _reversed_cumsum(g * out, dim) / input
        return gradient
    # With zeros: place by place, the product of all others up to each later place.
    x, g = np.moveaxis(input, dim, -1), np.moveaxis(g, dim, -1)
    result = np.empty_like(x)
    for at in range(x.shape[-1]):
        others = x.copy()
        others[..., at] = 1
        result[..., at] = (np.cumprod(others, -1) * g)[..., at:].sum(-1)
    return np.moveaxis(result, -1, dim)


def _extreme_so_far(input: Array, ufunc: Any, dim: int) -> tuple[Array, Array]:
    """The extreme element up to each place, and the last place where it was."""
    values = ufunc.accumulate(input, dim)
    hits = (input == values) | np.not_equal(input, input)  # what is no number stays the extreme
    shape = [1] * input.ndim
    shape[dim] = -1
    places = np.where(hits, np.arange(input.shape[dim]).reshape(shape), 0)
    return values, np.maximum.accumulate(places, dim)


def _added_at_vjp(g: Array, shape: tuple[int, ...], indices: Array, dim: int) -> Array:
    """Each gradient added to where its element came from."""
    whole = np.zeros(shape, g.dtype)
    grid = list(np.ogrid[tuple(slice(size) for size in shape)])
    grid[dim] = indices
    np.add.at(whole, tuple(grid), g)
    return whole


def _logcumsumexp(input: Array, *, dim: int) -> Any:
    input = as_floating(input)
    return np.logaddexp.accumulate(input, dim, dtype=np.float64).astype(input.dtype)


def _logcumsumexp_vjp(g: Array, input: Array, out: Array, dim: int) -> Array:
    # The sum over later places of g * exp(input - out), in logarithms, where it cannot overflow.
    def part(size: Array) -> Array:
        logs = np.log(size, dtype=np.float64) - out
        made: Array = np.exp(np.flip(np.logaddexp.accumulate(np.flip(logs, dim), dim), dim) + input)
        return made.astype(input.dtype)

    return part(np.maximum(g, 0)) - part(np.maximum(-g, 0))


CUMPROD = op("cumprod", lambda input, *, dim: _accumulated(np.multiply, input, dim), input=_cumprod_vjp)
CUMMAX = op(
    "cummax",
    lambda input, *, dim: _extreme_so_far(input, np.maximum, dim),
    outputs=2,
    extras=("indices",),
    input=_added_at_vjp,
)
CUMMIN = op(
    "cummin",
    lambda input, *, dim: _extreme_so_far(input, np.minimum, dim),
    outputs=2,
    extras=("indices",),
    input=_added_at_vjp,
)
LOGCUMSUMEXP = op("logcumsumexp", _logcumsumexp, input=_logcumsumexp_vjp)
CUMSUM = op(
    "cumsum",
    lambda input, *, dim: _accumulated(np.add, input, dim),
    input=lambda g, dim: _reversed_cumsum(g, dim),
)


def _in_dtype(op: Op, input: Tensor, dim: int, dtype: DtypeLike | None) -> Tensor:
    """Accumulate in a dtype, which the result has too; integers are accumulated in int64 on the way."""
    axis = normal_dim(dim, input._data.ndim)
    return apply(op, input, dim=axis) if dtype is None else cast(apply(op, cast(input, dtype), dim=axis), dtype)


def _check_same_dtype(name: str, input: Tensor, dtype: DtypeLike | None) -> None:
    if dtype is not None and dtypes.canonical(dtype) is not dtypes.of(input._data.dtype):
        raise DtypeError(f"{name}: the provided dtype {dtype} must match the tensor's, which is {input.dtype}")


@takes_axis
def cumsum(input: Tensor, dim: int, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return running sums along a dimension.

    Args:
        input: Any shape; integers and booleans are summed as int64.
        dim: The dimension.
        dtype: The result's dtype, to which the elements are cast first.
    """
    return _in_dtype(CUMSUM, input, dim, dtype)


@takes_axis
def cumprod(input: Tensor, dim: int, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return running products along a dimension; arguments as for `cumsum`."""
    return _in_dtype(CUMPROD, input, dim, dtype)


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """Return the logarithms of running sums of `exp(input)` along a dimension, without overflow."""
    rows, axis = _along(input, dim)
    return apply(LOGCUMSUMEXP, rows, dim=axis).reshape(input._data.shape)


def cummax(input: Tensor, dim: int) -> CummaxResult:
    """Return the largest element so far along a dimension, and where it was last."""
    rows, axis = _along(input, dim)
    values, indices = apply(CUMMAX, rows, dim=axis)
    return CummaxResult(values.reshape(input._data.shape), indices.reshape(input._data.shape))


def cummin(input: Tensor, dim: int) -> CumminResult:
    """Return the smallest element so far along a dimension, and where it was last."""
    rows, axis = _along(input, dim)
    values, indices = apply(CUMMIN, rows, dim=axis)
    return CumminResult(values.reshape(input._data.shape), indices.reshape(input._data.shape))


def _along(input: Tensor, dim: int) -> tuple[Tensor, int]:
    """The tensor, as a vector if it is 0-d, and the dimension from the front."""
    axis = normal_dim(dim, input._data.ndim)
    return (input if input._data.ndim else input.reshape(1)), axis


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """Return the differences of neighbours along a dimension, taken `n` times over.

    Args:
        input: At least one dimension.
        n: How often.
        dim: The dimension.
        prepend: What to put before the elements first; as `input` but for this dimension.
        append: What to put after them.

    Raises:
        DimensionError: The tensor has no dimensions.
    """
    if not input._data.ndim:
        raise DimensionError("diff expects input to be at least one-dimensional")
    axis = normal_dim(dim, input._data.ndim)
    joined = [each for each in (prepend, input, append) if each is not None]
    rows = cat(joined, axis) if len(joined) > 1 else input
    for _ in range(min(n, rows._data.shape[axis])):
        size = rows._data.shape[axis] - 1
        later, earlier = rows.narrow(axis, 1, size), rows.narrow(axis, 0, size)
        rows = later.logical_xor(earlier) if rows._data.dtype.kind == "b" else later - earlier
    return rows


def cumsum_(input: Tensor, dim: int, *, dtype: DtypeLike | None = None) -> Tensor:
    """Compute `cumsum` into this tensor, and return it."""
    _check_same_dtype("cumsum_", input, dtype)
    return write(CUMSUM, input, dim=normal_dim(dim, input._data.ndim))


def cumprod_(input: Tensor, dim: int, *, dtype: DtypeLike | None = None) -> Tensor:
    """Compute `cumprod` into this tensor, and return it."""
    _check_same_dtype("cumprod_", input, dtype)
    return write(CUMPROD, input, dim=normal_dim(dim, input._data.ndim))
