"""Samples of `tensor.ops.selecting`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _places(draw: Draw, shape: tuple[int, ...], dim: int, *, low: int = 0) -> np.ndarray:
    """An index along a dimension of a tensor of that shape, no larger elsewhere."""
    size = [draw.integer(min(1, side), side) for side in shape]
    if shape:
        size[dim] = draw.side() if shape[dim] else 0
    high = shape[dim] if shape else 1
    return draw.integers(*size, low=low, high=high, dtype=draw.choice(["int64", "int64", "int32"]))


@samples("gather", kinds="fib")
def gather(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim = draw.dim(array.ndim)
    return Sample(lambda t, a, at: t.gather(a, dim, at), [array, _places(draw, array.shape, dim)])


@samples("gather", gradcheck=False)
def gather_that_may_be_out_of_range(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    places = draw.integers(*draw.shape(), low=-1, high=4)
    return Sample(lambda t, a, at: a.gather(0, at), [array, places])


@samples("gather")
def take_along_dim(draw: Draw) -> Sample:
    whole = draw.shape(1)
    dim = draw.dim(len(whole))
    shapes = [[1 if draw.integer(0, 3) == 0 else side for side in whole] for _ in range(2)]
    places = draw.integers(*shapes[1], high=shapes[0][dim])
    flat = draw.flag()
    return Sample(
        lambda t, a, at: t.take_along_dim(a, at) if flat else t.take_along_dim(a, at, dim),
        [draw.array(*shapes[0]), places],
    )


@samples("index_select", kinds="fib")
def index_select(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim = draw.dim(array.ndim)
    size = array.shape[dim] if array.ndim else 1
    count = draw.choice([(), (draw.integer(0, 5),)]) if array.ndim else (1,)
    places = draw.integers(*count, high=size, dtype=draw.choice(["int64", "int32"]))
    return Sample(lambda t, a, at: t.index_select(a, dim, at), [array, places])


@samples("take", kinds="fib")
def take(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    places = draw.integers(*draw.shape(), low=-array.size, high=array.size)
    return Sample(lambda t, a, at: t.take(a, at), [array, places])


@samples("repeat_interleave", kinds="f")
def repeat_interleave(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim = draw.choice([None, draw.dim(array.ndim)]) if array.ndim else None
    size = array.size if dim is None else array.shape[dim]
    repeats = draw.choice([draw.integers(size, high=4), draw.integers(1, high=4), draw.integers(high=4)])
    number = draw.integer(0, 3)
    return Sample(
        lambda t, a, r: (t.repeat_interleave(a, r, dim), a.repeat_interleave(number, dim=dim)), [array, repeats]
    )


@samples("repeat_interleave")
def repeat_interleave_alone(draw: Draw) -> Sample:
    return Sample(lambda t, r: t.repeat_interleave(r), [draw.integers(draw.side(), high=4)])


REFUSED = [
    lambda t, a: t.repeat_interleave(t.tensor([1, -1])),
    lambda t, a: t.repeat_interleave(a, t.tensor([1, 2, 3]), 0),
    lambda t, a: t.repeat_interleave(a, t.ones(2, 2, dtype=t.int64), 0),
    lambda t, a: t.repeat_interleave(a, t.ones(2), 0),
    lambda t, a: t.repeat_interleave(a[0, 0], 2, 0),
    lambda t, a: t.take(a, t.tensor([6])),
    lambda t, a: t.take(a, t.tensor([-7])),
    lambda t, a: t.take(a, t.tensor([0], dtype=t.int32)),
    lambda t, a: t.index_select(a, 0, t.tensor([2])),
    lambda t, a: t.index_select(a, 0, t.tensor([-1])),
    lambda t, a: t.index_select(a, 0, t.tensor([[1]])),
    lambda t, a: t.index_select(a, 0, t.tensor([1.0])),
    lambda t, a: t.gather(a, 0, t.zeros(1, 3, dtype=t.int16)),
    lambda t, a: t.gather(a, 0, t.zeros(1, 4, dtype=t.int64)),
    lambda t, a: t.take_along_dim(a, t.zeros(2, dtype=t.int64), 0),
    lambda t, a: t.take_along_dim(a, t.zeros(1, 2, dtype=t.int64), 0),
    lambda t, a: t.combinations(a),
    lambda t, a: t.combinations(a[0], -1),
    lambda t, a: t.nn.functional.one_hot(t.tensor([3]), 3),
    lambda t, a: t.nn.functional.one_hot(t.tensor([-1]), 3),
    lambda t, a: t.nn.functional.one_hot(t.tensor([], dtype=t.int64)),
    lambda t, a: t.nn.functional.one_hot(a),
]


@samples("gather", "refused selecting", gradcheck=False)
def refused(draw: Draw) -> Sample:
    return Sample(draw.choice(REFUSED), [draw.array(2, 3)])


@samples("one_hot")
def one_hot(draw: Draw) -> Sample:
    classes = draw.integers(*draw.shape(), high=4)
    count = draw.choice([-1, 2, 4, 5])
    return Sample(lambda t, a: t.nn.functional.one_hot(a, count), [classes])


@samples("index", kinds="fi")
def combinations(draw: Draw) -> Sample:
    r, again = draw.integer(0, 3), draw.flag()
    return Sample(lambda t, a: t.combinations(a, r, again), [draw.array(draw.side())])
