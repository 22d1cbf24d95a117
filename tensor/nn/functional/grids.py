"""Images read at places that a grid names, as spatial transformers do."""

from __future__ import annotations

import functools
import itertools
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError, ShapeError, UnsupportedError
from tensor.factories import from_numpy
from tensor.nn.functional.interpolation import cubic_slopes, cubic_weights
from tensor.ops.elementwise import check_floating
from tensor.registry import op
from tensor.tensors import Tensor

_MODES = ("bilinear", "nearest", "bicubic")
_PADDING_MODES = ("zeros", "border", "reflection")
_NOWHERE = -100  # outside of every image, far enough for no window to reach it


@dataclass(frozen=True)
class _Tap:
    """One of the places along a dimension that make up each result.

    Args:
        index: of the place, within the dimension.
        weight: how much of it.
        slope: the weight's derivative by the position that the grid names.
    """

    index: Array
    weight: Array
    slope: Array


def _unnormalized(grid: Array, size: int, *, align_corners: bool) -> tuple[Array, float]:
    """Return the positions that -1 to 1 stand for in a dimension, and their derivative."""
    factor = (size - 1) / 2 if align_corners else size / 2
    return (grid + 1) * factor - (0 if align_corners else 0.5), factor


def _moved_inside(positions: Array, size: int, mode: str, *, align_corners: bool) -> tuple[Array, Array | float]:
    """Return positions that lie inside a dimension, and the derivatives of these by those given."""
    slope: Array | float = 1.0
    positions = np.where(np.isfinite(positions), positions, np.nan)  # whose remainder NumPy does not warn about
    if mode == "reflection":
        low, span = (0.0, size - 1.0) if align_corners else (-0.5, float(size))
        if not span:
            return np.zeros_like(positions), 0.0
        away = positions - low
        flips, rest = np.divmod(np.abs(away), span)
        odd = flips % 2 == 1
        slope = np.where(odd != (away < 0), -1.0, 1.0).astype(positions.dtype)
        positions = np.where(odd, span - rest, rest) + low
    inside = (positions > 0) & (positions < size - 1)
    return np.clip(positions, 0, size - 1), slope * inside


def _taps(grid: Array, size: int, mode: str, padding_mode: str, align_corners: bool) -> list[_Tap]:
    """Return the places along one dimension that the results are made of."""
    positions, scale = _unnormalized(grid, size, align_corners=align_corners)
    slope: Array | float = scale
    # Of cubic pieces not the position but each of the elements around it is moved inside.
    moves_position = padding_mode != "zeros" and mode != "bicubic"
    if moves_position:
        positions, inner = _moved_inside(positions, size, padding_mode, align_corners=align_corners)
        slope = scale * inner
    positions = np.where(np.abs(positions) < 2**31, positions, positions.dtype.type(_NOWHERE))  # nan too
    first, weights, slopes = _weights(positions, mode)
    taps = []
    for at, (weight, derivative) in enumerate(zip(weights, slopes, strict=True)):
        places = first + at
        if padding_mode != "zeros" and not moves_position:
            places, _ = _moved_inside(places, size, padding_mode, align_corners=align_corners)
        inside = (places >= 0) & (places < size)
        index = np.clip(places, 0, size - 1).astype(np.int64)
        taps.append(_Tap(index, weight * inside, derivative * inside * slope))
    return taps


def _weights(positions: Array, mode: str) -> tuple[Array, list[Array], list[Array]]:
    """Return the first of the elements around positions, how much of it and of those behind, and the derivatives."""
    one = np.ones_like(positions)
    if mode == "nearest":
        return np.rint(positions), [one], [0 * one]
    first = np.floor(positions)
    share = positions - first
    if mode == "bilinear":
        return first, [1 - share, share], [-one, one]
    return first - 1, cubic_weights(share), cubic_slopes(share)


def _combined(
    input: Array, grid: Array, mode: str, padding_mode: str, align_corners: bool
) -> Iterator[tuple[Array, tuple[_Tap, ...]]]:
    """Yield each combination of taps, and where in flat memory of one channel they meet, (N, *places)."""
    sizes = input.shape[2:]
    # The grid names the last dimension first.
    axes = [_taps(grid[..., -1 - dim], size, mode, padding_mode, align_corners) for dim, size in enumerate(sizes)]
    for taps in itertools.product(*axes):
        where = taps[0].index
        for tap, size in zip(taps[1:], sizes[1:], strict=True):
            where = where * size + tap.index
        yield where, taps


def _grid_sample(input: Array, grid: Array, *, mode: str, padding_mode: str, align_corners: bool) -> Array:
    check_floating("grid_sample", input)
    if grid.dtype != input.dtype:
        raise DtypeError(
            "grid_sample(): expected input and grid to have same dtype, but input has "
            f"{dtypes.of(input.dtype)} and grid has {dtypes.of(grid.dtype)}"
        )
    batch, channels = input.shape[:2]
    places = grid.shape[1:-1]
    rows = input.reshape(batch, channels, math.prod(input.shape[2:]))
    out = np.zeros((batch, channels, math.prod(places)), input.dtype)
    for where, taps in _combined(input, grid, mode, padding_mode, align_corners):
        weight = _product([tap.weight for tap in taps])
        out += _read(rows, where) * weight.reshape(batch, 1, out.shape[2])
    return out.reshape(batch, channels, *places)


def _product(factors: Sequence[Array]) -> Array:
    return functools.reduce(np.multiply, factors)


def _read(rows: Array, where: Array) -> Array:
    """Return what lies at places (N, ...) of each channel of rows (N, C, n)."""
    return np.take_along_axis(rows, where.reshape(len(rows), 1, math.prod(where.shape[1:])), 2)


def _grid_sample_vjp(
    g: Array,
    needs: tuple[bool, ...],
    input: Array,
    grid: Array,
    mode: str,
    padding_mode: str,
    align_corners: bool,
) -> tuple[Array | None, Array | None]:
    batch, channels, *sizes = input.shape
    rows, plane = input.reshape(batch, channels, math.prod(sizes)), math.prod(sizes)
    g = g.reshape(batch, channels, math.prod(grid.shape[1:-1]))
    first = np.arange(batch * channels).reshape(batch, channels, 1) * plane  # of each channel in flat memory
    for_input = np.zeros(input.size, g.dtype) if needs[0] else None
    for_grid = np.zeros(grid.shape, g.dtype) if needs[1] else None
    for where, taps in _combined(input, grid, mode, padding_mode, align_corners):
        if for_input is not None:
            weight = _product([tap.weight for tap in taps]).reshape(batch, 1, g.shape[2])
            at = first + where.reshape(batch, 1, g.shape[2])
            np.add.at(for_input, at.reshape(-1), (g * weight).reshape(-1))
        if for_grid is not None and mode != "nearest":
            along = (g * _read(rows, where)).sum(1).reshape(where.shape)
            for dim, tap in enumerate(taps):
                others = _product([other.weight for at, other in enumerate(taps) if at != dim])
                for_grid[..., -1 - dim] += along * others * tap.slope
    return None if for_input is None else for_input.reshape(input.shape), for_grid


GRID_SAMPLE = op("grid_sampler", _grid_sample, vjp=_grid_sample_vjp)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Read images at the places that a grid names.

    Args:
        input: (N, C, H, W), or (N, C, D, H, W), floating-point.
        grid: (N, H', W', 2), or (N, D', H', W', 3), of the input's dtype: x, y and z from -1 to 1, which are the sides.
        mode: `bilinear`, `nearest`, or, of images only, `bicubic`.
        padding_mode: what lies beyond the sides: `zeros`, `border` for the outermost pixels, or `reflection`.
        align_corners: whether -1 and 1 are the outermost pixels' centres, rather than their outer sides.

    Returns:
        (N, C, H', W'), or (N, C, D', H', W').

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: there is no such mode.
        DtypeError: the dtypes differ, or are not of floats.

    Source: Jaderberg et al., 2015, https://arxiv.org/abs/1506.02025;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
    """
    if mode not in _MODES:
        raise ArgumentError(f"grid_sample(): expected mode to be one of {', '.join(_MODES)}, but got: {mode!r}")
    if padding_mode not in _PADDING_MODES:
        raise ArgumentError(
            f"grid_sample(): expected padding_mode to be one of {', '.join(_PADDING_MODES)}, but got: {padding_mode!r}"
        )
    shape, places = input._data.shape, grid._data.shape
    if len(shape) not in (4, 5) or len(places) != len(shape):
        raise ShapeError(
            "grid_sample(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes "
            f"{list(shape)} and grid with sizes {list(places)}"
        )
    if shape[0] != places[0]:
        raise ShapeError(
            "grid_sample(): expected grid and input to have same batch size, but got input with sizes "
            f"{list(shape)} and grid with sizes {list(places)}"
        )
    if places[-1] != len(shape) - 2:
        raise ShapeError(
            f"grid_sample(): expected grid to have size {len(shape) - 2} in last dimension, but got grid with sizes "
            f"{list(places)}"
        )
    if 0 in shape[2:]:
        raise ShapeError(
            f"grid_sample(): expected input to have non-empty spatial dimensions, but input has sizes {list(shape)}"
        )
    if mode == "bicubic" and len(shape) == 5:
        raise ArgumentError("grid_sample(): bicubic interpolation only supports 4D input")
    if align_corners is None:
        _warn_of_the_default("grid_sample")
    return apply(GRID_SAMPLE, input, grid, mode=mode, padding_mode=padding_mode, align_corners=bool(align_corners))


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """Return the grid with which `grid_sample` transforms images by affine maps.

    Args:
        theta: (N, 2, 3), or (N, 3, 4) for volumes, floating-point: from the result's places to the input's.
        size: the result's shape, (N, C, H, W) or (N, C, D, H, W).
        align_corners: as for `grid_sample`.

    Returns:
        (N, H, W, 2), or (N, D, H, W, 3).

    Raises:
        DtypeError: `theta` holds no floats.
        ShapeError: the shapes do not fit.
        ArgumentError: a size is not positive.
        UnsupportedError: `size` is not of 4 or 5 dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
    """
    if align_corners is None:
        _warn_of_the_default("affine_grid")
    if not theta.is_floating_point():
        raise DtypeError(f"affine_grid(): Expected theta to have floating point type, but got {theta.dtype}")
    wanted = [int(each) for each in size]
    dims = len(wanted) - 2
    if dims not in (2, 3):
        raise UnsupportedError(f"affine_grid only supports 4D and 5D sizes. Got size {wanted}.")
    if tuple(theta.shape) != (wanted[0], dims, dims + 1):
        raise ShapeError(
            f"affine_grid(): Expected a batch of {dims}D affine matrices of shape ({wanted[0]}, {dims}, {dims + 1}) "
            f"for size {wanted}. Got {list(theta.shape)}."
        )
    if min(wanted) <= 0:
        raise ArgumentError(f"affine_grid(): Expected non-zero, positive output size. Got {wanted}")
    places = _places(wanted[2:], align_corners=bool(align_corners))
    base = from_numpy(places.reshape(-1, dims + 1)).to(theta.dtype)
    return (base @ theta.transpose(1, 2)).reshape(wanted[0], *wanted[2:], dims)


def _places(sizes: Sequence[int], *, align_corners: bool) -> Array:
    """Return where the places of an image lie, and a one: (*sizes, dims + 1), float64, x first."""
    sides = [np.linspace(-1, 1, size) if size > 1 else np.zeros(1) for size in sizes]
    if not align_corners:
        sides = [side * ((size - 1) / size) for side, size in zip(sides, sizes, strict=True)]
    each = np.meshgrid(*sides, indexing="ij")
    return np.stack([*reversed(each), np.ones(tuple(sizes))], -1)


def _warn_of_the_default(name: str) -> None:
    warnings.warn(
        f"{name}: align_corners is False by default, as in PyTorch since 1.3; pass it, True for what was done before",
        stacklevel=3,
    )
