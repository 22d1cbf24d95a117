"""Samples of `tensor.ops.logits` and `tensor.nn.functional.logits`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("softmax", kinds="fi")
def softmax(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim = draw.dim(array.ndim)
    dtype = draw.choice([None, "float64"]) if draw.dtype.kind in "fV" else "float32"
    return Sample(lambda t, a: t.softmax(a, dim, dtype=dtype and getattr(t, dtype)), [array])


@samples("softmax", "softmax and softmin along the usual dimension")
def softmax_of_functional(draw: Draw) -> Sample:
    dim = draw.choice([None, 0, -1])
    return Sample(
        lambda t, a: (t.nn.functional.softmax(a, dim), t.nn.functional.softmin(a, dim)), [draw.array(*draw.shape())]
    )


@samples("log_softmax", kinds="fi")
def log_softmax(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim = draw.dim(array.ndim)
    dtype = draw.choice([None, "float64"]) if draw.dtype.kind in "fV" else "float32"
    return Sample(lambda t, a: t.nn.functional.log_softmax(a, dim, dtype=dtype and getattr(t, dtype)), [array])


@samples("log_softmax", "log_softmax of large logits")
def log_softmax_of_large(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1), low=-300.0, high=300.0)
    return Sample(lambda t, a: (t.log_softmax(a, 0), t.softmax(a, -1)), [array])


@samples("logsumexp", kinds="fi")
def logsumexp(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1), low=0.5)  # a result near zero would have few right digits
    dims = draw.dims(array.ndim)
    dim = dims[0] if len(dims) == 1 and draw.flag() else dims
    keepdim = draw.flag()
    return Sample(lambda t, a: t.logsumexp(a, dim, keepdim), [array])


@samples("logsumexp", "logsumexp of infinities", gradcheck=False)
def logsumexp_of_infinities(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    array[draw.mask(*array.shape)] = -np.inf
    return Sample(lambda t, a: a.logsumexp(0), [array])


@samples("softmax", "gumbel_softmax", gradcheck=False, oracle=False)
def gumbel_softmax(draw: Draw) -> Sample:
    tau, hard = draw.choice([1, 0.5]), draw.flag()
    return Sample(lambda t, a: t.nn.functional.gumbel_softmax(a, tau, hard, dim=-1), [draw.floats(*draw.shape(1))])
