"""Moving elements between channels and pixels of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensor.errors import ArgumentError, ShapeError
from tensor.ops.axes import permute
from tensor.ops.shapes import reshape
from tensor.scalars import check_numbers, whole

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _images(name: str, input: Tensor) -> tuple[tuple[int, ...], int, int, int]:
    shape = input._data.shape
    if len(shape) < 3:
        raise ShapeError(f"{name} expects input to have at least 3 dimensions, but got input with {len(shape)}")
    return shape[:-3], *shape[-3:]


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Return images with more pixels, made of their channels.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html

    Args:
        input: (..., channels * r * r, height, width), where r is the factor.
        upscale_factor: By how much each side grows.

    Returns:
        (..., channels, height * r, width * r).

    Raises:
        ArgumentError: The factor is not positive.
        ShapeError: The channels are no multiple of its square.
    """
    r = whole("pixel_shuffle", "upscale_factor", upscale_factor)
    batch, channels, height, width = _images("pixel_shuffle", input)
    if r <= 0:
        raise ArgumentError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    if channels % (r * r):
        raise ShapeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n, made = len(batch), channels // (r * r)
    split = reshape(input, (*batch, made, r, r, height, width))
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return reshape(permute(split, order), (*batch, made, height * r, width * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Return images with fewer pixels, which become channels: the inverse of `pixel_shuffle`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html

    Args:
        input: (..., channels, height * r, width * r), where r is the factor.
        downscale_factor: By how much each side shrinks.

    Returns:
        (..., channels * r * r, height, width).

    Raises:
        ArgumentError: The factor is not positive.
        ShapeError: A side is no multiple of it.
    """
    r = whole("pixel_unshuffle", "downscale_factor", downscale_factor)
    batch, channels, height, width = _images("pixel_unshuffle", input)
    if r <= 0:
        raise ArgumentError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    for side, size in (("height", height), ("width", width)):
        if size % r:
            raise ShapeError(
                f"pixel_unshuffle expects {side} to be divisible by downscale_factor, "
                f"but {size} is not divisible by {r}"
            )
    n = len(batch)
    split = reshape(input, (*batch, channels, height // r, r, width // r, r))
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return reshape(permute(split, order), (*batch, channels * r * r, height // r, width // r))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Return images with the channels of several groups interleaved.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html

    Args:
        input: (batch, channels, ...).
        groups: How many groups the channels are in.

    Raises:
        ArgumentError: There are no groups.
        ShapeError: The channels are no multiple of their number.
    """
    check_numbers("channel_shuffle", {"groups": groups})
    shape = input._data.shape
    if len(shape) < 3:
        raise ShapeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}")
    if groups <= 0:
        raise ArgumentError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if shape[1] % groups:
        raise ShapeError(
            f"Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} groups."
        )
    split = reshape(input, (shape[0], groups, shape[1] // groups, *shape[2:]))
    return reshape(permute(split, (0, 2, 1, *range(3, len(shape) + 1))), shape)
