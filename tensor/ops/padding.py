"""Padding: more places before and after those of a dimension, or fewer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array, Scalar, fitting
from tensor.errors import ArgumentError, ShapeError, UnsupportedError
from tensor.ops.places import rows, summed
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

# How much before and after each dimension, from the first one.
Widths = tuple[tuple[int, int], ...]


def _constant_pad(input: Array, *, widths: Widths, value: Scalar) -> Array:
    shape = [size + before + after for size, (before, after) in zip(input.shape, widths, strict=True)]
    whole = np.full(shape, fitting(value, input.dtype))
    inner = tuple(
        [slice(max(before, 0), size - max(after, 0)) for size, (before, after) in zip(shape, widths, strict=True)]
    )
    kept = tuple(
        [
            slice(max(-before, 0), size - max(-after, 0))
            for size, (before, after) in zip(input.shape, widths, strict=True)
        ]
    )
    whole[inner] = input[kept]
    return whole


def _constant_pad_vjp(g: Array, widths: Widths) -> Array:
    return _constant_pad(g, widths=tuple([(-before, -after) for before, after in widths]), value=0)


def _sources(size: int, before: int, after: int, mode: str) -> Array:
    """Which place of a dimension each place of the padded one repeats."""
    places = np.arange(-before, size + after)
    if mode == "replicate":
        return np.clip(places, 0, size - 1)
    if mode == "circular":  # around what is left
        first, last = max(-before, 0), size - max(-after, 0)
        return first + (places - first) % max(last - first, 1)
    turned = np.abs(places)  # at the first place, then at the last
    return np.where(turned > size - 1, 2 * (size - 1) - turned, turned)


def _mirror_pad(input: Array, *, widths: Widths, mode: str) -> Array:
    out = input
    for dim, (before, after) in enumerate(widths):
        if before or after:
            out = np.take(out, _sources(input.shape[dim], before, after, mode), dim)
    return out.copy() if out is input else out


def _mirror_pad_vjp(g: Array, shape: tuple[int, ...], widths: Widths, mode: str) -> Array:
    for dim, (before, after) in reversed([*enumerate(widths)]):
        if before or after:
            inner = (*g.shape[:dim], shape[dim], *g.shape[dim + 1 :])
            g = summed(inner, rows(inner, _sources(shape[dim], before, after, mode), dim), g)
    return g


CONSTANT_PAD = op("constant_pad_nd", _constant_pad, moves=True, input=_constant_pad_vjp)
MIRROR_PAD = op("mirror_pad", _mirror_pad, moves=True, input=_mirror_pad_vjp)


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Return a tensor with places added to its last dimensions, or taken off where a number is negative.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html

    Args:
        input: Any shape; other modes than `"constant"` take up to three last dimensions, behind one or two others.
        pad: How many before and after: (last before, last after, second last before, ...).
        mode: `"constant"`; `"reflect"`, without the outermost place twice; `"replicate"`; or `"circular"`.
        value: What to fill with, 0 if not given; for `"constant"` alone.

    Raises:
        ArgumentError: `pad` has an odd length or too many numbers, or there is no such mode.
        ShapeError: A dimension would be smaller than nothing, or is too small to reflect or go around.
        UnsupportedError: The number of dimensions does not fit the mode.
    """
    widths = tuple([int(each) for each in pad])
    if len(widths) % 2:
        raise ArgumentError(f"Padding length must be divisible by 2, got {len(widths)}")
    if len(widths) > 2 * input._data.ndim:
        raise ArgumentError(
            f"Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(widths)} and input of dimension {input._data.ndim}"
        )
    if mode == "constant":
        return constant_pad(input, widths, 0 if value is None else value)
    if value:
        raise ArgumentError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise ArgumentError(f"Unrecognised padding mode {mode!r}; there are constant, reflect, replicate and circular")
    return _mirrored(input, widths, mode)


def _mirrored(input: Tensor, widths: tuple[int, ...], mode: str) -> Tensor:
    ndim, dims = input._data.ndim, len(widths) // 2
    if dims not in (1, 2, 3) or ndim not in (dims + 1, dims + 2):
        raise UnsupportedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now: "
            f"got {dims} padded dimensions of {ndim}; they must be the last 1 to 3, behind one or two others"
        )
    shape = input._data.shape
    if not math.prod(shape[-dims:]) or not math.prod(shape[ndim - dims - 1 : ndim - dims]):
        raise ShapeError(f"{mode} padding: Expected non-zero sizes in all but the batch dimension, got {list(shape)}")
    whole = _by_dims(widths, ndim)
    for size, (before, after) in zip(shape, whole, strict=True):
        if not (before or after):  # a batch may have no rows
            continue
        if mode == "reflect" and max(before, after) >= size:
            raise ShapeError(
                "Padding size should be less than the corresponding input dimension, but got: padding "
                f"({before}, {after}) at a dimension of size {size} of input {list(shape)}"
            )
        if mode == "circular" and max(before, after) > size:
            raise ShapeError(f"Padding value causes wrapping around more than once: ({before}, {after}) of {size}")
        if size + before + after < 1:
            raise ShapeError(f"{mode} padding: ({before}, {after}) leaves nothing of a dimension of size {size}")
    return apply(MIRROR_PAD, input, widths=whole, mode=mode)


def _by_dims(widths: Sequence[int], ndim: int) -> Widths:
    pairs = list(zip(widths[::2], widths[1::2], strict=True))
    return ((0, 0),) * (ndim - len(pairs)) + tuple(reversed(pairs))


def constant_pad(input: Tensor, widths: Sequence[int], value: Any) -> Tensor:
    """Return a tensor with places of one value added to its last dimensions; see `pad`."""
    whole = _by_dims(widths, input._data.ndim)
    for dim, (size, (before, after)) in enumerate(zip(input._data.shape, whole, strict=True)):
        kept = size + min(before, 0), size + min(before, 0) + min(after, 0)
        if min(kept) < 0:
            raise ShapeError(
                f"The input size {size}, plus negative padding {before} and {after} resulted in a negative output "
                f"size, which is invalid. Check dimension {dim} of your input."
            )
    return apply(CONSTANT_PAD, input, widths=whole, value=value)
