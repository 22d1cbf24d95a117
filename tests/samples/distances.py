"""Samples of `tensor.nn.functional.distances`."""

from __future__ import annotations

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw


@samples("cosine_similarity", tolerance={"float32": 3, **half(20)})  # PyTorch rounds the lengths to two bytes
def cosine_similarity(draw: Draw) -> Sample:
    shape = draw.shape()
    dim, eps = draw.dim(len(shape)), draw.choice([1e-8, 0.01])
    return Sample(
        lambda t, a, b: t.nn.functional.cosine_similarity(a, b, dim, eps),
        [draw.array(*shape, low=0.5), draw.array(*shape, low=0.5)],
    )


@samples("cosine_similarity", "cosine_similarity, broadcast", tolerance={"float32": 3, **half(20)})
def cosine_similarity_broadcast(draw: Draw) -> Sample:
    a, b, c = (max(draw.side(), 1) for _ in range(3))
    shapes = draw.choice([[(a, b), (b,)], [(a, 1, c), (b, c)], [(a, b, 1), (a, b, c)]])
    dim = draw.dim(max(len(each) for each in shapes))
    return Sample(
        lambda t, x, y: t.cosine_similarity(x, y, dim),
        [draw.array(*shapes[0], low=0.5), draw.array(*shapes[1], low=0.5)],
    )


@samples(
    "cosine_similarity",
    "cosine_similarity of nothing and of integers",
    gradcheck=False,
    tolerance={"float32": 3, **half(20)},  # PyTorch rounds the lengths to two bytes
)
def cosine_similarity_edges(draw: Draw) -> Sample:
    vectors = draw.array(3, 4)
    vectors[0] = 0
    return Sample(lambda t, a, b: t.cosine_similarity(a, b, 1, 1e-3), [vectors, draw.integers(3, 4, low=1, high=5)])


@samples("norm", "pairwise_distance", tolerance=3)
def pairwise_distance(draw: Draw) -> Sample:
    shape, p, keepdim = draw.shape(1, 3), draw.choice([1.0, 2.0, 3.0]), draw.flag()
    return Sample(
        lambda t, a, b: t.nn.functional.pairwise_distance(a, b, p, keepdim=keepdim),
        [draw.apart(*shape), draw.array(*shape[draw.choice([0, -1]) :], low=4, high=6)],
    )


@samples("cdist", "pdist", tolerance=3)
def pdist(draw: Draw) -> Sample:
    p = draw.choice([2.0, 1.0, 3.0, float("inf")])
    return Sample(lambda t, a: t.pdist(a, p), [draw.array(draw.side() + 1, draw.side() + 1)])


@samples("norm", "normalize", tolerance=3)
def normalize(draw: Draw) -> Sample:
    shape = draw.shape(1)
    dim, p = draw.dim(len(shape)), draw.choice([1.0, 2.0, 3.0])
    return Sample(lambda t, a: t.nn.functional.normalize(a, p, dim, 1e-3), [draw.apart(*shape, low=0.5)])
