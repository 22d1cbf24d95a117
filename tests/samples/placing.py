"""Samples of `tensor.ops.placing`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw


def _rows(draw: Draw, *, once: bool = False, apart: bool = False) -> tuple[np.ndarray, int, np.ndarray, np.ndarray]:
    """A tensor, a dimension, a vector of places of it, and a source with as many."""
    shape = draw.shape(1)
    dim = draw.dim(len(shape))
    count = draw.integer(0, shape[dim]) if once or not shape[dim] else draw.side()
    index = draw.random.permutation(shape[dim])[:count] if once else draw.integers(count, high=shape[dim])
    size = list(shape)
    size[dim] = count
    total = int(np.prod(shape)) + int(np.prod(size))
    values = draw.apart(total) if apart else draw.array(total)
    array, source = values[: int(np.prod(shape))].reshape(shape), values[int(np.prod(shape)) :].reshape(size)
    return array, dim, index.astype(draw.choice(["int64", "int64", "int32"])), source


@samples("index_add", kinds="fi", tolerance=half(4))  # torch adds up in half precision
def index_add(draw: Draw) -> Sample:
    array, dim, index, source = _rows(draw)
    alpha = draw.choice([1, 2, -1]) if draw.dtype.kind != "u" else 1
    return Sample(
        lambda t, a, at, s: t.index_add(a, dim, at, s, alpha=alpha),
        [array, index, source],
        inplace=lambda t, a, at, s: a.index_add_(dim, at, s, alpha=alpha),
    )


@samples("index_copy", kinds="fib")
def index_copy(draw: Draw) -> Sample:
    array, dim, index, source = _rows(draw, once=True)
    return Sample(
        lambda t, a, at, s: t.index_copy(a, dim, at, s),
        [array, index.astype(np.int64), source],
        inplace=lambda t, a, at, s: a.index_copy_(dim, at, s),
    )


@samples("index_fill", kinds="fib")
def index_fill(draw: Draw) -> Sample:
    array, dim, index, _ = _rows(draw)
    index = (index - (array.shape[dim] if draw.flag() else 0)).astype(np.int64)
    return Sample(
        lambda t, a, at: t.index_fill(a, dim, at, 1), [array, index], inplace=lambda t, a, at: a.index_fill_(dim, at, 1)
    )


@samples("index_fill")
def index_fill_with_a_tensor(draw: Draw) -> Sample:
    array, dim, index, _ = _rows(draw)
    return Sample(
        lambda t, a, at, v: t.index_fill(a, dim, at, v),
        [array, index.astype(np.int64), draw.array()],
        inplace=lambda t, a, at, v: a.index_fill_(dim, at, v),
    )


@samples("index_reduce", kinds="fi", tolerance=half(4))  # torch adds up in half precision
def index_reduce(draw: Draw) -> Sample:
    array, dim, index, source = _rows(draw, apart=True)
    narrow = draw.dtype.kind in "fV" and draw.dtype.itemsize == 2  # torch fails on products of those
    reduce, own = draw.choice(["mean", "amax", "amin"] if narrow else ["prod", "mean", "amax", "amin"]), draw.flag()
    return Sample(
        lambda t, a, at, s: t.index_reduce(a, dim, at, s, reduce, include_self=own),
        [array, index.astype(np.int64), source],  # torch has gradients for those only
        inplace=lambda t, a, at, s: a.index_reduce_(dim, at, s, reduce, include_self=own),
    )


REFUSED = [
    lambda t, a, i: t.index_add(a, 0, i, a[:1]),
    lambda t, a, i: t.index_add(a, 0, i - 1, a),
    lambda t, a, i: t.index_add(a, 0, i + 1, a),
    lambda t, a, i: t.index_add(a, 0, i, a[:, :2]),
    lambda t, a, i: t.index_add(a, 0, i, a.short()),
    lambda t, a, i: t.index_add(a, 0, i.short(), a),
    lambda t, a, i: t.index_add(a, 0, i[None], a),
    lambda t, a, i: t.index_copy(a, 0, i - 1, a),
    lambda t, a, i: t.index_copy(a, 0, i, a.short()),
    lambda t, a, i: t.index_fill(a, 0, i + 1, 1),
    lambda t, a, i: t.index_fill(a, 0, i, t.ones(1)),
    lambda t, a, i: t.index_reduce(a, 0, i, a, "sum"),
    lambda t, a, i: t.index_reduce(a, 2, i, a, "amax"),
]


@samples("index_add", "refused placing", gradcheck=False)
def refused(draw: Draw) -> Sample:
    return Sample(draw.choice(REFUSED), [draw.array(2, 3), np.arange(2)])
