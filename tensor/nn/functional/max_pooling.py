"""Maxima over windows, where they lie, and putting them back there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array, is_floating
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError
from tensor.nn.functional.pooling import beyond, folded, pooled
from tensor.nn.functional.windows import Sizes, Windows, padded, per_dim, trailing
from tensor.registry import op
from tensor.tensors import Tensor

MaxPooled = Tensor | tuple[Tensor, Tensor]


def _lowest(dtype: np.dtype[Any]) -> float:
    """What no element is below."""
    if dtype.kind == "b":
        raise DtypeError(f"max_pool: not implemented for {dtypes.of(dtype)}; convert the input with .float()")
    return -math.inf if is_floating(dtype) else int(np.iinfo(dtype).min)


def _padded(input: Array, windows: Windows, places: tuple[int, ...]) -> Array:
    sizes = input.shape[input.ndim - windows.dims :]
    return padded(input, windows.low, beyond(windows, sizes, places), _lowest(input.dtype))


def _max_pool(input: Array, *, windows: Windows, places: tuple[int, ...]) -> Array:
    out = folded(_padded(input, windows, places), windows, places, np.maximum)
    return out.copy() if windows.count == 1 else out


def _max_pool_vjp(g: Array, input: Array, windows: Windows, places: tuple[int, ...]) -> Array:
    """Give each gradient to the first element of its window that is as large as the largest.

    The result is computed again, not kept: models write to it, with an activation in place for one.
    """
    array = _padded(input, windows, places)
    out = folded(array, windows, places, np.maximum)
    gradient = np.zeros(array.shape, g.dtype)
    left = np.ones(out.shape, bool)
    nans = bool(np.isnan(out).any())
    for tap, target in zip(windows.taps(array, places), windows.taps(gradient, places), strict=True):
        hit = tap == out
        if nans:
            hit |= np.isnan(tap)
        hit &= left
        np.add(target, g * hit, out=target)
        left &= ~hit
    inner = [slice(p, p + n) for p, n in zip(windows.low, input.shape[-windows.dims :], strict=True)]
    return np.asarray(gradient[trailing(*inner)])


def _max_pool_with_indices(input: Array, *, windows: Windows, places: tuple[int, ...]) -> tuple[Array, Array]:
    sizes = input.shape[input.ndim - windows.dims :]
    array = _padded(input, windows, places)
    out = np.full((*input.shape[: input.ndim - windows.dims], *places), _lowest(input.dtype), input.dtype)
    strides = [math.prod(sizes[at + 1 :]) for at in range(len(sizes))]
    starts = np.zeros((), np.int64)  # of each window, as an index into the plane
    first = np.zeros((), np.int64)  # from there to its first element that lies in the plane
    for count, s, d, low, step in zip(places, windows.stride, windows.dilation, windows.low, strides, strict=True):
        start = np.arange(count) * s - low
        starts = starts[..., None] + start * step
        first = first[..., None] + -(np.minimum(start, 0) // d) * d * step
    where = np.broadcast_to(first, out.shape).copy()
    for offset, tap in zip(windows.offsets(), windows.taps(array, places), strict=True):
        better = tap > out
        if is_floating(tap.dtype):
            better |= np.isnan(tap)
        np.copyto(out, tap, where=better)
        np.copyto(where, sum(o * step for o, step in zip(offset, strides, strict=True)), where=better)
    where += starts
    return out, where


def scattered(g: Array, indices: Array, shape: tuple[int, ...], dims: int) -> Array:
    """Return the sums of what goes to each index of a plane, the last `dims` dimensions of a shape."""
    lead, plane = shape[: len(shape) - dims], math.prod(shape[len(shape) - dims :])
    rows = math.prod(lead)
    gradient = np.zeros((rows, plane), g.dtype)
    each = math.prod(g.shape[len(lead) :])
    np.add.at(gradient, (np.arange(rows)[:, None], indices.reshape(rows, each)), g.reshape(rows, each))
    return gradient.reshape(shape)


MAX_POOL = op("max_pool", _max_pool, input=_max_pool_vjp)
MAX_POOL_WITH_INDICES = op(
    "max_pool_with_indices",
    _max_pool_with_indices,
    outputs=2,
    extras=("indices",),
    input=lambda g, shape, indices, windows: scattered(g, indices, shape, windows.dims),
)


def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> MaxPooled:
    """Return the largest elements in windows of the last dimension; nan is larger than any.

    Args:
        input: (N, C, L), or (C, L).
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reach beyond either side, at most half a window.
        dilation: from one element of a window to the next.
        ceil_mode: whether windows that end beyond the padding count too.
        return_indices: whether to return where each maximum lies, for `max_unpool1d`.

    Returns:
        (N, C, L'), or (C, L'), where L' = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1; with
        the indices, int64, of the same shape.

    Raises:
        ShapeError: the input has another number of dimensions, or no window fits.
        ArgumentError: an argument is out of its range.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
    """
    return _max("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> MaxPooled:
    """Return the largest elements in windows of the last two dimensions; nan is larger than any.

    Args:
        input: (N, C, H, W), or (C, H, W).
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reach beyond either side, at most half a window.
        dilation: from one element of a window to the next.
        ceil_mode: whether windows that end beyond the padding count too.
        return_indices: whether to return where each maximum lies in its plane, for `max_unpool2d`.

    Returns:
        (N, C, H', W'), or (C, H', W'), sizes as for `max_pool1d`; with the indices, int64, of the same shape.

    Raises:
        ShapeError: the input has another number of dimensions, or no window fits.
        ArgumentError: an argument is out of its range.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
    """
    return _max("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> MaxPooled:
    """Return the largest elements in windows of the last three dimensions; nan is larger than any.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W).
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reach beyond either side, at most half a window.
        dilation: from one element of a window to the next.
        ceil_mode: whether windows that end beyond the padding count too.
        return_indices: whether to return where each maximum lies in its volume, for `max_unpool3d`.

    Returns:
        (N, C, D', H', W'), or (C, D', H', W'), sizes as for `max_pool1d`; with the indices, int64, of the same shape.

    Raises:
        ShapeError: the input has another number of dimensions, or no window fits.
        ArgumentError: an argument is out of its range.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
    """
    return _max("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max(
    name: str,
    dims: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    return_indices: bool,
) -> MaxPooled:
    windows, places = pooled(name, dims, input, kernel_size, stride, padding, dilation, ceil_mode)
    out: MaxPooled = apply(MAX_POOL_WITH_INDICES if return_indices else MAX_POOL, input, windows=windows, places=places)
    return out


def _max_unpool(input: Array, indices: Array, *, sizes: tuple[int, ...]) -> Array:
    if indices.dtype != np.int64:
        raise DtypeError(f"elements in indices should be type int64 but got: {dtypes.of(indices.dtype)}")
    lead, plane = input.shape[: input.ndim - len(sizes)], math.prod(sizes)
    if indices.size and (indices.min() < 0 or indices.max() >= plane):
        raise DimensionError(
            f"Found an invalid max index: {indices.max() if indices.max() >= plane else indices.min()} (output volumes "
            f"are of size {'x'.join(map(str, sizes))})"
        )
    rows, each = math.prod(lead), math.prod(input.shape[len(lead) :])
    out = np.zeros((rows, plane), input.dtype)
    np.put_along_axis(out, indices.reshape(rows, each), input.reshape(rows, each), 1)
    return out.reshape(*lead, *sizes)


def _max_unpool_vjp(g: Array, indices: Array, shape: tuple[int, ...], sizes: tuple[int, ...]) -> Array:
    rows, plane = math.prod(shape[: len(shape) - len(sizes)]), math.prod(sizes)
    each = math.prod(shape[len(shape) - len(sizes) :])
    return np.take_along_axis(g.reshape(rows, plane), indices.reshape(rows, each), 1).reshape(shape)


MAX_UNPOOL = op("max_unpool", _max_unpool, moves=True, input=_max_unpool_vjp)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Put elements where `max_pool1d` found them, and zeros elsewhere.

    Args:
        input: (N, C, L), or (C, L).
        indices: where, int64, of the same shape.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reached beyond either side.
        output_size: the result's last size, or its shape: several inputs give as many maxima.

    Returns:
        (N, C, L'), or (C, L').

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html
    """
    return _unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Put elements where `max_pool2d` found them, and zeros elsewhere.

    Args:
        input: (N, C, H, W), or (C, H, W).
        indices: where, int64, of the same shape.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reached beyond either side.
        output_size: the result's last sizes, or its shape: several inputs give as many maxima.

    Returns:
        (N, C, H', W'), or (C, H', W').

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html
    """
    return _unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Put elements where `max_pool3d` found them, and zeros elsewhere.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W).
        indices: where, int64, of the same shape.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reached beyond either side.
        output_size: the result's last sizes, or its shape: several inputs give as many maxima.

    Returns:
        (N, C, D', H', W'), or (C, D', H', W').

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool3d.html
    """
    return _unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def _unpool(
    name: str,
    dims: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    output_size: Sequence[int] | None,
) -> Tensor:
    shape = input._data.shape
    if indices._data.shape != shape:
        raise ShapeError(
            f"{name}(): Expected shape of indices to be same as that of the input tensor ({list(shape)}) but got "
            f"indices tensor with shape: {list(indices._data.shape)}"
        )
    if len(shape) not in (dims + 1, dims + 2) or 0 in shape[-dims - 1 :]:
        raise ShapeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D (batch mode) input, but got {list(shape)}")
    kernel = per_dim(name, "kernel_size", kernel_size, dims)
    steps = kernel if stride is None else per_dim(name, "stride", stride, dims)
    pads = per_dim(name, "padding", padding, dims)
    usual = [(n - 1) * s - 2 * p + k for n, s, p, k in zip(shape[-dims:], steps, pads, kernel, strict=True)]
    if output_size is None:
        sizes = tuple(usual)
    else:
        sizes = per_dim(name, "output_size", tuple(output_size)[-dims:], dims)
        if len(output_size) not in (dims, dims + 2):
            raise ArgumentError(
                f"{name}(): output_size should be a sequence containing {dims} or {dims + 2} elements, but it has a "
                f"length of {len(output_size)}"
            )
        for size, around, s in zip(sizes, usual, steps, strict=True):
            if not around - s < size < around + s:
                raise ArgumentError(
                    f"{name}(): invalid output_size {list(output_size)}: each size must differ from {usual} by less "
                    f"than the stride, {list(steps)}"
                )
    return apply(MAX_UNPOOL, input, indices, sizes=sizes)
