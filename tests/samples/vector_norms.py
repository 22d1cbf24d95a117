"""Samples of `tensor.ops.vector_norms`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("norm")
def norm(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    p = draw.choice([0.5, 1, 1.5, 2, 3, float("inf"), float("-inf"), "fro"])
    dim, keepdim = draw.choice([None, draw.dim(array.ndim), draw.dims(array.ndim) or None]), draw.flag()
    if p == "fro":
        return Sample(lambda t, a: (a.norm(), t.norm(a, p=p, dim=dim, keepdim=keepdim)), [array])
    return Sample(lambda t, a: (a.norm(p), t.linalg.vector_norm(a, p, dim, keepdim)), [array])


@samples("norm", "count of what is not zero", gradcheck=False)
def norm_zero(draw: Draw) -> Sample:
    array = draw.integers(*draw.shape(1), high=2).astype(draw.dtype)
    return Sample(lambda t, a: (a.norm(0), t.linalg.vector_norm(a, 0, 0)), [array], gradients=False)


@samples("norm", "linalg.norm")
def linalg_norm(draw: Draw) -> Sample:
    array = draw.apart(*(max(side, 1) for side in draw.shape(2, 4)))
    order, keepdim = draw.choice(["fro", 1, -1, float("inf"), float("-inf")]), draw.flag()
    return Sample(
        lambda t, a: (t.linalg.norm(a), t.linalg.norm(a, order, (0, -1), keepdim), t.linalg.matrix_norm(a, order)),
        [array],
    )


@samples("norm", "dist and cdist")
def cdist(draw: Draw) -> Sample:
    size, batch = draw.side(), draw.shape(0, 2)
    arrays = [draw.array(*batch, draw.side(), size), draw.array(*batch, draw.side(), size)]
    p = draw.choice([1.0, 2.0, 3.0, float("inf")])
    return Sample(lambda t, a, b: (t.cdist(a, b, p), t.dist(a[..., :1, :], b[..., :1, :], p)), arrays)
