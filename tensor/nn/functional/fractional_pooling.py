"""Maxima of windows that lie at random, so that sizes shrink by less than a whole number.

Source: Graham, 2014, https://arxiv.org/abs/1412.6071
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tensor.bases import fresh, origin_of
from tensor.dtypes import Array
from tensor.errors import ArgumentError, ShapeError
from tensor.factories import rand
from tensor.marks import combine
from tensor.nn.functional.windows import Sizes
from tensor.scalars import check_numbers
from tensor.tensors import Tensor

Ratios = float | Sequence[float]


def _starts(size: int, window: int, count: int, samples: Array) -> Array:
    """Where the windows along a dimension begin: (..., count) for samples of any shape; the last ends at the end."""
    starts = np.full((*samples.shape, count), size - window)
    if count > 1:
        step = samples.dtype.type((size - window) / (count - 1))
        drawn = samples[..., None]
        moved = ((np.arange(count - 1, dtype=samples.dtype) + drawn) * step).astype(np.int64)
        starts[..., :-1] = moved - (drawn * step).astype(np.int64)
    return starts


def _pooled(
    name: str,
    dims: int,
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None,
    output_ratio: Ratios | None,
    samples: Tensor | None,
) -> tuple[Tensor, Tensor]:
    if input.ndim not in (dims + 1, dims + 2):
        raise ShapeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got {list(input.shape)}")
    if (output_size is None) == (output_ratio is None):
        raise ArgumentError(f"{name} requires specifying either an output_size or an output_ratio")
    sizes = input.shape[-dims:]
    windows = _each(name, "kernel_size", kernel_size, dims)
    if output_ratio is None:
        counts = _each(name, "output_size", output_size, dims)
    else:
        counts = tuple(
            [
                int(size * ratio)
                for size, ratio in zip(sizes, _each(name, "output_ratio", output_ratio, dims), strict=True)
            ]
        )
    for size, window, count in zip(sizes, windows, counts, strict=True):
        if not 0 < count <= size - window + 1:
            raise ShapeError(
                f"{name}(): an input of sizes {tuple(sizes)} has no {counts} windows of sizes {windows} at different "
                "places: the output's size may be from 1 to the input's minus the window's plus 1"
            )
    batch, channels = (input.shape[0] if input.ndim == dims + 2 else 1), input.shape[-dims - 1]
    if samples is None:
        samples = rand(batch, channels, dims, dtype=input.dtype)
    elif tuple(samples.shape) != (batch, channels, dims):
        raise ShapeError(
            f"{name}(): expected _random_samples of shape {(batch, channels, dims)}, got {tuple(samples.shape)}"
        )
    drawn = samples._data[..., ::-1] if dims == 2 else samples._data  # PyTorch's order in two dimensions
    places = np.zeros(
        (batch, channels, 1, 1), np.int64
    )  # of each window's elements: (batch, channels, windows, elements)
    for at, (size, window, count) in enumerate(zip(sizes, windows, counts, strict=True)):
        along = _starts(size, window, count, drawn[..., at])[..., None] + np.arange(window)
        places = (places * size)[:, :, :, None, :, None] + along[:, :, None, :, None, :]
        places = places.reshape(batch, channels, places.shape[2] * count, places.shape[4] * window)
    flat = input.reshape(batch, channels, math.prod(sizes))
    values = np.take_along_axis(flat._data, places.reshape(batch, channels, -1), -1).reshape(places.shape)
    best = np.take_along_axis(places, values.argmax(-1)[..., None], -1)[..., 0]
    marked = [each for each in (input, samples) if each.is_inference()]
    origin = combine([origin_of(each) for each in marked]) if marked else None
    indices = fresh(best, marked=bool(marked), origin=origin)
    shape = (*input.shape[:-dims], *counts)
    return flat.gather(-1, indices).reshape(shape), indices.reshape(shape)


def _each(name: str, argument: str, value: Any, dims: int) -> tuple[Any, ...]:
    values = tuple(value) if isinstance(value, Sequence) else (value,) * dims
    for each in values:
        check_numbers(name, {argument: each})
    if len(values) != dims:
        raise ArgumentError(f"{name}: expected one {argument}, or {dims}, for the dimensions, got {values}")
    return values


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return what `fractional_max_pool2d` does, and where in each image the maxima are."""
    return _pooled("fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return what `fractional_max_pool3d` does, and where in each volume the maxima are."""
    return _pooled("fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Return the maxima of windows of images that lie at random, about evenly.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: of the windows.
        output_size: how many windows there are in each dimension; or
        output_ratio: what part of the input's size that is.
        return_indices: whether to return also where in each image the maxima are.
        _random_samples: from 0 to 1, (N, C, 2): drawn unless given.

    Returns:
        (N, C, *output_size) or (C, *output_size).

    Raises:
        ShapeError: there is no room for so many windows at different places.
        ArgumentError: both sizes are given, or neither.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
    """
    both = fractional_max_pool2d_with_indices(
        input, kernel_size, output_size, output_ratio, _random_samples=_random_samples
    )
    return both if return_indices else both[0]


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Return the maxima of windows of volumes that lie at random, about evenly.

    Args:
        input: (N, C, T, H, W) or (C, T, H, W).
        kernel_size: of the windows.
        output_size: how many windows there are in each dimension; or
        output_ratio: what part of the input's size that is.
        return_indices: whether to return also where in each volume the maxima are.
        _random_samples: from 0 to 1, (N, C, 3): drawn unless given.

    Returns:
        (N, C, *output_size) or (C, *output_size).

    Raises:
        ShapeError: there is no room for so many windows at different places.
        ArgumentError: both sizes are given, or neither.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool3d.html
    """
    both = fractional_max_pool3d_with_indices(
        input, kernel_size, output_size, output_ratio, _random_samples=_random_samples
    )
    return both if return_indices else both[0]
