"""Samples of `tensor.ops.axes`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _order(draw: Draw, ndim: int) -> list[int]:
    return [int(each) - draw.choice([0, ndim]) for each in draw.random.permutation(ndim)]


@samples("permute", kinds="fib")
def permute(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    order = _order(draw, array.ndim)
    return Sample(lambda t, a: t.permute(a, order), [array])


@samples("permute")
def matrix_transposes(draw: Draw) -> Sample:
    return Sample(lambda t, a: (a.T, a.mT, a.H, a.mH, t.adjoint(a), a.t()), [draw.array(*draw.shape(2, 2))])


@samples("permute", gradcheck=False)
def transposes_of_few_dimensions(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(0, 3))
    name = draw.choice(["mT", "H", "mH", "T"])
    return Sample(lambda t, a: getattr(a, name), [array])


@samples("permute")
def movedim(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    count = draw.integer(0, array.ndim)
    from_, to = _order(draw, array.ndim)[:count], _order(draw, array.ndim)[:count]
    one = draw.dim(array.ndim)
    return Sample(lambda t, a: (t.movedim(a, from_, to), t.moveaxis(a, one, 0)), [array])


@samples("transpose", kinds="fib")
def transpose(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    first, second = draw.dim(array.ndim), draw.dim(array.ndim)
    return Sample(lambda t, a: (t.transpose(a, first, second), t.swapaxes(a, first, second)), [array])


@samples("flip", kinds="fib")
def flip(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dims = draw.choice([draw.dims(array.ndim), (draw.dim(array.ndim),)])
    return Sample(lambda t, a: (t.flip(a, dims), a.flip(*(dims or [dims]))), [array])


@samples("flip")
def flip_matrices(draw: Draw) -> Sample:
    return Sample(lambda t, a: (t.fliplr(a), t.flipud(a), a.fliplr()), [draw.array(*draw.shape(2, 3))])


@samples("flip", kinds="fi")
def rot90(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(2, 3))
    k = draw.integer(-5, 5)
    dims = draw.choice([(0, 1), (1, 0), (-1, 0), (0, -1)])
    return Sample(lambda t, a: t.rot90(a, k, dims), [array])


@samples("roll", kinds="fib")
def roll(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dims = draw.dims(array.ndim)
    shifts = tuple(draw.integer(-5, 5) for _ in dims)
    one = draw.integer(-5, 5)
    return Sample(lambda t, a: (t.roll(a, shifts, dims) if dims else a, t.roll(a, one)), [array])


REFUSED = [
    lambda t, a: t.fliplr(a[0]),
    lambda t, a: t.flipud(a[0, 0]),
    lambda t, a: a.flip(),
    lambda t, a: a.flip(0, 0),
    lambda t, a: t.rot90(a, 1, (0, 0)),
    lambda t, a: t.rot90(a, 1, (0, 2)),
    lambda t, a: t.rot90(a, 1, (0,)),
    lambda t, a: t.roll(a, (1, 2), 0),
    lambda t, a: t.roll(a, (1, 2)),
    lambda t, a: t.roll(a, 1, 2),
    lambda t, a: t.permute(a, (0,)),
    lambda t, a: t.permute(a, (0, 0)),
    lambda t, a: t.movedim(a, (0, 1), 0),
    lambda t, a: t.movedim(a, (0, 0), (0, 1)),
    lambda t, a: t.transpose(a, 0, 2),
    lambda t, a: a[None].t(),
]


@samples("permute", "refused axes", gradcheck=False)
def refused(draw: Draw) -> Sample:
    return Sample(draw.choice(REFUSED), [draw.array(2, 3)])
