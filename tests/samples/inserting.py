"""Samples of `tensor.ops.inserting`."""

from __future__ import annotations

from typing import Any

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("copy", kinds="fib")
def select_scatter(draw: Draw) -> Sample:
    array = draw.array(*[max(side, 1) for side in draw.shape(1)])
    dim = draw.dim(array.ndim)
    index = draw.integer(-array.shape[dim], array.shape[dim] - 1)
    source = draw.array(*array.take(index, dim).shape)
    return Sample(lambda t, a, s: t.select_scatter(a, s, dim, index), [array, source])


@samples("copy", kinds="fi")
def slice_scatter(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    start, end, step = draw.integer(-5, 5), draw.integer(-5, 5), draw.integer(1, 3)
    source = draw.array(*array[start:end:step].shape)
    return Sample(lambda t, a, s: t.slice_scatter(a, s, 0, start, end, step), [array, source])


@samples("copy")
def diagonal_scatter(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(2))
    offset = draw.integer(-2, 2)
    source = draw.array(*array.diagonal(offset).shape)
    return Sample(lambda t, a, s: t.diagonal_scatter(a, s, offset), [array, source])


@samples("setitem", kinds="fi")
def fill_diagonal(draw: Draw) -> Sample:
    array = draw.array(*[max(side, 1) for side in draw.shape(2, 2)])
    wrap = draw.flag()

    def filled(t: Any, a: Any) -> Any:
        return a.fill_diagonal_(2, wrap)

    return Sample(lambda t, a: filled(t, a.clone()), [array], inplace=filled)


@samples("fill", kinds="fib")
def filled_copy(draw: Draw) -> Sample:
    return Sample(lambda t, a, v: (t.fill(a, 1), t.fill(a, v)), [draw.array(*draw.shape()), draw.array()])


REFUSED = [
    lambda t, a: t.select_scatter(a, a, 0, 0),
    lambda t, a: t.select_scatter(a, a[0], 0, 2),
    lambda t, a: t.slice_scatter(a, a, 0, 0, 1),
    lambda t, a: t.diagonal_scatter(a, a),
    lambda t, a: a[0].clone().fill_diagonal_(1),
    lambda t, a: a[None].clone().fill_diagonal_(1),
]


@samples("copy", "refused inserting", gradcheck=False)
def refused(draw: Draw) -> Sample:
    return Sample(draw.choice(REFUSED), [draw.array(2, 3)])


NUMBERS = [300, -128, 127.5, 2.5, -1, -300, 2**40, 2, 1e6, float("inf")]
WRITES = {
    "fill": lambda t, a, number: t.fill(a, number),
    "copy_": lambda t, a, number: a.clone().copy_(t.tensor([number])),
    "setitem": lambda t, a, number: (copied := a.clone(), copied.__setitem__(0, number))[0],
    "setitem of a tensor": lambda t, a, number: (copied := a.clone(), copied.__setitem__(0, t.tensor(number)))[0],
    "setitem by a tensor": lambda t, a, number: (copied := a.clone(), copied.__setitem__(t.tensor([0]), number))[0],
    "masked_fill": lambda t, a, number: a.masked_fill(a == a, number),
    "masked_fill with a tensor": lambda t, a, number: a.masked_fill(a == a, t.tensor(number)),
    "scatter": lambda t, a, number: a.scatter(0, t.tensor([0]), number),
    "index_fill": lambda t, a, number: a.index_fill(0, t.tensor([0]), number),
    "full_like": lambda t, a, number: t.full_like(a, number),
}


@samples("fill", "numbers that may not fit", kinds="fib", gradcheck=False)
def numbers_that_may_not_fit(draw: Draw) -> Sample:
    write, number = draw.choice([*WRITES.values()]), draw.choice(NUMBERS)
    return Sample(lambda t, a: write(t, a, number), [draw.array(2)], gradients=False)
