"""Averages over windows, and what all pooling shares."""

from __future__ import annotations

import math

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, ShapeError
from tensor.nn.functional.windows import Sizes, Windows, along, padded, per_dim
from tensor.ops.elementwise import check_floating
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor


def folded(array: Array, windows: Windows, places: tuple[int, ...], ufunc: np.ufunc) -> Array:
    """Reduce the windows over a padded array, one dimension after the other.

    Args:
        array: (..., *sizes); is returned, or a view of it, where windows have one element.
        windows: how they slide.
        places: how many there are.
        ufunc: joins two elements.

    Returns:
        (..., *places).
    """
    for dim in range(windows.dims):
        axis = dim - windows.dims
        step, length = windows.stride[dim], (places[dim] - 1) * windows.stride[dim] + 1
        parts = [
            array[along(axis, slice(at, at + length, step))]
            for at in range(0, windows.kernel[dim] * windows.dilation[dim], windows.dilation[dim])
        ]
        array = ufunc(parts[0], parts[1]) if len(parts) > 1 else parts[0]
        for part in parts[2:]:
            ufunc(array, part, out=array)
    return array


def unfolded(g: Array, windows: Windows, sizes: tuple[int, ...]) -> Array:
    """Return the gradient of a sum over windows, (..., *sizes), for that of its result, (..., *places)."""
    for dim in range(windows.dims):
        axis = dim - windows.dims
        step, length = windows.stride[dim], (g.shape[axis] - 1) * windows.stride[dim] + 1
        low, reach = windows.low[dim], windows.extent[dim]
        room = max(low + sizes[dim], length + reach - 1)
        out = np.zeros((*g.shape[:axis], room, *g.shape[g.ndim + axis + 1 :]), g.dtype)
        for at in range(0, windows.kernel[dim] * windows.dilation[dim], windows.dilation[dim]):
            part = out[along(axis, slice(at, at + length, step))]
            np.add(part, g, out=part)
        g = out[along(axis, slice(low, low + sizes[dim]))]
    return g


def pooled(
    name: str,
    dims: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> tuple[Windows, tuple[int, ...]]:
    """Return the windows that pooling slides over an input, and how many there are.

    Raises:
        ShapeError: The input has another number of dimensions, or is empty, or no window fits.
        ArgumentError: An argument is out of its range.
    """
    shape = input._data.shape
    if len(shape) not in (dims + 1, dims + 2) or 0 in shape[-dims - 1 :]:
        raise ShapeError(
            f"{name}(): Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch size for "
            f"input, but got: {list(shape)}"
        )
    kernel = per_dim(name, "kernel_size", kernel_size, dims)
    steps = kernel if stride is None or stride == () or stride == [] else per_dim(name, "stride", stride, dims)
    pads, spacing = per_dim(name, "padding", padding, dims), per_dim(name, "dilation", dilation, dims)
    if min(kernel) <= 0:
        raise ArgumentError(f"{name}(): kernel size should be greater than zero, but got {list(kernel)}")
    if min(steps) <= 0:
        raise ArgumentError(f"{name}(): stride should not be zero, and be positive, but got {list(steps)}")
    if min(spacing) <= 0:
        raise ArgumentError(f"{name}(): dilation should be greater than zero, but got {list(spacing)}")
    for k, p, d in zip(kernel, pads, spacing, strict=True):
        if not 0 <= p <= (d * (k - 1) + 1) // 2:
            raise ArgumentError(
                f"{name}(): pad should be non-negative and at most half of effective kernel size, but got pad={p}, "
                f"kernel_size={k} and dilation={d}"
            )
    windows = Windows(kernel, steps, spacing, pads, pads)
    sizes = shape[-dims:]
    places = windows.places(sizes)
    if ceil_mode:
        # Windows that end beyond the padding count too, unless they start there.
        more = Windows(kernel, steps, spacing, pads, tuple([p + s - 1 for p, s in zip(pads, steps, strict=True)]))
        places = tuple(
            [
                count - 1 if (count - 1) * s >= size + p else count
                for count, s, size, p in zip(more.places(sizes), steps, sizes, pads, strict=True)
            ]
        )
    if min(places) < 1:
        given, got = ("x".join(map(str, (shape[-dims - 1], *each))) for each in (sizes, places))
        raise ShapeError(
            f"{name}(): Given input size: ({given}). Calculated output size: ({got}). Output size is too small"
        )
    return windows, places


def beyond(windows: Windows, sizes: tuple[int, ...], places: tuple[int, ...]) -> tuple[int, ...]:
    """Return how much padding the last window needs behind, in each dimension."""
    needed = [
        (count - 1) * s + reach - size - low
        for count, s, reach, size, low in zip(places, windows.stride, windows.extent, sizes, windows.low, strict=True)
    ]
    return tuple([max(0, each) for each in needed])


def _divisors(windows: Windows, sizes: tuple[int, ...], places: tuple[int, ...], *, padding: bool) -> Array | float:
    """How many elements each window has, those of the padding included or not: one number if all have as many."""
    counts: Array = np.ones((), np.int64)
    for k, s, p, size, count in zip(windows.kernel, windows.stride, windows.low, sizes, places, strict=True):
        starts = np.arange(count) * s - p
        ends = np.minimum(starts + k, size + p)
        if not padding:
            starts, ends = np.maximum(starts, 0), np.minimum(ends, size)
        counts = counts[..., None] * (ends - starts)
    first = float(counts.flat[0])
    return first if (counts == first).all() else counts


def _scaled(
    array: Array, windows: Windows, sizes: tuple[int, ...], count_include_pad: bool, divisor: int | None
) -> Array:
    """Divide sums over windows, or their gradients, by how many elements the windows have."""
    places = array.shape[array.ndim - windows.dims :]
    by = _divisors(windows, sizes, places, padding=count_include_pad) if divisor is None else float(divisor)
    return np.asarray(array / (by.astype(array.dtype) if isinstance(by, np.ndarray) else by))


def _avg_pool(
    input: Array, *, windows: Windows, places: tuple[int, ...], count_include_pad: bool, divisor_override: int | None
) -> Array:
    check_floating("avg_pool", input)
    sizes = input.shape[input.ndim - windows.dims :]
    sums = folded(padded(input, windows.low, beyond(windows, sizes, places)), windows, places, np.add)
    return _scaled(sums, windows, sizes, count_include_pad, divisor_override)


def _avg_pool_vjp(
    g: Array, shape: tuple[int, ...], windows: Windows, count_include_pad: bool, divisor_override: int | None
) -> Array:
    sizes = shape[len(shape) - windows.dims :]
    return unfolded(_scaled(g, windows, sizes, count_include_pad, divisor_override), windows, sizes)


AVG_POOL = op("avg_pool", _avg_pool, input=_avg_pool_vjp)


def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Return the averages over windows of the last dimension.

    Args:
        input: (N, C, L), or (C, L), floating-point.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: zeros on either side, at most half a window.
        ceil_mode: whether windows that end beyond the padding count too.
        count_include_pad: whether the padding's zeros are counted as elements.

    Returns:
        (N, C, L'), or (C, L'), where L' = floor((L + 2 padding - kernel_size) / stride) + 1.

    Raises:
        ShapeError: the input has another number of dimensions, or no window fits.
        ArgumentError: an argument is out of its range.
        DtypeError: the input holds no floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html
    """
    return _average("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Return the averages over windows of the last two dimensions.

    Args:
        input: (N, C, H, W), or (C, H, W), floating-point.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: zeros on either side, at most half a window.
        ceil_mode: whether windows that end beyond the padding count too.
        count_include_pad: whether the padding's zeros are counted as elements.
        divisor_override: what to divide by in place of the number of elements.

    Returns:
        (N, C, H', W'), or (C, H', W'); sizes as for `avg_pool1d`.

    Raises:
        ShapeError: the input has another number of dimensions, or no window fits.
        ArgumentError: an argument is out of its range.
        DtypeError: the input holds no floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
    """
    return _average(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Return the averages over windows of the last three dimensions.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W), floating-point.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: zeros on either side, at most half a window.
        ceil_mode: whether windows that end beyond the padding count too.
        count_include_pad: whether the padding's zeros are counted as elements.
        divisor_override: what to divide by in place of the number of elements.

    Returns:
        (N, C, D', H', W'), or (C, D', H', W'); sizes as for `avg_pool1d`.

    Raises:
        ShapeError: the input has another number of dimensions, or no window fits.
        ArgumentError: an argument is out of its range.
        DtypeError: the input holds no floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html
    """
    return _average(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _average(
    name: str,
    dims: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    check_numbers(name, {"divisor_override": divisor_override, "count_include_pad": count_include_pad})
    if divisor_override == 0:
        raise ArgumentError(f"{name}(): divisor must be not zero")
    windows, places = pooled(name, dims, input, kernel_size, stride, padding, 1, ceil_mode)
    return apply(
        AVG_POOL,
        input,
        windows=windows,
        places=places,
        count_include_pad=bool(count_include_pad),
        divisor_override=divisor_override,
    )


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """Return the p-norms of windows of the last dimension: the p-th root of the sum of p-th powers.

    Args:
        input: (N, C, L), or (C, L), floating-point.
        norm_type: p.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        ceil_mode: whether windows that end beyond the input count too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool1d.html
    """
    return _lp_pool("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """Return the p-norms of windows of the last two dimensions: the p-th root of the sum of p-th powers.

    Args:
        input: (N, C, H, W), or (C, H, W), floating-point.
        norm_type: p.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        ceil_mode: whether windows that end beyond the input count too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool2d.html
    """
    return _lp_pool("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """Return the p-norms of windows of the last three dimensions: the p-th root of the sum of p-th powers.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W), floating-point.
        norm_type: p.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        ceil_mode: whether windows that end beyond the input count too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool3d.html
    """
    return _lp_pool("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(
    name: str, dims: int, input: Tensor, p: float, kernel_size: Sizes, stride: Sizes | None, ceil_mode: bool
) -> Tensor:
    check_numbers(name, {"norm_type": p})
    means = _average(name, dims, input.pow(p), kernel_size, stride, 0, ceil_mode, True, None)
    # Odd powers of negative numbers leave a sign: PyTorch keeps it, so that the root of what is below zero is nan.
    count = math.prod(per_dim(name, "kernel_size", kernel_size, dims))
    return (means.sign() * means.abs().relu()).mul(count).pow(1.0 / p)
