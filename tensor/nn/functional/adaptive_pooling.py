"""Averages and maxima over as many windows as the result shall have elements; the windows' sizes may differ by one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array, is_floating
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.nn.functional.max_pooling import MaxPooled, scattered
from tensor.nn.functional.windows import along, trailing
from tensor.ops.elementwise import check_floating
from tensor.registry import op
from tensor.tensors import Tensor

OutputSize = int | Sequence[int | None]


def _spans(size: int, count: int) -> list[tuple[int, int]]:
    """The windows of one dimension: start and stop."""
    return [(at * size // count, -(-(at + 1) * size // count)) for at in range(count)]


def _adaptive_avg_pool(input: Array, *, places: tuple[int, ...]) -> Array:
    check_floating("adaptive_avg_pool", input)
    if max(places) == 1 == min(places):
        lead = input.shape[: -len(places)]
        means = input.reshape(*lead, math.prod(input.shape[len(lead) :])).mean(-1)
        return np.asarray(means.reshape(*lead, *places))
    out = input
    for axis, count in zip(range(-len(places), 0), places, strict=True):
        size = out.shape[axis]
        if count and size % count == 0:
            split = out.reshape(*out.shape[:axis], count, size // count, *out.shape[out.ndim + axis + 1 :])
            out = split.mean(axis)
            continue
        means = np.empty((*out.shape[:axis], count, *out.shape[out.ndim + axis + 1 :]), out.dtype)
        for at, (start, stop) in enumerate(_spans(size, count)):
            np.mean(out[along(axis, slice(start, stop))], axis=axis, out=means[along(axis, at)])
        out = means
    return out


def _adaptive_avg_pool_vjp(g: Array, shape: tuple[int, ...], places: tuple[int, ...]) -> Array:
    for axis in range(-len(places), 0):
        size = shape[axis]
        gradient = np.zeros((*g.shape[:axis], size, *g.shape[g.ndim + axis + 1 :]), g.dtype)
        for at, (start, stop) in enumerate(_spans(size, g.shape[axis])):
            gradient[along(axis, slice(start, stop))] += g[along(axis, slice(at, at + 1))] / (stop - start)
        g = gradient
    return g


ADAPTIVE_AVG_POOL = op("adaptive_avg_pool", _adaptive_avg_pool, input=_adaptive_avg_pool_vjp)


def _adaptive_max_pool(input: Array, *, places: tuple[int, ...]) -> tuple[Array, Array]:
    if not is_floating(input.dtype):
        raise DtypeError(f"adaptive_max_pool: not implemented for {dtypes.of(input.dtype)}; use .float()")
    dims = len(places)
    lead, sizes = input.shape[: input.ndim - dims], input.shape[input.ndim - dims :]
    out = np.empty((*lead, *places), input.dtype)
    indices = np.empty((*lead, *places), np.int64)
    spans = [list(enumerate(_spans(size, count))) for size, count in zip(sizes, places, strict=True)]
    for window in itertools.product(*spans):
        place = tuple([at for at, _ in window])
        part = input[trailing(*[slice(start, stop) for _, (start, stop) in window])]
        flat = part.reshape(*lead, math.prod(part.shape[len(lead) :]))
        best = flat.argmax(-1)  # the first nan, if there is one
        out[trailing(*place)] = np.take_along_axis(flat, best[..., None], -1)[..., 0]
        within = np.unravel_index(best, part.shape[len(lead) :])
        moved = tuple([each + start for each, (_, (start, _)) in zip(within, window, strict=True)])
        indices[trailing(*place)] = np.ravel_multi_index(moved, sizes)
    return out, indices


ADAPTIVE_MAX_POOL = op(
    "adaptive_max_pool",
    _adaptive_max_pool,
    outputs=2,
    extras=("indices",),
    input=lambda g, shape, indices, places: scattered(g, indices, shape, len(places)),
)


def _places(name: str, dims: int, input: Tensor, output_size: OutputSize) -> tuple[int, ...]:
    """Return the sizes of the result, those that were left open being the input's."""
    shape = input._data.shape
    if len(shape) not in (dims + 1, dims + 2):
        raise ShapeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got {list(shape)}")
    if 0 in shape[-dims - 1 :]:
        raise ShapeError(
            f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
            f"{list(shape)} with dimension {shape.index(0, len(shape) - dims - 1)} being empty"
        )
    given: tuple[Any, ...] = tuple(output_size) if isinstance(output_size, tuple | list) else (output_size,) * dims
    if len(given) == 1 and dims == 1:
        given = given * dims
    if len(given) != dims:
        raise ArgumentError(f"{name}: output_size must be {dims}, one for each dimension; got {list(given)}")
    try:
        places = tuple(
            [size if each is None else each.__index__() for each, size in zip(given, shape[-dims:], strict=True)]
        )
    except (AttributeError, TypeError):
        raise DtypeError(f"{name}(): output_size must be integers or None, got {output_size!r}") from None
    if min(places) < 0:
        raise ArgumentError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {list(places)}"
        )
    return places


def adaptive_avg_pool1d(input: Tensor, output_size: OutputSize) -> Tensor:
    """Return averages over as many windows of the last dimension as asked for.

    Args:
        input: (N, C, L), or (C, L), floating-point.
        output_size: how many.

    Returns:
        (N, C, output_size), or (C, output_size).

    Raises:
        ShapeError: the input has another number of dimensions, or is empty.
        ArgumentError: the size is negative.
        DtypeError: the input holds no floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html
    """
    return apply(ADAPTIVE_AVG_POOL, input, places=_places("adaptive_avg_pool1d", 1, input, output_size))


def adaptive_avg_pool2d(input: Tensor, output_size: OutputSize) -> Tensor:
    """Return averages over as many windows of the last two dimensions as asked for.

    Args:
        input: (N, C, H, W), or (C, H, W), floating-point.
        output_size: how many, one number for both dimensions or one for each; `None` for as many as in the input.

    Returns:
        (N, C, *output_size), or (C, *output_size).

    Raises:
        ShapeError: the input has another number of dimensions, or is empty.
        ArgumentError: a size is negative, or there are not two.
        DtypeError: the input holds no floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
    """
    return apply(ADAPTIVE_AVG_POOL, input, places=_places("adaptive_avg_pool2d", 2, input, output_size))


def adaptive_avg_pool3d(input: Tensor, output_size: OutputSize) -> Tensor:
    """Return averages over as many windows of the last three dimensions as asked for.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W), floating-point.
        output_size: how many, one number for all dimensions or one for each; `None` for as many as in the input.

    Returns:
        (N, C, *output_size), or (C, *output_size).

    Raises:
        ShapeError: the input has another number of dimensions, or is empty.
        ArgumentError: a size is negative, or there are not three.
        DtypeError: the input holds no floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool3d.html
    """
    return apply(ADAPTIVE_AVG_POOL, input, places=_places("adaptive_avg_pool3d", 3, input, output_size))


def adaptive_max_pool1d(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> MaxPooled:
    """Return the largest elements in as many windows of the last dimension as asked for.

    Args:
        input: (N, C, L), or (C, L), floating-point.
        output_size: how many.
        return_indices: whether to return where each maximum lies, too.

    Returns:
        (N, C, output_size), or (C, output_size); with the indices, int64, of the same shape.

    Raises:
        ShapeError: the input has another number of dimensions, or is empty.
        ArgumentError: the size is negative.
        DtypeError: the input holds no floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html
    """
    return _max("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> MaxPooled:
    """Return the largest elements in as many windows of the last two dimensions as asked for.

    Args:
        input: (N, C, H, W), or (C, H, W), floating-point.
        output_size: how many, one number for both dimensions or one for each; `None` for as many as in the input.
        return_indices: whether to return where each maximum lies in its plane, too.

    Returns:
        (N, C, *output_size), or (C, *output_size); with the indices, int64, of the same shape.

    Raises:
        ShapeError: the input has another number of dimensions, or is empty.
        ArgumentError: a size is negative, or there are not two.
        DtypeError: the input holds no floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
    """
    return _max("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> MaxPooled:
    """Return the largest elements in as many windows of the last three dimensions as asked for.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W), floating-point.
        output_size: how many, one number for all dimensions or one for each; `None` for as many as in the input.
        return_indices: whether to return where each maximum lies in its volume, too.

    Returns:
        (N, C, *output_size), or (C, *output_size); with the indices, int64, of the same shape.

    Raises:
        ShapeError: the input has another number of dimensions, or is empty.
        ArgumentError: a size is negative, or there are not three.
        DtypeError: the input holds no floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool3d.html
    """
    return _max("adaptive_max_pool3d", 3, input, output_size, return_indices)


def _max(name: str, dims: int, input: Tensor, output_size: OutputSize, return_indices: bool) -> MaxPooled:
    both: tuple[Tensor, Tensor] = apply(ADAPTIVE_MAX_POOL, input, places=_places(name, dims, input, output_size))  # type: ignore[assignment]
    return both if return_indices else both[0]
