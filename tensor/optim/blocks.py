"""Arrays of one shape, piece by piece: an update rule's passes over a piece find it in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tensor.dtypes import HALF, Array

# Elements in a piece: half a dozen of them in float32 fit a second-level cache of 1 MiB, and NumPy's calls cost little.
LENGTH = 1 << 15


def blocks(
    array: Array, gradient: Array, *state: Array, maximize: bool = False, decay: float = 0.0, scratch: int = 1
) -> Iterator[Sequence[Array]]:
    """Yield a parameter, its gradient, its state and scratch memory, piece by piece, to be updated in place.

    Half precision is yielded in float32, and rounded when the next piece is asked for.

    Args:
        array: the parameter's memory.
        gradient: of the same shape; it is not written to.
        state: arrays of the same shape.
        maximize: whether to yield the gradient with its sign turned.
        decay: how much of the parameter to add to the gradient: an L2 penalty.
        scratch: how many arrays to yield that hold nothing yet.

    Yields:
        Pieces of the parameter, the gradient and the state, then scratch; the gradient is only to be read.
    """
    half = array.dtype in HALF
    dtype = np.dtype(np.float32) if half else array.dtype
    rooms: list[Array] = []
    for pieces in _cut([array, gradient, *state]):
        shape = pieces[0].shape
        if not rooms or rooms[0].shape != shape:
            rooms = [np.empty(shape, dtype) for _ in range(scratch + bool(maximize or decay))]
        x, g, *kept = [each.astype(dtype) for each in pieces] if half else pieces
        if maximize:
            g = np.negative(g, out=rooms[-1])
        if decay:
            penalty = np.multiply(x, decay, out=rooms[0])
            g = np.add(g, penalty, out=rooms[-1])
        yield x, g, *kept, *rooms[:scratch]
        if half:
            for piece, wide in zip([pieces[0], *pieces[2:]], [x, *kept], strict=True):
                piece[...] = wide


def _cut(arrays: list[Array]) -> Iterator[list[Array]]:
    """Yield views of the same piece of each array: of flat memory where they allow that, else rows."""
    if arrays[0].size <= LENGTH:
        yield arrays
        return
    if all(each.flags.c_contiguous for each in arrays):
        arrays = [each.reshape(-1) for each in arrays]
    elif all(each.flags.f_contiguous for each in arrays):
        arrays = [each.reshape(-1, order="F") for each in arrays]
    size, shape = arrays[0].size, arrays[0].shape
    rows = max(1, LENGTH * shape[0] // size)
    for start in range(0, shape[0], rows):
        yield [each[start : start + rows] for each in arrays]
