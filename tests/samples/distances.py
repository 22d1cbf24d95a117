"""Samples of `tensor.nn.functional.distances`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("norm", "cosine_similarity", tolerance=3)
def cosine_similarity(draw: Draw) -> Sample:
    shape = tuple(max(side, 1) for side in draw.shape(1))
    dim = draw.dim(len(shape))
    return Sample(
        lambda t, a, b: t.nn.functional.cosine_similarity(a, b, dim), [draw.array(*shape), draw.array(*shape)]
    )


@samples("norm", "pairwise_distance", tolerance=3)
def pairwise_distance(draw: Draw) -> Sample:
    shape, p, keepdim = draw.shape(1, 2), draw.choice([1.0, 2.0, 3.0]), draw.flag()
    return Sample(
        lambda t, a, b: t.nn.functional.pairwise_distance(a, b, p, keepdim=keepdim),
        [draw.apart(*shape), draw.array(*shape, low=4, high=6)],
    )


@samples("norm", "pdist")
def pdist(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.nn.functional.pdist(a), [draw.apart(draw.side() + 1, draw.side() + 1)])


@samples("norm", "normalize", tolerance=3)
def normalize(draw: Draw) -> Sample:
    shape = draw.shape(1)
    dim, p = draw.dim(len(shape)), draw.choice([1.0, 2.0, 3.0])
    return Sample(lambda t, a: t.nn.functional.normalize(a, p, dim), [draw.apart(*shape)])
