"""Samples of `tensor.ops.vector_norms`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw


@samples("norm")
def norm(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    p = draw.choice([0.5, 1, 1.5, 2, 3, float("inf"), float("-inf"), "fro"])
    if array.dtype.itemsize == 2:  # what PyTorch computes of small elements on the way overflows half precision
        array = np.asarray(array + np.sign(array) * array.dtype.type(0.5))
        p = 1.5 if p == 0.5 else p
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


@samples("norm", "dist")
def dist(draw: Draw) -> Sample:
    p = draw.choice([1.0, 2.0, 3.0, float("inf")])
    return Sample(lambda t, a, b: t.dist(a, b, p), draw.broadcast(2))


@samples("norm", "norm in another dtype", tolerance=half(20))  # two gradients that may cancel
def norm_dtype(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    return Sample(lambda t, a: (a.norm(dtype=t.float64), t.linalg.vector_norm(a, 3, -1, dtype=t.float64)), [array])


@samples("norm", "renorm", tolerance=half(4))  # torch computes the norms of half precision in half precision
def renorm(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(2))
    p, dim, largest = draw.choice([1.0, 2.0, 3.0, float("inf")]), draw.dim(array.ndim), draw.choice([0.5, 4.0])
    return Sample(lambda t, a: t.renorm(a, p, dim, largest), [array], inplace=lambda t, a: a.renorm_(p, dim, largest))
