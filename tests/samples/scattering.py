"""Samples of `tensor.ops.scattering`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw


def _index_and_source(
    draw: Draw, *, once: bool = False, apart: bool = False, beyond: bool = False
) -> tuple[np.ndarray, int, np.ndarray, np.ndarray]:
    """A tensor, a dimension, an index along it, and a source that is at least as large as the index.

    Args:
        draw: what draws.
        once: whether no place is named twice.
        apart: whether all elements differ.
        beyond: whether the source may be larger than the index; torch's gradients are of the wrong shape then.
    """
    shape = draw.shape()
    dim = draw.dim(len(shape))
    size = [draw.integer(min(1, side), side) for side in shape]
    high = shape[dim] if shape else 1
    if once:
        index = (
            draw.random.permuted(np.broadcast_to(_column(high, dim, shape), shape), axis=dim) if shape else np.array(0)
        )
        index = index[tuple(slice(side) for side in size)]
    else:
        if shape:
            size[dim] = draw.side() if shape[dim] else 0
        index = draw.integers(*size, high=high)
    larger = [side + draw.integer(0, 1) for side in size] if beyond else size
    count = int(np.prod(shape)) + int(np.prod(larger))
    values = draw.apart(count) if apart else draw.array(count)
    array, source = values[: int(np.prod(shape))].reshape(shape), values[int(np.prod(shape)) :].reshape(larger)
    return array, dim, index.astype(np.int64), source


def _column(size: int, dim: int, shape: tuple[int, ...]) -> np.ndarray:
    whole = [1] * len(shape)
    whole[dim] = size
    return np.arange(size).reshape(whole)


@samples("scatter", kinds="fib")
def scatter(draw: Draw) -> Sample:
    array, dim, index, source = _index_and_source(draw, once=True)
    return Sample(
        lambda t, a, at, s: t.scatter(a, dim, at, s),
        [array, index, source],
        inplace=lambda t, a, at, s: a.scatter_(dim, at, s),
    )


@samples("scatter")
def scatter_less_than_there_is(draw: Draw) -> Sample:
    array, dim, index, source = _index_and_source(draw, once=True, beyond=True)
    return Sample(lambda t, a, at, s: t.scatter(a, dim, at, s), [array, index, source], gradients=False)


@samples("scatter_add", oracle=False)
def scatter_add_less_than_there_is(draw: Draw) -> Sample:
    array, dim, index, source = _index_and_source(draw, beyond=True)
    return Sample(
        lambda t, a, at, s: (t.scatter_add(a, dim, at, s), a.scatter_reduce(dim, at, s, "prod")), [array, index, source]
    )


@samples("scatter", kinds="fib")
def scatter_number(draw: Draw) -> Sample:
    array, dim, index, _ = _index_and_source(draw)
    number = draw.choice([0, 1])
    return Sample(
        lambda t, a, at: (t.scatter(a, dim, at, number), t.scatter(a, dim, at, value=number)),
        [array, index],
        inplace=lambda t, a, at: a.scatter_(dim, at, number),
    )


@samples("scatter", gradcheck=False)
def scatter_that_does_not_fit(draw: Draw) -> Sample:
    index = draw.integers(*draw.shape(), low=-1, high=3)
    return Sample(
        lambda t, a, at, s: t.scatter(a, 0, at, s),
        [draw.array(2, 2), index, draw.array(*draw.shape())],
        gradients=False,
    )


@samples("scatter_reduce", kinds="fi", tolerance=half(4))  # torch adds up in half precision
def scatter_with_a_reduction(draw: Draw) -> Sample:
    array, dim, index, source = _index_and_source(draw, beyond=True)
    reduce = draw.choice(["add", "multiply"])
    return Sample(
        lambda t, a, at, s: (t.scatter(a, dim, at, s, reduce=reduce), t.scatter(a, dim, at, 2, reduce=reduce)),
        [array, index, source],
        inplace=lambda t, a, at, s: a.scatter_(dim, at, s, reduce=reduce),
        gradients=False,  # torch has none
    )


@samples("scatter_add", kinds="fib", tolerance=half(4))  # torch adds up in half precision
def scatter_add(draw: Draw) -> Sample:
    array, dim, index, source = _index_and_source(draw)
    return Sample(
        lambda t, a, at, s: t.scatter_add(a, dim, at, s),
        [array, index, source],
        inplace=lambda t, a, at, s: a.scatter_add_(dim, at, s),
    )


@samples("scatter_reduce", kinds="fi", tolerance=half(4))  # torch adds up in half precision
def scatter_reduce(draw: Draw) -> Sample:
    array, dim, index, source = _index_and_source(draw, apart=True)
    reduce, own = draw.choice(["sum", "prod", "mean", "amax", "amin"]), draw.flag()
    return Sample(
        lambda t, a, at, s: t.scatter_reduce(a, dim, at, s, reduce, include_self=own),
        [array, index, source],
        inplace=lambda t, a, at, s: a.scatter_reduce_(dim, at, s, reduce, include_self=own),
    )


@samples("scatter_reduce", gradcheck=False)
def scatter_reduce_with_zeros_and_ties(draw: Draw) -> Sample:
    array, dim, index, source = _index_and_source(draw)
    array, source = [draw.random.integers(0, 2, each.shape).astype(draw.dtype) for each in (array, source)]
    reduce = draw.choice(["prod", "amax", "amin"])
    return Sample(lambda t, a, at, s: a.scatter_reduce(dim, at, s, reduce), [array, index, source])


@samples("put", kinds="fib")
def put(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    count = draw.integer(0, array.size)
    index = (draw.random.permutation(array.size)[:count] - draw.choice([0, array.size])).astype(np.int64)
    return Sample(
        lambda t, a, at, s: a.put(at, s),
        [array, index, draw.array(count)],
        inplace=lambda t, a, at, s: a.put_(at, s),
    )


@samples("put", kinds="fi", tolerance=half(4))  # torch sums in half precision
def put_adding(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    shape = draw.shape() if array.size else (0,)
    index = draw.integers(*shape, low=-array.size, high=array.size)
    return Sample(
        lambda t, a, at, s: a.put(at, s, accumulate=True),
        [array, index, draw.array(*shape)],
        inplace=lambda t, a, at, s: a.put_(at, s, True),
    )
