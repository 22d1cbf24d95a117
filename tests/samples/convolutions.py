"""Samples of `tensor.nn.functional.convolutions` and `transposed`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def per_dim(draw: Draw, dims: int, low: int, high: int) -> Any:
    """An integer for all the dimensions, or one for each."""
    if draw.flag():
        return draw.integer(low, high)
    return tuple(draw.integer(low, high) for _ in range(dims))


def listed(value: Any, dims: int) -> tuple[int, ...]:
    """What `per_dim` drew, for each dimension."""
    return value if isinstance(value, tuple) else (value,) * dims


def _batch(draw: Draw) -> tuple[int, ...]:
    """The dimension of examples, if any; now and then there are none in it."""
    return () if draw.integer(0, 3) == 0 else (draw.side(),)


def _channels(draw: Draw) -> tuple[int, int, int]:
    """Groups, and the channels of input and output in each."""
    return draw.integer(1, 3), draw.choice([1, 1, 2, 3]), draw.integer(1, 3)


def _conv(draw: Draw, dims: int) -> Sample:
    groups, inputs, outputs = _channels(draw)
    kernel = tuple(draw.integer(1, 3) for _ in range(dims))
    dilation = per_dim(draw, dims, 1, 2)
    padding: Any = draw.choice([0, "valid", "same", per_dim(draw, dims, 0, 2)])
    stride = per_dim(draw, dims, 1, 3) if padding != "same" else 1
    sizes = [d * (k - 1) + draw.integer(1, 4) for k, d in zip(kernel, listed(dilation, dims), strict=True)]
    arrays = [draw.array(*_batch(draw), groups * inputs, *sizes), draw.array(groups * outputs, inputs, *kernel)]
    if draw.flag():
        arrays.append(draw.array(groups * outputs))

    def fn(t: Any, x: Any, w: Any, b: Any = None) -> Any:
        conv = getattr(t, f"conv{dims}d")
        return conv(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)

    return Sample(fn, arrays)


@samples("convolution", "conv1d")
def conv1d(draw: Draw) -> Sample:
    return _conv(draw, 1)


@samples("convolution", "conv2d")
def conv2d(draw: Draw) -> Sample:
    return _conv(draw, 2)


@samples("convolution", "conv3d")
def conv3d(draw: Draw) -> Sample:
    return _conv(draw, 3)


@samples("convolution", "conv2d in blocks", gradcheck=False)
def conv2d_in_blocks(draw: Draw) -> Sample:
    # Large enough for several blocks of columns, small places for several examples in one.
    channels, side, batch = draw.choice([(24, 40, 1), (16, 5, 5), (130, 18, 2)])
    stride, kernel = draw.integer(1, 2), draw.choice([1, 3])
    groups = draw.choice([1, 2, channels])
    x, w = draw.array(batch, channels, side, side), draw.array(2 * groups, channels // groups, kernel, kernel)
    return Sample(lambda t, x, w: t.nn.functional.conv2d(x, w, stride=stride, padding=1, groups=groups), [x, w])


def _transposed(draw: Draw, dims: int) -> Sample:
    groups, inputs, outputs = _channels(draw)
    kernel = tuple(draw.integer(1, 3) for _ in range(dims))
    stride, dilation = per_dim(draw, dims, 1, 3), per_dim(draw, dims, 1, 2)
    padding = per_dim(draw, dims, 0, 2)
    largest = np.maximum(listed(stride, dims), listed(dilation, dims)) - 1
    more = tuple(draw.integer(0, int(each)) for each in largest)
    # Backends of torch disagree on whether a result may be empty.
    sizes = [draw.integer(1, 3) + 2 * p for p in listed(padding, dims)]
    arrays = [draw.array(*_batch(draw), groups * inputs, *sizes), draw.array(groups * inputs, outputs, *kernel)]
    if draw.flag():
        arrays.append(draw.array(groups * outputs))

    def fn(t: Any, x: Any, w: Any, b: Any = None) -> Any:
        conv = getattr(t, f"conv_transpose{dims}d")
        return conv(x, w, b, stride, padding, more, groups, dilation)

    return Sample(fn, arrays)


@samples("conv_transpose", "conv_transpose1d")
def conv_transpose1d(draw: Draw) -> Sample:
    return _transposed(draw, 1)


@samples("conv_transpose", "conv_transpose2d")
def conv_transpose2d(draw: Draw) -> Sample:
    return _transposed(draw, 2)


@samples("conv_transpose", "conv_transpose3d")
def conv_transpose3d(draw: Draw) -> Sample:
    return _transposed(draw, 3)
