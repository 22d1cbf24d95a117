"""Samples of `tensor.ops.systems`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw
from tests.samples.factorizations import spread


@samples("linalg_pinv", tolerance=50)
def pinv(draw: Draw) -> Sample:
    matrices = spread(draw, *draw.shape(0, 1), rows=draw.side(), columns=draw.side())
    return Sample(lambda t, a: t.linalg.pinv(a), [matrices])


@samples("linalg_pinv", "lstsq", tolerance=50)
def lstsq(draw: Draw) -> Sample:
    rows = draw.side() + 1
    matrices = spread(draw, rows=rows, columns=rows - 1)
    return Sample(lambda t, a, b: t.linalg.lstsq(a, b).solution, [matrices, draw.array(rows, draw.side())])


@samples("linalg_solve", "solve_triangular", tolerance=50)
def solve_triangular(draw: Draw) -> Sample:
    size, upper, unit = draw.side(), draw.flag(), draw.flag()
    return Sample(
        lambda t, a, b: t.linalg.solve_triangular(a, b, upper=upper, unitriangular=unit),
        [spread(draw, rows=size, columns=size), draw.array(size, draw.side())],
    )


@samples("linalg_solve", "cholesky_solve", tolerance=50)
def cholesky_solve(draw: Draw) -> Sample:
    size, upper = draw.side(), draw.flag()
    return Sample(
        lambda t, b, a: t.cholesky_solve(b, a.triu() if upper else a.tril(), upper=upper),
        [draw.array(size, draw.side()), spread(draw, rows=size, columns=size)],
    )
