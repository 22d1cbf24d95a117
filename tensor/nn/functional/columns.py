"""Convolution of arrays as products of matrices, in blocks that stay in the cache.

A window's elements, over all the places where it may lie, are the rows of a matrix, the *columns*; convolving
multiplies it by the weights. `Layout` makes the rows cheap to copy. Phases: with a stride of s, element o of a window
meets only every s-th element of the input, from the o-th on, so these are put side by side first. Flat places: what a
window's element meets over a whole plane then is one run of memory, shifted, if the windows that would lie across the
plane's right edge are computed too and thrown away at the end.

Of (N, C, *sizes) with weights (O, C / groups, *kernel) comes (N, O, *places).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tensor.dtypes import Array
from tensor.nn.functional.scratch import Scratch
from tensor.nn.functional.windows import Windows, trailing

_BLOCK_BYTES = 3 << 19  # of columns: about a core's second-level cache
_PART_BYTES = 4 << 20  # of inputs and results for which there are temporaries at once
_LEAST_PLACES = 512  # below, the products of matrices get slow
_MOST_WASTE = 1.25  # flat places computed for one that is wanted
_MOST_MULTIPLIER = 3  # results of a channel that are not computed as a product of matrices
_DEPTHWISE_ELEMENTS = 1 << 16  # of one block: NumPy takes longer to start a loop than to add up a short row


class Layout:
    """Memory for the padded input of a convolution, such that what a window's element meets is quick to copy.

    Args:
        windows: how they slide.
        shape: the input's, (N, C, *sizes).
        places: how many windows there are.
        dtype: of the memory.
        scratch: gives it.
    """

    def __init__(
        self, windows: Windows, shape: tuple[int, ...], places: tuple[int, ...], dtype: np.dtype[Any], scratch: Scratch
    ) -> None:
        self.windows = windows
        self.sizes = shape[2:]
        self.places = places
        reach = [(e - 1) // s for e, s in zip(windows.extent, windows.stride, strict=True)]
        self.plane = tuple([p + r for p, r in zip(places, reach, strict=True)])
        self.phases = tuple([min(s, e) for s, e in zip(windows.stride, windows.extent, strict=True)])
        # Places of a plane's rows as far as the last wanted one, the edges included.
        self.rows = (places[0], *self.plane[1:])
        last = sum((p - 1) * step for p, step in zip(places, self._steps(), strict=True))
        self.flat = last + 1 <= _MOST_WASTE * math.prod(places)
        self.cropped = self.flat and self.rows != places
        # What the products are computed over.
        self.taken = (last + 1,) if self.flat else places
        self.computed = math.prod(self.rows) if self.flat else math.prod(places)
        self.memory = scratch.zeros((*shape[:2], *self.phases, *self.plane), dtype)
        self.scratch = scratch

    def _steps(self) -> list[int]:
        return [math.prod(self.plane[at + 1 :]) for at in range(len(self.plane))]

    def _parts(self, array: Array) -> Iterator[tuple[Array, Array]]:
        """Yield the part of the memory, and that of an input-shaped array, that belong together, for each phase."""
        for phase in itertools.product(*map(range, self.phases)):
            ours: list[slice] = []
            theirs: list[slice] = []
            for p, s, low, size, room in zip(
                phase, self.windows.stride, self.windows.low, self.sizes, self.plane, strict=True
            ):
                first = max(0, -((p - low) // s))
                start = first * s + p - low
                count = max(0, min(room - first, -((start - size) // s)))
                ours.append(slice(first, first + count))
                theirs.append(slice(start, start + (count - 1) * s + 1, s) if count else slice(0, 0))
            yield self.memory[_inside(*phase, *ours)], array[trailing(*theirs)]

    def fill(self, array: Array) -> None:
        """Copy the input in."""
        for ours, theirs in self._parts(array):
            ours[...] = theirs

    def empty_into(self, array: Array) -> None:
        """Copy the input out, into an array of zeros."""
        for ours, theirs in self._parts(array):
            theirs[...] = ours

    def taps(self) -> list[Array]:
        """Return, for each element of a window, a view (N, C, *taken) of what it meets."""
        found = []
        for offset in self.windows.offsets():
            phase = tuple([o % s for o, s in zip(offset, self.windows.stride, strict=True)])
            shift = [o // s for o, s in zip(offset, self.windows.stride, strict=True)]
            part = self.memory[_inside(*phase)]
            if self.flat:
                if len(self.plane) > 1:
                    part = _merged(part, len(self.plane))
                start = sum(o * step for o, step in zip(shift, self._steps(), strict=True))
                found.append(part[..., start : start + self.taken[0]])
            else:
                found.append(part[trailing(*[slice(o, o + p) for o, p in zip(shift, self.places, strict=True)])])
        return found

    def spread(self, g: Array) -> Array:
        """Return an array (N, O, *places) as (N, O, computed), with zeros at the edges."""
        if not self.cropped:
            return np.ascontiguousarray(g).reshape(*g.shape[:2], self.computed)
        out = self.scratch.zeros((*g.shape[:2], *self.rows), g.dtype)
        out[trailing(*map(slice, self.places))] = g
        return out.reshape(*g.shape[:2], self.computed)

    def crop(self, out: Array) -> Array:
        """Return a view (N, O, *places) of (N, O, computed)."""
        out = out.reshape(*out.shape[:2], *self.rows) if self.flat else out.reshape(*out.shape[:2], *self.places)
        return np.asarray(out[trailing(*map(slice, self.places))])

    def blocks(self, rows: int) -> Iterator[tuple[slice, slice, int]]:
        """Yield slices of examples and of the first dimension taken, and the places in both."""
        batch, first = self.memory.shape[0], self.taken[0]
        inner = math.prod(self.taken[1:])
        budget = max(_LEAST_PLACES, _BLOCK_BYTES // max(1, rows * self.memory.itemsize))
        total = first * inner
        if batch > 1 and 2 * total <= budget:
            step = budget // total
            for start in range(0, batch, step):
                yield slice(start, min(batch, start + step)), slice(0, first), total
            return
        parts = max(1, round(total / budget))
        step = -(-first // parts)
        for n in range(batch):
            for start in range(0, first, step):
                stop = min(first, start + step)
                yield slice(n, n + 1), slice(start, stop), (stop - start) * inner


def _inside(*index: Any) -> tuple[Any, ...]:
    """Return an index of what comes after examples and channels."""
    return (slice(None), slice(None), *index)


def _merged(array: Array, dims: int) -> Array:
    """View the last dimensions, which lie behind one another, as one."""
    lead = array.ndim - dims
    shape = (*array.shape[:lead], math.prod(array.shape[lead:]))
    return np.lib.stride_tricks.as_strided(array, shape, (*array.strides[:lead], array.itemsize))


class _Columns:
    """One buffer for the columns of all blocks."""

    def __init__(self, layout: Layout, groups: int) -> None:
        self.taps = layout.taps()
        self.groups = groups
        self.channels = layout.memory.shape[1]
        rows = self.channels * len(self.taps)
        self.blocks = list(layout.blocks(rows))
        most = max([(examples.stop - examples.start) * places for examples, _, places in self.blocks])
        self.buffer = layout.scratch.empty((rows * most,), layout.memory.dtype)

    def room(self, examples: slice, at: slice, places: int) -> tuple[Array, Array]:
        """Return the buffer as (groups, C / groups * K, columns), and as (K, n, C, *taken), for one block."""
        count = examples.stop - examples.start
        size = self.channels * len(self.taps) * count * places
        matrix = self.buffer[:size].reshape(self.groups, -1, count * places)
        inner = self.taps[0].shape[3:]
        parts = self.buffer[:size].reshape(self.channels, len(self.taps), count, at.stop - at.start, *inner)
        return matrix, parts.swapaxes(0, 2).swapaxes(0, 1)

    def filled(self, examples: slice, at: slice, places: int) -> Array:
        """Return the columns of one block."""
        matrix, parts = self.room(examples, at, places)
        for part, tap in zip(parts, self.taps, strict=True):
            part[...] = tap[examples, :, at]
        return matrix


def _flat_range(layout: Layout, at: slice) -> slice:
    inner = math.prod(layout.taken[1:])
    return slice(at.start * inner, at.stop * inner)


def _as_matrix(g: Array, groups: int, examples: slice, within: slice) -> Array:
    """Return a block of (N, O, computed) as (groups, O / groups, columns)."""
    part = g[examples, :, within]
    count, channels, places = part.shape
    if count == 1:
        return part.reshape(groups, channels // groups, places)
    return part.swapaxes(0, 1).reshape(groups, channels // groups, count * places)


def _is_pointwise(windows: Windows) -> bool:
    """Whether the columns are the input itself."""
    return windows.count == max(windows.stride) == 1 and not any((*windows.low, *windows.high))


def _is_depthwise(matrix: Array, windows: Windows) -> bool:
    """Whether each channel is convolved by itself, with so few weights that products of matrices would not pay."""
    return bool(matrix.shape[2] == windows.count and matrix.shape[1] <= _MOST_MULTIPLIER)


def convolve(x: Array, weight: Array, bias: Array | None, windows: Windows, groups: int) -> Array:
    """Return the convolution, that is, the correlation, of an input with weights.

    Args:
        x: (N, C, *sizes).
        weight: (O, C / groups, *kernel).
        bias: (O,).
        windows: how they slide.
        groups: into how many the channels fall.

    Returns:
        (N, O, *places), in memory of its own.
    """
    places = windows.places(x.shape[2:])
    batch, outputs = x.shape[0], weight.shape[0]
    added = None if bias is None else bias.reshape(-1, *[1] * len(places))
    if not (x.size and weight.size and math.prod(places)):
        out = np.zeros((batch, outputs, *places), x.dtype)
        return out if added is None else out + added
    matrix = np.ascontiguousarray(weight).reshape(groups, outputs // groups, -1)
    if _is_pointwise(windows):
        out = np.empty((batch, outputs, *places), x.dtype)
        columns = np.ascontiguousarray(x).reshape(batch, groups, -1, math.prod(places))
        np.matmul(matrix, columns, out=out.reshape(batch, groups, outputs // groups, -1))
        return out if added is None else np.add(out, added, out=out)
    out = np.empty((batch, outputs, *places), x.dtype)
    for part in _parts_of_batch(x, out):
        with Scratch() as scratch:
            _convolve(x[part], matrix, added, windows, groups, out[part], scratch)
    return out


def _convolve(
    x: Array, matrix: Array, added: Array | None, windows: Windows, groups: int, out: Array, scratch: Scratch
) -> None:
    """Convolve some examples."""
    layout = Layout(windows, x.shape, out.shape[2:], x.dtype, scratch)
    layout.fill(x)
    batch, outputs = out.shape[:2]
    shape = (batch, outputs, layout.computed)
    computed = scratch.empty(shape, x.dtype) if layout.cropped else out.reshape(shape)
    if _is_depthwise(matrix, windows):
        _depthwise(layout, matrix, computed)
    else:
        columns_of = _Columns(layout, groups)
        for examples, at, count in columns_of.blocks:
            within = _flat_range(layout, at)
            columns = columns_of.filled(examples, at, count)
            if examples.stop - examples.start == 1:
                target = computed[examples.start].reshape(groups, outputs // groups, -1)[..., within]
                np.matmul(matrix, columns, out=target)
            else:
                product = np.matmul(matrix, columns).reshape(outputs, -1, count)
                computed[examples, :, within] = product.swapaxes(0, 1)
    if layout.cropped:
        cropped = layout.crop(computed)
        np.copyto(out, cropped) if added is None else np.add(cropped, added, out=out)
    elif added is not None:
        np.add(out, added, out=out)


def _parts_of_batch(x: Array, out: Array) -> Iterator[slice]:
    """Yield slices of so many examples that the temporaries of a convolution stay small."""
    step = max(1, _PART_BYTES * len(x) // (x.nbytes + out.nbytes))
    for start in range(0, len(x), step):
        yield slice(start, min(len(x), start + step))


def convolve_vjp_input(g: Array, weight: Array, shape: tuple[int, ...], windows: Windows, groups: int) -> Array:
    """Return the gradient of a convolution for its input: what a transposed convolution computes.

    Args:
        g: (N, O, *places).
        weight: (O, C / groups, *kernel).
        shape: the input's, (N, C, *sizes).
        windows: how they slide.
        groups: into how many the channels fall.
    """
    outputs = weight.shape[0]
    if not (g.size and weight.size and math.prod(shape)):
        return np.zeros(shape, g.dtype)
    matrix = np.ascontiguousarray(weight).reshape(groups, outputs // groups, -1)
    if _is_pointwise(windows):
        rows = np.ascontiguousarray(g).reshape(g.shape[0], groups, outputs // groups, -1)
        return np.asarray(np.matmul(matrix.swapaxes(1, 2), rows).reshape(shape))
    gradient = np.zeros(shape, g.dtype)
    for part in _parts_of_batch(gradient, g):
        with Scratch() as scratch:
            _convolve_vjp_input(g[part], matrix, windows, groups, gradient[part], scratch)
    return gradient


def _convolve_vjp_input(
    g: Array, matrix: Array, windows: Windows, groups: int, gradient: Array, scratch: Scratch
) -> None:
    """Write the gradient for some examples over zeros."""
    layout = Layout(windows, gradient.shape, g.shape[2:], g.dtype, scratch)
    spread = layout.spread(g)
    if _is_depthwise(matrix, windows):
        _depthwise_vjp(layout, matrix, spread)
    else:
        columns_of = _Columns(layout, groups)
        for examples, at, count in columns_of.blocks:
            columns, parts = columns_of.room(examples, at, count)
            rows = _as_matrix(spread, groups, examples, _flat_range(layout, at))
            np.matmul(matrix.swapaxes(1, 2), rows, out=columns)
            for part, tap in zip(parts, columns_of.taps, strict=True):
                target = tap[examples, :, at]
                np.add(target, part, out=target)
    layout.empty_into(gradient)


def convolve_vjp_weight(g: Array, x: Array, shape: tuple[int, ...], windows: Windows, groups: int) -> Array:
    """Return the gradient of a convolution for its weights.

    Args:
        g: (N, O, *places).
        x: the input, (N, C, *sizes).
        shape: that of the weights, (O, C / groups, *kernel).
        windows: how they slide.
        groups: into how many the channels fall.
    """
    gradient = np.zeros((groups, shape[0] // groups, math.prod(shape[1:])), g.dtype)
    if not (g.size and x.size and gradient.size):
        return gradient.reshape(shape)
    for part in _parts_of_batch(x, g):
        with Scratch() as scratch:
            layout = Layout(windows, x[part].shape, g.shape[2:], x.dtype, scratch)
            layout.fill(x[part])
            spread = layout.spread(g[part])
            columns_of = _Columns(layout, groups)
            for examples, at, count in columns_of.blocks:
                columns = columns_of.filled(examples, at, count)
                rows = _as_matrix(spread, groups, examples, _flat_range(layout, at))
                gradient += np.matmul(rows, columns.swapaxes(1, 2))
    return gradient.reshape(shape)


def _channel_blocks(layout: Layout, multiplier: int) -> Iterator[tuple[int, slice]]:
    """Yield an example and a slice of its channels, few enough for the cache."""
    batch, channels = layout.memory.shape[:2]
    step = max(1, _DEPTHWISE_ELEMENTS // (multiplier * math.prod(layout.taken)))
    for n in range(batch):
        for start in range(0, channels, step):
            yield n, slice(start, min(channels, start + step))


def _depthwise(layout: Layout, matrix: Array, computed: Array) -> None:
    """Convolve each channel with its own weights, element after element of the windows."""
    channels, multiplier, _ = matrix.shape
    taken = math.prod(layout.taken)
    spatial = [1] * len(layout.taken)
    weights = matrix.reshape(channels, multiplier, -1, *spatial)
    taps = layout.taps()
    for n, block in _channel_blocks(layout, multiplier):
        sums = computed[n].reshape(channels, multiplier, -1)[block, :, :taken]
        sums = sums.reshape(*sums.shape[:2], *layout.taken)
        products = np.empty_like(sums)
        for at, tap in enumerate(taps):
            target = products if at else sums
            np.multiply(tap[n, block, None], weights[block, :, at], out=target)
            if at:
                sums += products


def _depthwise_vjp(layout: Layout, matrix: Array, spread: Array) -> None:
    """Add up in the layout's memory what each element of the windows gives back."""
    channels, multiplier, _ = matrix.shape
    taken = math.prod(layout.taken)
    spatial = [1] * len(layout.taken)
    weights = matrix.reshape(channels, multiplier, -1, *spatial)
    taps = layout.taps()
    for n, block in _channel_blocks(layout, multiplier):
        g = spread[n].reshape(channels, multiplier, -1)[block, :, :taken]
        g = g.reshape(*g.shape[:2], *layout.taken)
        products = np.empty_like(g)
        for at, tap in enumerate(taps):
            target = tap[n, block]
            np.multiply(g, weights[block, :, at], out=products)
            np.add(target, products[:, 0] if multiplier == 1 else products.sum(1), out=target)
