"""Samples of `tensor.ops.pairwise`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("cdist")
def cdist(draw: Draw) -> Sample:
    size, batch = draw.side(), draw.shape(0, 2)
    p = draw.choice([0.5, 1.0, 2.0, 3.0, float("inf")])
    arrays = [draw.array(*batch, draw.side(), size), draw.array(*draw.broadcastable(batch), draw.side(), size)]
    return Sample(lambda t, a, b: t.cdist(a, b, p), arrays)


@samples("cdist", "cdist of equal vectors", gradcheck=False)
def cdist_equal(draw: Draw) -> Sample:
    p = draw.choice([1.0, 2.0, 3.0])
    array = draw.array(draw.side(), draw.side())
    return Sample(lambda t, a, b: t.cdist(a, b, p), [array, array.copy()])


@samples("cdist", "counts of what differs", gradcheck=False)
def cdist_zero(draw: Draw) -> Sample:
    size = draw.side()
    arrays = [draw.integers(draw.side(), size, high=2).astype(draw.dtype) for _ in range(2)]
    return Sample(lambda t, a, b: t.cdist(a, b, 0.0), arrays, gradients=False)


@samples("cdist", "cdist of many vectors", gradcheck=False)
def cdist_many(draw: Draw) -> Sample:
    arrays = [draw.array(60, 33), draw.array(70, 33)]
    arrays[1][:5] = arrays[0][:5] + np.asarray(0.01).astype(draw.dtype)
    p = draw.choice([1.0, 2.0])
    mode = "donot_use_mm_for_euclid_dist"
    return Sample(lambda t, a, b: t.cdist(a, b, p, compute_mode=mode), arrays)
