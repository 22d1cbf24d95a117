"""Windows as columns (`unfold`), and columns summed up where they came from (`fold`)."""

from __future__ import annotations

import math

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, ShapeError
from tensor.nn.functional.windows import Sizes, Windows, padded, per_dim, trailing
from tensor.ops.elementwise import check_floating
from tensor.registry import op
from tensor.tensors import Tensor


def _unfolded(input: Array, windows: Windows) -> Array:
    """(..., C, H, W) to (..., C * K, places)."""
    places = windows.places(input.shape[-2:])
    lead, channels = input.shape[:-3], input.shape[-3]
    taps = windows.taps(padded(input, windows.low, windows.high), places)
    out = np.empty((*lead, channels, windows.count, *places), input.dtype)
    for at, tap in enumerate(taps):
        out[..., at, :, :] = tap
    return out.reshape(*lead, channels * windows.count, math.prod(places))


def _folded(input: Array, windows: Windows, sizes: tuple[int, ...]) -> Array:
    """(..., C * K, places) to (..., C, H, W)."""
    places = windows.places(sizes)
    lead, channels = input.shape[:-2], input.shape[-2] // windows.count
    parts = input.reshape(*lead, channels, windows.count, *places)
    room = [low + size + high for low, size, high in zip(windows.low, sizes, windows.high, strict=True)]
    out = np.zeros((*lead, channels, *room), input.dtype)
    for at, tap in enumerate(windows.taps(out, places)):
        np.add(tap, parts[..., at, :, :], out=tap)
    inner = [slice(low, low + size) for low, size in zip(windows.low, sizes, strict=True)]
    return np.asarray(out[trailing(*inner)])


def _im2col(input: Array, *, windows: Windows) -> Array:
    check_floating("unfold", input)
    return _unfolded(input, windows)


def _col2im(input: Array, *, windows: Windows, sizes: tuple[int, ...]) -> Array:
    check_floating("fold", input)
    return np.ascontiguousarray(_folded(input, windows, sizes))


IM2COL = op("im2col", _im2col, input=lambda g, shape, windows: _folded(g, windows, shape[-2:]))
COL2IM = op("col2im", _col2im, input=lambda g, windows: _unfolded(g, windows))


def _windows(name: str, kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> Windows:
    kernel, spacing = per_dim(name, "kernel_size", kernel_size, 2), per_dim(name, "dilation", dilation, 2)
    pads, steps = per_dim(name, "padding", padding, 2), per_dim(name, "stride", stride, 2)
    for what, values, least in (
        ("kernel size", kernel, 1),
        ("dilation", spacing, 1),
        ("padding", pads, 0),
        ("stride", steps, 1),
    ):
        if min(values) < least:
            said = "non-negative" if least == 0 else "greater than zero"
            raise ArgumentError(f"{name}(): {what} should be {said}, but got {list(values)}")
    return Windows(kernel, steps, spacing, pads, pads)


def unfold(input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Tensor:
    """Return the elements of each window as a column.

    Args:
        input: (N, C, H, W), or (C, H, W), floating-point.
        kernel_size: of the windows, kH and kW.
        dilation: from one element of a window to the next.
        padding: zeros on either side.
        stride: from one window to the next.

    Returns:
        (N, C kH kW, windows), or (C kH kW, windows).

    Raises:
        ShapeError: the input has another number of dimensions, or no window fits.
        ArgumentError: an argument is out of its range.
        DtypeError: the input holds no floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
    """
    shape = input._data.shape
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise ShapeError(
            f"unfold(): Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions "
            f"for input, but got: {list(shape)}"
        )
    windows = _windows("unfold", kernel_size, dilation, padding, stride)
    places = windows.places(shape[-2:])
    if min(places) < 1:
        raise ShapeError(
            f"unfold(): Given input with spatial size {shape[-2:]}, kernel_size={windows.kernel}, "
            f"dilation={windows.dilation}, padding={windows.low}, stride={windows.stride}, calculated shape of the "
            f"array of sliding blocks as {places}, but its components must be at least one"
        )
    return apply(IM2COL, input, windows=windows)


def fold(
    input: Tensor,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """Sum up columns, as `unfold` returns them, where their elements came from.

    Args:
        input: (N, C kH kW, windows), or (C kH kW, windows), floating-point.
        output_size: H and W.
        kernel_size: of the windows, kH and kW.
        dilation: from one element of a window to the next.
        padding: zeros that there were on either side.
        stride: from one window to the next.

    Returns:
        (N, C, H, W), or (C, H, W).

    Raises:
        ShapeError: the columns are not as many, or not as long, as the windows.
        ArgumentError: an argument is out of its range.
        DtypeError: the input holds no floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
    """
    shape = input._data.shape
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise ShapeError(
            "fold(): Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero "
            f"dimensions for input, but got: {list(shape)}"
        )
    windows = _windows("fold", kernel_size, dilation, padding, stride)
    sizes = per_dim("fold", "output_size", output_size, 2)
    if min(sizes) < 1:
        raise ArgumentError(f"fold(): output_size should be greater than zero, but got {list(sizes)}")
    if shape[-2] % windows.count:
        raise ShapeError(
            "fold(): Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={shape[-2]} and kernel_size={windows.kernel}"
        )
    places = windows.places(sizes)
    if min(places) < 1 or math.prod(places) != shape[-1]:
        raise ShapeError(
            f"fold(): Given output_size={sizes}, kernel_size={windows.kernel}, dilation={windows.dilation}, "
            f"padding={windows.low}, stride={windows.stride}, expected size of input's dimension 2 to match the "
            f"calculated number of sliding blocks {places[0]} * {places[1]} = {math.prod(places)}, but got "
            f"input.size(2)={shape[-1]}"
        )
    return apply(COL2IM, input, windows=windows, sizes=sizes)
