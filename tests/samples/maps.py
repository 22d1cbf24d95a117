"""Samples of `tensor.nn.functional.maps`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("linear")
def linear(draw: Draw) -> Sample:
    leading, size, out = draw.shape(0, 3), draw.side(), draw.side()
    arrays = [draw.array(*leading, size), draw.array(out, size), draw.array(out)]
    if draw.flag():
        return Sample(lambda t, x, w: t.nn.functional.linear(x, w), arrays[:2])
    return Sample(lambda t, x, w, b: t.nn.functional.linear(x, w, b), arrays)


@samples("linear", "linear of one output", tolerance=3)
def linear_of_one_output(draw: Draw) -> Sample:
    leading, size = draw.shape(0, 3), draw.side()
    return Sample(lambda t, x, w: t.nn.functional.linear(x, w), [draw.array(*leading, size), draw.array(size)])


@samples("einsum", "bilinear", tolerance=3)
def bilinear(draw: Draw) -> Sample:
    leading = tuple(max(side, 1) for side in draw.shape(0, 2))
    a, b, out = (max(draw.side(), 1) for _ in range(3))
    arrays = [draw.array(*leading, a), draw.array(*leading, b), draw.array(out, a, b), draw.array(out)]
    return Sample(lambda t, x, y, w, c: (t.nn.functional.bilinear(x, y, w, c), t.bilinear(x, y, w, None)), arrays)
