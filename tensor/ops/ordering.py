"""Elements in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array, is_floating
from tensor.errors import DimensionError
from tensor.ops.dims import normal_dim, takes_axis
from tensor.ops.peaks import extreme_vjp, pick, unpick_vjp
from tensor.registry import op
from tensor.scalars import whole

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class SortResult(NamedTuple):
    """What `sort` returns."""

    values: Tensor
    indices: Tensor


class KthvalueResult(NamedTuple):
    """What `kthvalue` returns."""

    values: Tensor
    indices: Tensor


class MedianResult(NamedTuple):
    """What `median` and `nanmedian` along a dimension return."""

    values: Tensor
    indices: Tensor


class ModeResult(NamedTuple):
    """What `mode` returns."""

    values: Tensor
    indices: Tensor


class TopkResult(NamedTuple):
    """What `topk` returns."""

    values: Tensor
    indices: Tensor


def _descending(input: Array, dim: int) -> Array:
    # Stable, so that equal elements stay in order: sort what is mirrored, and mirror back.
    size = input.shape[dim]
    return np.flip(size - 1 - np.argsort(np.flip(input, dim), dim, kind="stable"), dim)


def _sort(input: Array, *, dim: int, descending: bool) -> tuple[Array, Array]:
    indices = _descending(input, dim) if descending else np.argsort(input, dim, kind="stable")
    return pick(input, indices, dim, True)


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
            return pick(input, np.take_along_axis(chosen, order, dim), dim, True)
    order = _descending(input, dim) if largest else np.argsort(input, dim, kind="stable")
    return pick(input, np.take(order, range(k), dim), dim, True)


SORT = op(
    "sort",
    _sort,
    outputs=2,
    extras=("indices",),
    input=lambda g, shape, indices, dim: unpick_vjp(g, shape, indices, dim, True),
)

TOPK = op(
    "topk",
    _topk,
    outputs=2,
    extras=("indices",),
    input=lambda g, shape, indices, dim: unpick_vjp(g, shape, indices, dim, True),
)


@takes_axis
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


@takes_axis
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Return where the elements come from that `sort` puts in order."""
    return sort(input, dim, descending, stable).indices


@takes_axis
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
    k = whole("topk", "k", k)
    if not 0 <= k <= rows._data.shape[axis]:
        raise DimensionError(f"selected index k out of range: k is {k}, the dimension has {rows._data.shape[axis]}")
    values, indices = apply(TOPK, rows, k=k, dim=axis, largest=largest)
    if not input._data.ndim and k:
        values, indices = values.reshape(()), indices.reshape(())
    return TopkResult(values, indices)


def msort(input: Tensor) -> Tensor:
    """Return the elements in order along the first dimension."""
    return sort(input, 0).values


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> KthvalueResult:
    """Return the `k`-th smallest element along a dimension, counted from 1, and where it is.

    Raises:
        DimensionError: There are fewer than `k`.
    """
    axis = normal_dim(dim, input._data.ndim)
    size = input._data.shape[axis] if input._data.ndim else 1
    k = whole("kthvalue", "k", k)
    if not 1 <= k <= size:
        raise DimensionError(f"kthvalue(): selected number k out of range for dimension {dim}: k is {k} of {size}")
    values, indices = sort(input, axis)
    if input._data.ndim:
        values, indices = values.narrow(axis, k - 1, 1), indices.narrow(axis, k - 1, 1)
        if not keepdim:
            values, indices = values.squeeze(axis), indices.squeeze(axis)
    return KthvalueResult(values, indices)


def _middle(input: Array, *, ignore_nan: bool) -> Any:
    """Where the lower median of each sorted row is."""
    missing = np.isnan(input).sum(-1, keepdims=True) if is_floating(input.dtype) else 0
    size = input.shape[-1]
    if ignore_nan:
        return np.broadcast_to(np.maximum(size - missing - 1, 0) // 2, (*input.shape[:-1], 1)).astype(np.int64)
    # Nan is sorted last: where there is one it is the median.
    return np.where(np.broadcast_to(missing, (*input.shape[:-1], 1)) > 0, size - missing, (size - 1) // 2)


def _median_of_all(input: Array, *, ignore_nan: bool) -> Any:
    flat = input.reshape(-1)
    missing = np.count_nonzero(np.isnan(flat)) if is_floating(input.dtype) else 0
    if missing == flat.size or (missing and not ignore_nan):
        return np.asarray(np.nan, input.dtype)
    middle = (flat.size - missing - 1) // 2
    return np.partition(flat, middle)[middle]


MIDDLE = op("median_place", _middle)
MEDIAN = op(
    "median",
    _median_of_all,
    input=lambda g, input, out: extreme_vjp(g, input, out, tuple(range(input.ndim)), False),
)


def _median(input: Tensor, dim: int | None, keepdim: bool, *, ignore_nan: bool) -> Any:
    name = "nanmedian" if ignore_nan else "median"
    if dim is None:
        if not input._data.size and not is_floating(input._data.dtype):
            raise DimensionError(f"{name}(): expected elements, got none")
        return apply(MEDIAN, input, ignore_nan=ignore_nan)
    rows = input if input._data.ndim else input.reshape(1)
    axis = normal_dim(dim, input._data.ndim)
    if not rows._data.shape[axis]:
        raise DimensionError(f"{name}(): Expected reduction dim {axis} to have non-zero size")
    values, indices = sort(rows.movedim(axis, -1))
    place = apply(MIDDLE, values, ignore_nan=ignore_nan)
    values, indices = values.gather(-1, place).squeeze(-1), indices.gather(-1, place).squeeze(-1)
    if keepdim and input._data.ndim:
        values, indices = values.unsqueeze(axis), indices.unsqueeze(axis)
    return MedianResult(values, indices)


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the median, the lower one of two; along a dimension, also where it is. Nan wins.

    Without a dimension, equal elements share the gradient.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.median.html

    Returns:
        A 0-d tensor without `dim`; with it `(values, indices)`.
    """
    return _median(input, dim, keepdim, ignore_nan=False)


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the median of what is not nan; arguments and results as for `median`."""
    return _median(input, dim, keepdim, ignore_nan=True)


def _most_frequent(input: Array, *, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The most frequent element of each row, the smallest of several, and the last place where it is."""
    rows = np.moveaxis(input, dim, -1)
    order = np.argsort(rows, -1, kind="stable")
    ranked = np.take_along_axis(rows, order, -1)
    new = np.ones(ranked.shape, bool)
    np.not_equal(ranked[..., 1:], ranked[..., :-1], out=new[..., 1:])
    places = np.arange(ranked.shape[-1])
    repeats = places - np.maximum.accumulate(np.where(new, places, 0), -1)
    indices = np.take_along_axis(order, repeats.argmax(-1, keepdims=True), -1)
    return pick(input, np.moveaxis(indices, -1, dim), dim, keepdim)


MODE = op("mode", _most_frequent, outputs=2, extras=("indices",), input=unpick_vjp)


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> ModeResult:
    """Return the most frequent element along a dimension, the smallest of several, and where it is last.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.mode.html

    Raises:
        DimensionError: The dimension has no elements.
    """
    axis = normal_dim(dim, input._data.ndim)
    rows = input if input._data.ndim else input.reshape(1)
    if not rows._data.shape[axis]:
        raise DimensionError(f"mode(): Expected reduction dim {axis} to have non-zero size")
    values, indices = apply(MODE, rows, dim=axis, keepdim=keepdim and input._data.ndim > 0)
    return ModeResult(values, indices)
