"""Samples of `tensor.ops.integrals`."""

from __future__ import annotations

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw


@samples("sum", "trapezoid", kinds="fi", tolerance=half(6))
def trapezoid(draw: Draw) -> Sample:
    shape = tuple(max(side, 1) for side in draw.shape(1))
    dim = draw.dim(len(shape))
    x = draw.choice([(shape[dim],), shape])
    return Sample(
        lambda t, y, x: (t.trapezoid(y, x, dim=dim), t.trapezoid(y, dim=dim), t.trapz(y, dx=2.5, dim=dim)),
        [draw.array(*shape), draw.array(*x)],
    )


@samples("cumsum", "cumulative_trapezoid", kinds="fi", tolerance=half(6))
def cumulative_trapezoid(draw: Draw) -> Sample:
    shape = tuple(max(side, 1) for side in draw.shape(1))
    dim = draw.dim(len(shape))
    return Sample(
        lambda t, y, x: (t.cumulative_trapezoid(y, x, dim=dim), t.cumulative_trapezoid(y, dx=2.5, dim=dim)),
        [draw.array(*shape), draw.array(shape[dim])],
    )
