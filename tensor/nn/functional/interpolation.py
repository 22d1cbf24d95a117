"""Resampling to other sizes, one dimension after the other."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError, ShapeError, UnsupportedError
from tensor.nn.functional.adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from tensor.nn.functional.windows import Sizes, along
from tensor.ops.elementwise import check_floating
from tensor.registry import op
from tensor.scalars import check_numbers, whole
from tensor.tensors import Tensor

_CUBIC = -0.75  # the kernel's free parameter
# How many dimensions an input has that a mode resamples; the others take any.
_DIMS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
_MODES = ("nearest", "nearest-exact", "area", *_DIMS)

# For one dimension: the elements that each result is made of, and how much of each; or just the elements.
Taps = list[tuple[Array, Array | None]]


def _positions(size: int, count: int, scale: float | None, dtype: np.dtype[Any], *, align_corners: bool) -> Array:
    """Where in the input each element of the result lies, in PyTorch's precision."""
    kind = dtype.type
    places = np.arange(count, dtype=dtype)
    if align_corners:
        return np.asarray(places * (kind(size - 1) / kind(count - 1) if count > 1 else kind(0)))
    return np.asarray((places + kind(0.5)) * _step(size, count, scale, dtype) - kind(0.5))


def _step(size: int, count: int, scale: float | None, dtype: np.dtype[Any]) -> Any:
    return dtype.type(1 / scale) if scale else dtype.type(size) / dtype.type(count)


def _nearest(size: int, count: int, scale: float | None, dtype: np.dtype[Any], *, exact: bool) -> Taps:
    shift = dtype.type(0.5 if exact else 0)
    places = np.floor((np.arange(count, dtype=dtype) + shift) * _step(size, count, scale, dtype))
    if not exact and count in (size, 2 * size):
        places = np.arange(count) // (count // size)  # whatever the scale
    return [(np.minimum(places.astype(np.int64), size - 1), None)]


def _linear(size: int, count: int, scale: float | None, dtype: np.dtype[Any], *, align_corners: bool) -> Taps:
    if count == size:
        return [(np.arange(size), None)]  # whatever the scale
    positions = np.maximum(_positions(size, count, scale, dtype, align_corners=align_corners), 0)
    left = np.minimum(positions.astype(np.int64), size - 1)
    share = np.clip(positions - left.astype(dtype), 0, 1)
    return [(left, 1 - share), (np.minimum(left + 1, size - 1), share)]


def cubic_weights(share: Array) -> list[Array]:
    """Return how much of the four elements around a place it is made of.

    Args:
        share: how far it lies from the second to the third, from 0 to 1.
    """

    def near(x: Array) -> Array:
        return np.asarray(((_CUBIC + 2) * x - (_CUBIC + 3)) * x * x + 1)

    def far(x: Array) -> Array:
        return np.asarray(((_CUBIC * x - 5 * _CUBIC) * x + 8 * _CUBIC) * x - 4 * _CUBIC)

    return [far(share + 1), near(share), near(1 - share), far(2 - share)]


def cubic_slopes(share: Array) -> list[Array]:
    """Return the derivatives of `cubic_weights`."""

    def near(x: Array) -> Array:
        return np.asarray((3 * (_CUBIC + 2) * x - 2 * (_CUBIC + 3)) * x)

    def far(x: Array) -> Array:
        return np.asarray((3 * _CUBIC * x - 10 * _CUBIC) * x + 8 * _CUBIC)

    return [far(share + 1), near(share), -near(1 - share), -far(2 - share)]


def _cubic(size: int, count: int, scale: float | None, dtype: np.dtype[Any], *, align_corners: bool) -> Taps:
    positions = _positions(size, count, scale, dtype, align_corners=align_corners)
    left = np.floor(positions)
    share = positions - left

    return [
        (np.clip(left.astype(np.int64) + at, 0, size - 1), weight.astype(dtype))
        for at, weight in zip(range(-1, 3), cubic_weights(share), strict=True)
    ]


def _triangle(x: Array) -> Array:
    return np.asarray(np.maximum(1 - x, 0))


def _smooth_cubic(x: Array) -> Array:
    """The cubic kernel with the parameter -0.5, as image libraries and PyTorch's antialiasing have it."""
    return np.where(x < 1, (1.5 * x - 2.5) * x * x + 1, np.where(x < 2, ((-0.5 * x + 2.5) * x - 4) * x + 2, 0))


# The kernel of each mode with antialiasing, and how far it reaches to each side.
_KERNELS: dict[str, tuple[Callable[[Array], Array], int]] = {"bilinear": (_triangle, 1), "bicubic": (_smooth_cubic, 2)}


def _antialiased(
    size: int, count: int, scale: float | None, dtype: np.dtype[Any], mode: str, *, align_corners: bool
) -> Taps:
    """Each result is made of all elements that a kernel reaches, which is as wide as the results are apart."""
    kernel, reach = _KERNELS[mode]
    step = (
        dtype.type((size - 1) / (count - 1) if count > 1 else 0) if align_corners else _step(size, count, scale, dtype)
    )
    width = max(step, dtype.type(1))
    centres = step * (np.arange(count, dtype=dtype) + dtype.type(0.5))
    half = dtype.type(0.5)
    first = np.maximum((centres - reach * width + half).astype(np.int64), 0)
    stop = np.minimum((centres + reach * width + half).astype(np.int64), size)
    index = first[:, None] + np.arange(max((stop - first).max(), 1))
    weights = kernel(np.abs((index - centres[:, None] + half) / width)).astype(dtype)
    weights[index >= stop[:, None]] = 0
    weights /= weights.sum(1, keepdims=True)
    return [(np.minimum(each, size - 1), weight) for each, weight in zip(index.T, weights.T, strict=True)]


def _taps(
    sizes: Sequence[int],
    counts: Sequence[int],
    scales: Sequence[float | None],
    dtype: np.dtype[Any],
    mode: str,
    align_corners: bool,
    antialias: bool = False,
) -> list[Taps]:
    """What each dimension's results are made of."""
    made = []
    for size, count, scale in zip(sizes, counts, scales, strict=True):
        if antialias:
            made.append(_antialiased(size, count, scale, dtype, mode, align_corners=align_corners))
        elif mode.startswith("nearest"):
            made.append(_nearest(size, count, scale, dtype, exact=mode == "nearest-exact"))
        else:
            compute = _cubic if mode == "bicubic" else _linear
            made.append(compute(size, count, scale, dtype, align_corners=align_corners))
    return made


def _resampled(input: Array, taps: Sequence[Taps]) -> Array:
    for axis, parts in zip(range(-1, -len(taps) - 1, -1), reversed(taps), strict=True):
        out: Array | None = None
        for index, weight in parts:
            part = np.take(input, index, axis)
            if weight is not None:
                part *= weight.reshape(-1, *[1] * (-axis - 1))
            out = part if out is None else np.add(out, part, out=out)
        assert out is not None
        input = out
    return input


def _resampled_vjp(g: Array, taps: Sequence[Taps], sizes: Sequence[int]) -> Array:
    for axis, parts, size in zip(range(-len(taps), 0), taps, sizes, strict=True):
        shape = list(g.shape)
        shape[axis] = size
        gradient = np.zeros(shape, g.dtype)
        for index, weight in parts:
            weighed = g if weight is None else g * weight.reshape(-1, *[1] * (-axis - 1))
            # Results that share an element lie side by side: each run is summed up at once.
            starts = np.flatnonzero(np.r_[True, index[1:] != index[:-1]])
            gradient[along(axis, index[starts])] += np.add.reduceat(weighed, starts, axis)
        g = gradient
    return g


def _computed(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that PyTorch computes places in."""
    return np.dtype(np.float64 if dtype == np.float64 else np.float32)


def _upsample_nearest(input: Array, *, mode: str, counts: tuple[int, ...], scales: tuple[float | None, ...]) -> Array:
    sizes = input.shape[-len(counts) :]
    return _resampled(input, _taps(sizes, counts, scales, _computed(input.dtype), mode, False))


def _upsample_nearest_vjp(
    g: Array, shape: tuple[int, ...], mode: str, counts: tuple[int, ...], scales: tuple[float | None, ...]
) -> Array:
    sizes = shape[-len(counts) :]
    return _resampled_vjp(g, _taps(sizes, counts, scales, _computed(g.dtype), mode, False), sizes)


def _upsample(
    input: Array,
    *,
    mode: str,
    counts: tuple[int, ...],
    scales: tuple[float | None, ...],
    align_corners: bool,
    antialias: bool,
) -> Array:
    check_floating("interpolate", input)
    sizes = input.shape[-len(counts) :]
    return _resampled(input, _taps(sizes, counts, scales, input.dtype, mode, align_corners, antialias))


def _upsample_vjp(
    g: Array,
    shape: tuple[int, ...],
    mode: str,
    counts: tuple[int, ...],
    scales: tuple[float | None, ...],
    align_corners: bool,
    antialias: bool,
) -> Array:
    sizes = shape[-len(counts) :]
    return _resampled_vjp(g, _taps(sizes, counts, scales, g.dtype, mode, align_corners, antialias), sizes)


UPSAMPLE_NEAREST = op("upsample_nearest", _upsample_nearest, moves=True, input=_upsample_nearest_vjp)
UPSAMPLE = op("upsample", _upsample, input=_upsample_vjp)


def interpolate(
    input: Tensor,
    size: Sizes | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resample to other sizes.

    Args:
        input: (N, C, ...), with one to three further dimensions.
        size: of the result's further dimensions.
        scale_factor: what to multiply their sizes by, in place of `size`.
        mode: `nearest` or `nearest-exact`, `linear` (one further dimension), `bilinear` or `bicubic` (two),
            `trilinear` (three), or `area` for averages.
        align_corners: whether the centres of the corners stay where they are, rather than the corners themselves; of
            the linear and cubic modes only.
        recompute_scale_factor: whether to use the ratio of the sizes, which are integers, in place of the given factor.
        antialias: whether what is made smaller is smoothed, so that each result is made of all that it stands for; of
            `bilinear` and `bicubic` only.

    Returns:
        (N, C, ...) of the new sizes.

    Raises:
        ShapeError: the input has another number of dimensions than the mode takes, or is empty.
        ArgumentError: the arguments contradict each other.
        UnsupportedError: there is no such mode.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    """
    shape = input._data.shape
    dims = len(shape) - 2
    _check(shape, mode, align_corners, antialias)
    counts, scales = _wanted(shape[2:], size, scale_factor, recompute_scale_factor)
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[dims - 1](input, counts)
    if min((*shape[1:], *counts)) <= 0:
        raise ShapeError(
            f"Input and output sizes should be greater than 0, but got input {list(shape)} and output {list(counts)}"
        )
    if mode.startswith("nearest"):
        return apply(UPSAMPLE_NEAREST, input, mode=mode, counts=counts, scales=scales)
    return apply(
        UPSAMPLE,
        input,
        mode=mode,
        counts=counts,
        scales=scales,
        align_corners=bool(align_corners),
        antialias=bool(antialias),
    )


def _check(shape: tuple[int, ...], mode: str, align_corners: bool | None, antialias: bool) -> None:
    """Raise unless a mode takes inputs of a shape, and these options."""
    if mode not in _MODES:
        raise UnsupportedError(f"interpolate: expected a mode of {', '.join(_MODES)}, got {mode!r}")
    if mode not in _DIMS and align_corners is not None:
        raise ArgumentError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    if antialias and mode not in _KERNELS:
        raise ArgumentError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input, got "
            f"mode {mode!r} and an input of shape {list(shape)}"
        )
    if not 3 <= len(shape) <= 5 or _DIMS.get(mode, len(shape) - 2) != len(shape) - 2:
        wanted = f"{_DIMS[mode] + 2}D" if mode in _DIMS else "3D, 4D or 5D"
        raise ShapeError(f"interpolate: Got {len(shape)}D input, but {mode} mode needs {wanted} input")


def _wanted(
    sizes: tuple[int, ...], size: Sizes | None, scale_factor: Any, recompute: bool | None
) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """Return the result's sizes, and the factors to compute places with: `None` for the ratio of the sizes."""
    if (size is None) == (scale_factor is None):
        raise ArgumentError(f"{'either' if size is None else 'only one of'} size or scale_factor should be defined")
    given = scale_factor if size is None else size
    values: tuple[Any, ...] = tuple(given) if isinstance(given, tuple | list) else (given,) * len(sizes)
    what = "scale_factor" if size is None else "size"
    if size is not None:
        values = tuple([whole("interpolate", what, each) for each in values])
    for each in values:
        check_numbers("interpolate", {what: each})
    if len(values) != len(sizes):
        raise ArgumentError(
            f"interpolate: Input and {what} must have the same number of spatial dimensions, but got input with "
            f"spatial dimensions of {list(sizes)} and {what} of {list(values)}"
        )
    if size is not None:
        if recompute:
            raise ArgumentError("recompute_scale_factor is not meaningful with an explicit size.")
        if any(not hasattr(each, "__index__") for each in values):
            raise DtypeError(f"interpolate(): size must be integers, got {list(values)}")
        return tuple([each.__index__() for each in values]), (None,) * len(sizes)
    scales = tuple([float(each) for each in values])
    counts = tuple([int(np.floor(side * scale)) for side, scale in zip(sizes, scales, strict=True)])
    return counts, (None,) * len(sizes) if recompute else scales


def upsample(
    input: Tensor,
    size: Sizes | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """Resample to other sizes: the deprecated name of `interpolate`.

    Args:
        input: (N, C, ...), with one to three further dimensions.
        size: see `interpolate`.
        scale_factor: see `interpolate`.
        mode: see `interpolate`.
        align_corners: see `interpolate`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample.html
    """
    resampled = interpolate(input, size, scale_factor, mode, align_corners)
    _deprecated("upsample")
    return resampled


def upsample_nearest(
    input: Tensor, size: Sizes | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """Resample by repeating the nearest place: a deprecated name of `interpolate`.

    Args:
        input: (N, C, ...), with one to three further dimensions.
        size: see `interpolate`.
        scale_factor: see `interpolate`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample_nearest.html
    """
    resampled = interpolate(input, size, scale_factor, "nearest")
    _deprecated("upsample_nearest")
    return resampled


def upsample_bilinear(
    input: Tensor, size: Sizes | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """Resample images linearly, the corners' centres fixed: a deprecated name of `interpolate`.

    Args:
        input: (N, C, H, W).
        size: see `interpolate`.
        scale_factor: see `interpolate`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample_bilinear.html
    """
    resampled = interpolate(input, size, scale_factor, "bilinear", align_corners=True)
    _deprecated("upsample_bilinear")
    return resampled


def _deprecated(name: str) -> None:
    warnings.warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3)
