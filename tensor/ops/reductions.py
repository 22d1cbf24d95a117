"""Sums, means, extremes and whatever else makes many elements one; also sorting."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tensor import dtypes
from tensor.bases import TensorBase
from tensor.dispatch import apply
from tensor.dtypes import Array, DtypeLike, is_floating
from tensor.errors import DimensionError, DtypeError, UnsupportedError
from tensor.ops import arithmetic
from tensor.ops.conversions import cast
from tensor.ops.dims import Dims, normal_dim, normal_dims
from tensor.ops.elementwise import check_floating
from tensor.registry import op
from tensor.scalars import check_numbers

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class MaxResult(NamedTuple):
    """What `max` along a dimension returns."""

    values: Tensor
    indices: Tensor


class MinResult(NamedTuple):
    """What `min` along a dimension returns."""

    values: Tensor
    indices: Tensor


class SortResult(NamedTuple):
    """What `sort` returns."""

    values: Tensor
    indices: Tensor


class TopkResult(NamedTuple):
    """What `topk` returns."""

    values: Tensor
    indices: Tensor


def _spread(g: Array, shape: tuple[int, ...], dim: tuple[int, ...], keepdim: bool) -> Array:
    """A gradient of a reduction, broadcast over what was reduced."""
    return np.broadcast_to(g if keepdim else np.expand_dims(g, dim), shape)


def _count(shape: tuple[int, ...], dim: tuple[int, ...]) -> int:
    return int(np.prod([shape[each] for each in dim], dtype=np.int64))


def _over_length(total: Any, count: int) -> Any:
    # Not a bare Python division: 0/0 is nan here, an error there.
    return np.true_divide(total, count)


def _summed(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that sums and products have: int64 for all integers and booleans."""
    return dtype if is_floating(dtype) else np.dtype(np.int64)


def _sum(input: Array, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    wide = np.float32 if input.dtype == np.float16 else _summed(input.dtype)
    total = input.sum(axis=dim, dtype=wide, keepdims=keepdim)
    return total.astype(np.float16) if input.dtype == np.float16 else total


def _mean(input: Array, *, dim: tuple[int, ...], keepdim: bool) -> Array:
    if not is_floating(input.dtype):
        raise DtypeError(
            "mean(): could not infer output dtype. Input dtype must be a floating point dtype. "
            f"Got: {dtypes.of(input.dtype)}"
        )
    total = _over_length(_sum(input, dim=dim, keepdim=keepdim), _count(input.shape, dim))
    return np.asarray(total, input.dtype)


def _var(input: Array, *, dim: tuple[int, ...], correction: int, keepdim: bool) -> Array:
    if not is_floating(input.dtype):
        raise DtypeError(f"var and std only support floating point dtypes, got {dtypes.of(input.dtype)}")
    wide = input.astype(np.float32) if input.dtype == np.float16 else input
    centred = wide - wide.mean(axis=dim, keepdims=True)
    total = np.square(centred, out=centred).sum(axis=dim, keepdims=keepdim)
    return np.asarray(_over_length(total, builtins.max(0, _count(input.shape, dim) - correction)), input.dtype)


def _var_vjp(g: Array, input: Array, dim: tuple[int, ...], correction: int, keepdim: bool) -> Any:
    centred = input - input.mean(axis=dim, keepdims=True)
    scale = _over_length(2.0, builtins.max(0, _count(input.shape, dim) - correction)).astype(input.dtype)
    return _spread(g, input.shape, dim, keepdim) * centred * scale


def _std_vjp(g: Array, input: Array, out: Array, dim: tuple[int, ...], correction: int, keepdim: bool) -> Any:
    # Where the deviation is 0 every direction raises it; PyTorch says 0.
    slope = np.where(out == 0, 0, g / (2 * out))
    return _var_vjp(slope, input, dim, correction, keepdim)


def _norm(input: Array, *, p: float, dim: tuple[int, ...], keepdim: bool) -> Any:
    wide = np.abs(input, dtype=np.float32 if input.dtype == np.float16 else input.dtype)
    total = np.square(wide, out=wide) if p == 2 else np.power(wide, p, out=wide)
    total = total.sum(axis=dim, keepdims=keepdim)
    return np.asarray(np.sqrt(total) if p == 2 else total ** (1 / p), input.dtype)


def _norm_vjp(g: Array, input: Array, out: Array, p: float, dim: tuple[int, ...], keepdim: bool) -> Any:
    # Where an element or the norm is 0 there is no slope, or an infinite one; PyTorch says 0.
    g, out = _spread(g, input.shape, dim, keepdim), _spread(out, input.shape, dim, keepdim)
    flat = (input == 0) | (out == 0)
    slope = np.power(np.where(flat, 1, np.abs(input)) / np.where(flat, 1, out), p - 1)
    return np.where(flat, 0, g * np.sign(input) * slope)


def _prod_vjp(g: Array, input: Array, dim: tuple[int, ...], keepdim: bool) -> Array:
    """Each element's gradient is the product of all the others, zeros included."""
    kept = [each for each in range(input.ndim) if each not in dim]
    order = (*kept, *dim)
    rows = input.transpose(order).reshape(*[input.shape[each] for each in kept], -1)
    ones = np.ones_like(rows[..., :1])
    before = np.cumprod(np.concatenate([ones, rows[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([ones, rows[..., :0:-1]], -1), -1)[..., ::-1]
    others = (before * after).reshape([input.shape[each] for each in order]).transpose(np.argsort(order))
    return _spread(g, input.shape, dim, keepdim) * others


def _extreme_vjp(g: Array, input: Array, out: Array, dim: tuple[int, ...], keepdim: bool) -> Any:
    """The gradient, in equal shares to all elements that are the extreme one."""
    hits = input == (out if keepdim else np.expand_dims(out, dim))
    return _spread(g, input.shape, dim, keepdim) * hits / hits.sum(axis=dim, keepdims=True, dtype=input.dtype)


def _pick(input: Array, indices: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    values = np.take_along_axis(input, indices, dim)
    return (values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))


def _unpick_vjp(g: Array, shape: tuple[int, ...], indices: Array, dim: int, keepdim: bool) -> Array:
    whole = np.zeros(shape, g.dtype)
    expanded = (indices, g) if keepdim else (np.expand_dims(indices, dim), np.expand_dims(g, dim))
    np.put_along_axis(whole, *expanded, dim)
    return whole


def _descending(input: Array, dim: int) -> Array:
    # Stable, so that equal elements stay in order: sort what is mirrored, and mirror back.
    size = input.shape[dim]
    return np.flip(size - 1 - np.argsort(np.flip(input, dim), dim, kind="stable"), dim)


def _sort(input: Array, *, dim: int, descending: bool) -> tuple[Array, Array]:
    indices = _descending(input, dim) if descending else np.argsort(input, dim, kind="stable")
    return _pick(input, indices, dim, True)


def _topk(input: Array, *, k: int, dim: int, largest: bool) -> tuple[Array, Array]:
    size = input.shape[dim]
    if 0 < k < size:
        at = size - k if largest else k - 1
        split = np.argpartition(input, at, dim)
        chosen = np.sort(np.take(split, range(at, size) if largest else range(k), dim), dim)
        values = np.take_along_axis(input, chosen, dim)
        worst = values.min(dim, keepdims=True) if largest else values.max(dim, keepdims=True)
        # Which of equal elements a partition chooses depends on the processor; so do not let it choose.
        if ((input >= worst if largest else input <= worst).sum(dim) == k).all():
            order = _descending(values, dim) if largest else np.argsort(values, dim, kind="stable")
            return _pick(input, np.take_along_axis(chosen, order, dim), dim, True)
    order = _descending(input, dim) if largest else np.argsort(input, dim, kind="stable")
    return _pick(input, np.take(order, range(k), dim), dim, True)


def _reversed_cumsum(g: Array, dim: int) -> Array:
    return np.flip(np.cumsum(np.flip(g, dim), dim), dim)


SUM = op("sum", _sum, input=lambda g, shape, dim, keepdim: _spread(g, shape, dim, keepdim))
MEAN = op(
    "mean",
    _mean,
    input=lambda g, shape, dim, keepdim: _spread(_over_length(g, _count(shape, dim)), shape, dim, keepdim),
)
VAR = op("var", _var, input=_var_vjp)
STD = op(
    "std",
    lambda input, *, dim, correction, keepdim: np.sqrt(_var(input, dim=dim, correction=correction, keepdim=keepdim)),
    input=_std_vjp,
)
PROD = op(
    "prod",
    lambda input, *, dim, keepdim: input.prod(axis=dim, dtype=_summed(input.dtype), keepdims=keepdim),
    input=_prod_vjp,
)
AMAX = op("amax", lambda input, *, dim, keepdim: input.max(axis=dim, keepdims=keepdim), input=_extreme_vjp)
AMIN = op("amin", lambda input, *, dim, keepdim: input.min(axis=dim, keepdims=keepdim), input=_extreme_vjp)
MAX = op(
    "max",
    lambda input, *, dim, keepdim: _pick(input, input.argmax(dim, keepdims=True), dim, keepdim),
    outputs=2,
    extras=("indices",),
    input=_unpick_vjp,
)
MIN = op(
    "min",
    lambda input, *, dim, keepdim: _pick(input, input.argmin(dim, keepdims=True), dim, keepdim),
    outputs=2,
    extras=("indices",),
    input=_unpick_vjp,
)
SORT = op(
    "sort",
    _sort,
    outputs=2,
    extras=("indices",),
    input=lambda g, shape, indices, dim: _unpick_vjp(g, shape, indices, dim, True),
)
TOPK = op(
    "topk",
    _topk,
    outputs=2,
    extras=("indices",),
    input=lambda g, shape, indices, dim: _unpick_vjp(g, shape, indices, dim, True),
)
NORM = op("norm", _norm, input=_norm_vjp)
CUMSUM = op(
    "cumsum",
    lambda input, *, dim: np.cumsum(input, dim, dtype=_summed(input.dtype)),
    input=lambda g, dim: _reversed_cumsum(g, dim),
)
ARGMAX = op("argmax", lambda input, *, dim, keepdim: input.argmax(dim, keepdims=keepdim))
ARGMIN = op("argmin", lambda input, *, dim, keepdim: input.argmin(dim, keepdims=keepdim))
ANY = op("any", lambda input, *, dim, keepdim: input.any(axis=dim, keepdims=keepdim))
ALL = op("all", lambda input, *, dim, keepdim: input.all(axis=dim, keepdims=keepdim))


def sum(input: Tensor, dim: Dims | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return the sum over dimensions, or over all.

    Args:
        input: Any shape; integers and booleans are summed as int64.
        dim: The dimensions to sum over.
        keepdim: Whether they stay, with size 1.
        dtype: What to cast the elements to first.
    """
    input = input if dtype is None else cast(input, dtype)
    return apply(SUM, input, dim=normal_dims(dim, input._data.ndim), keepdim=keepdim)


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


def _correction(dim: Any, unbiased: bool, correction: int | None) -> tuple[Dims | None, int]:
    # PyTorch also takes `unbiased` in the place of `dim`.
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    return dim, int(unbiased) if correction is None else correction


def var(
    input: Tensor,
    dim: Dims | bool | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: int | None = None,
) -> Tensor:
    """Return the variance over dimensions, or over all.

    Args:
        input: Floats of any shape.
        dim: The dimensions.
        unbiased: Whether to divide by one less than the count (Bessel's correction).
        keepdim: Whether the dimensions stay, with size 1.
        correction: What to take off the count, in place of `unbiased`.

    Raises:
        DtypeError: The elements are no floats.
    """
    dim, taken = _correction(dim, unbiased, correction)
    return apply(VAR, input, dim=normal_dims(dim, input._data.ndim), correction=taken, keepdim=keepdim)


def std(
    input: Tensor,
    dim: Dims | bool | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: int | None = None,
) -> Tensor:
    """Return the standard deviation over dimensions, or over all; arguments as for `var`."""
    dim, taken = _correction(dim, unbiased, correction)
    return apply(STD, input, dim=normal_dims(dim, input._data.ndim), correction=taken, keepdim=keepdim)


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the product over a dimension, or over all."""
    return apply(PROD, input, dim=normal_dims(dim, input._data.ndim), keepdim=keepdim)


def _check_not_empty(name: str, input: Tensor, dims: tuple[int, ...]) -> None:
    if builtins.any(input._data.shape[each] == 0 for each in dims):
        raise DimensionError(
            f"{name}(): Expected reduction dim to have non-zero size, but the shape is {list(input._data.shape)}"
        )


def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """Return the largest element over dimensions, or over all; equal ones share the gradient.

    Raises:
        DimensionError: There are no elements.
    """
    dims = normal_dims(dim, input._data.ndim)
    _check_not_empty("amax", input, dims)
    return apply(AMAX, input, dim=dims, keepdim=keepdim)


def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """Return the smallest element over dimensions, or over all; equal ones share the gradient.

    Raises:
        DimensionError: There are no elements.
    """
    dims = normal_dims(dim, input._data.ndim)
    _check_not_empty("amin", input, dims)
    return apply(AMIN, input, dim=dims, keepdim=keepdim)


def _along_one(name: str, input: Tensor, dim: int) -> tuple[Tensor, int]:
    """The tensor, as a vector if it is 0-d, and the dimension from the front."""
    dim = normal_dim(dim, input._data.ndim)
    if not input._data.ndim:
        return input.reshape(1), 0
    _check_not_empty(name, input, (dim,))
    return input, dim


def max(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Any:
    """Return the largest element; along a dimension, also where it is; or the larger of two tensors' elements.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.max.html

    Args:
        input: Any shape.
        dim: The dimension; or another tensor, for `maximum`.
        keepdim: Whether the dimension stays, with size 1.

    Returns:
        A 0-d tensor without `dim`; with it `(values, indices)`.
    """
    if isinstance(dim, TensorBase):
        return arithmetic.maximum(input, dim)
    if dim is None:
        return amax(input)
    rows, axis = _along_one("max", input, dim)
    values, indices = apply(MAX, rows, dim=axis, keepdim=keepdim and input._data.ndim > 0)
    return MaxResult(values, indices)


def min(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Any:
    """Return the smallest element; along a dimension, also where it is; or the smaller of two tensors' elements.

    Arguments and results are as for `max`.
    """
    if isinstance(dim, TensorBase):
        return arithmetic.minimum(input, dim)
    if dim is None:
        return amin(input)
    rows, axis = _along_one("min", input, dim)
    values, indices = apply(MIN, rows, dim=axis, keepdim=keepdim and input._data.ndim > 0)
    return MinResult(values, indices)


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the position of the largest element along a dimension, or among all."""
    _check_not_empty("argmax", input, normal_dims(dim, input._data.ndim))
    axis = None if dim is None or not input._data.ndim else normal_dim(dim, input._data.ndim)
    return apply(ARGMAX, input, dim=axis, keepdim=keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the position of the smallest element along a dimension, or among all."""
    _check_not_empty("argmin", input, normal_dims(dim, input._data.ndim))
    axis = None if dim is None or not input._data.ndim else normal_dim(dim, input._data.ndim)
    return apply(ARGMIN, input, dim=axis, keepdim=keepdim)


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> SortResult:
    """Return the elements in order along a dimension, and where each was. Always stable.

    Args:
        input: Any shape.
        dim: The dimension.
        descending: Whether the largest comes first.
        stable: Accepted since PyTorch has it.
    """
    axis = normal_dim(dim, input._data.ndim)
    rows = input if input._data.ndim else input.reshape(1)
    values, indices = apply(SORT, rows, dim=axis, descending=descending)
    return SortResult(values.reshape(input._data.shape), indices.reshape(input._data.shape))


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Return where the elements come from that `sort` puts in order."""
    return sort(input, dim, descending, stable).indices


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> TopkResult:
    """Return the `k` largest elements along a dimension, in order, and where they are.

    Args:
        input: Any shape.
        k: How many.
        dim: The dimension.
        largest: Whether the largest are wanted, or the smallest.
        sorted: Accepted since PyTorch has it; they are always in order.

    Raises:
        DimensionError: There are fewer than `k`.
    """
    axis = normal_dim(dim, input._data.ndim)
    rows = input if input._data.ndim else input.reshape(1)
    if not 0 <= k <= rows._data.shape[axis]:
        raise DimensionError(f"selected index k out of range: k is {k}, the dimension has {rows._data.shape[axis]}")
    values, indices = apply(TOPK, rows, k=k, dim=axis, largest=largest)
    if not input._data.ndim and k:
        values, indices = values.reshape(()), indices.reshape(())
    return TopkResult(values, indices)


def cumsum(input: Tensor, dim: int, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return running sums along a dimension."""
    input = input if dtype is None else cast(input, dtype)
    if not input._data.ndim:
        return input.clone()
    return apply(CUMSUM, input, dim=normal_dim(dim, input._data.ndim))


def any(input: Tensor, dim: Dims | None = None, keepdim: bool = False) -> Tensor:
    """Return whether any element is not zero, over dimensions or over all."""
    return apply(ANY, input, dim=normal_dims(dim, input._data.ndim), keepdim=keepdim)


def all(input: Tensor, dim: Dims | None = None, keepdim: bool = False) -> Tensor:
    """Return whether all elements are not zero, over dimensions or over all."""
    return apply(ALL, input, dim=normal_dims(dim, input._data.ndim), keepdim=keepdim)


def count_nonzero(input: Tensor, dim: Dims | None = None) -> Tensor:
    """Return how many elements are not zero, over dimensions or over all."""
    return sum(input.ne(0), dim)


def norm(input: Tensor, p: float | str | None = "fro", dim: Dims | None = None, keepdim: bool = False) -> Tensor:
    """Return the p-norm of the elements, over dimensions or over all.

    Args:
        input: Floats of any shape.
        p: The order; `"fro"` is 2, and `inf` is the largest absolute value.
        dim: The dimensions.
        keepdim: Whether they stay, with size 1.

    Raises:
        UnsupportedError: The order is `"nuc"`.
        DtypeError: The elements are no floats.
    """
    check_numbers("norm", {"p": p})
    if p == "nuc":
        raise UnsupportedError("the nuclear norm is not available; use numpy.linalg.svd on the array")
    order = 2.0 if p is None or p == "fro" else float(p)
    check_floating("norm", input._data)
    dims = normal_dims(dim, input._data.ndim)
    if order == float("inf"):
        return amax(arithmetic.abs(input), dims, keepdim)
    if order == float("-inf"):
        return amin(arithmetic.abs(input), dims, keepdim)
    if order == 0:
        return cast(sum(input.ne(0), dims, keepdim), input.dtype)
    return apply(NORM, input, p=order, dim=dims, keepdim=keepdim)
