"""Samples of `tensor.ops.diagonals`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _two_dims(draw: Draw, ndim: int) -> tuple[int, int]:
    first, second = [int(each) for each in draw.random.permutation(ndim)[:2]]
    return first, second - draw.choice([0, ndim])


@samples("diagonal", kinds="fib")
def diagonal(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(2))
    dim1, dim2 = _two_dims(draw, array.ndim)
    offset = draw.integer(-4, 4)
    return Sample(lambda t, a: (t.diagonal(a), t.diagonal(a, offset, dim1, dim2)), [array])


@samples("diag_embed", kinds="fib")
def diag_embed(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1, 3))
    dim1, dim2 = _two_dims(draw, array.ndim + 1)
    offset = draw.integer(-2, 2)
    return Sample(lambda t, a: (t.diag_embed(a), t.diag_embed(a, offset, dim1, dim2)), [array])


@samples("diag_embed", kinds="fi")
def diag(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1, 2))
    offset = draw.integer(-2, 2)
    return Sample(lambda t, a: (t.diagflat(a, offset), t.diag(a, offset)), [array])


@samples("tril", kinds="fib")
def tril(draw: Draw) -> Sample:
    diagonal = draw.integer(-4, 4)
    return Sample(
        lambda t, a: t.tril(a, diagonal), [draw.array(*draw.shape(2))], inplace=lambda t, a: a.tril_(diagonal)
    )


@samples("triu", kinds="fib")
def triu(draw: Draw) -> Sample:
    diagonal = draw.integer(-4, 4)
    return Sample(
        lambda t, a: t.triu(a, diagonal=diagonal), [draw.array(*draw.shape(2))], inplace=lambda t, a: a.triu_(diagonal)
    )


REFUSED = [
    lambda t, a: t.diag(a[None]),
    lambda t, a: t.diag(a[0, 0]),
    lambda t, a: t.diagonal(a, 0, 1, 1),
    lambda t, a: t.diagonal(a[0]),
    lambda t, a: t.diag_embed(a, 0, 1, 1),
    lambda t, a: t.diag_embed(a, 0, 0, 3),
    lambda t, a: t.tril(a[0]),
    lambda t, a: t.triu(a[0]),
]


@samples("diagonal", "refused diagonals", gradcheck=False)
def refused(draw: Draw) -> Sample:
    return Sample(draw.choice(REFUSED), [draw.array(2, 3)])
