"""Maxima over windows together with where they lie, under the names that say so."""

from __future__ import annotations

from tensor.nn.functional.adaptive_pooling import (
    OutputSize,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
)
from tensor.nn.functional.max_pooling import max_pool1d, max_pool2d, max_pool3d
from tensor.nn.functional.windows import Sizes
from tensor.tensors import Tensor

Pair = tuple[Tensor, Tensor]


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Pair:
    """Return what `max_pool1d` does with indices; whether they are asked for does not matter."""
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)  # type: ignore[return-value]


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Pair:
    """Return what `max_pool2d` does with indices; whether they are asked for does not matter."""
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)  # type: ignore[return-value]


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Pair:
    """Return what `max_pool3d` does with indices; whether they are asked for does not matter."""
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)  # type: ignore[return-value]


def adaptive_max_pool1d_with_indices(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Pair:
    """Return what `adaptive_max_pool1d` does with indices; whether they are asked for does not matter."""
    return adaptive_max_pool1d(input, output_size, True)  # type: ignore[return-value]


def adaptive_max_pool2d_with_indices(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Pair:
    """Return what `adaptive_max_pool2d` does with indices; whether they are asked for does not matter."""
    return adaptive_max_pool2d(input, output_size, True)  # type: ignore[return-value]


def adaptive_max_pool3d_with_indices(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Pair:
    """Return what `adaptive_max_pool3d` does with indices; whether they are asked for does not matter."""
    return adaptive_max_pool3d(input, output_size, True)  # type: ignore[return-value]
