"""Samples of `tensor.ops.peaks`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("amax", kinds="fib")
def amax(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim, keepdim = draw.choice([(), draw.dim(array.ndim), draw.dims(array.ndim)]), draw.flag()
    return Sample(lambda t, a: t.amax(a, dim, keepdim), [array])


@samples("amin", kinds="fib")
def amin(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim, keepdim = draw.choice([(), draw.dim(array.ndim), draw.dims(array.ndim)]), draw.flag()
    return Sample(lambda t, a: t.amin(a, dim, keepdim), [array])


@samples("amax", "amax among equals", gradcheck=False)
def amax_ties(draw: Draw) -> Sample:
    array = draw.integers(*draw.shape(1), high=3).astype(draw.dtype)
    return Sample(lambda t, a: (a.amax(-1), a.amin(0), a.max()), [array])


@samples("max", kinds="fib")
def max(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim, keepdim = draw.dim(array.ndim), draw.flag()
    return Sample(lambda t, a: (*t.max(a, dim, keepdim), a.max()), [array])


@samples("min", kinds="fib")
def min(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim, keepdim = draw.dim(array.ndim), draw.flag()
    return Sample(lambda t, a: (*t.min(a, dim, keepdim), a.min()), [array])


@samples("max", "max with nan")
def max_nan(draw: Draw) -> Sample:
    array = np.array(draw.apart(draw.side(), draw.side()))
    array.reshape(-1)[: draw.integer(0, 2)] = np.nan
    return Sample(lambda t, a: (*a.max(0), *a.min(1), a.amax(1), a.argmax(), a.argmin(0)), [array], gradients=False)


@samples("max", "max and min of two", kinds="fib")
def max_of_two(draw: Draw) -> Sample:
    a, b = draw.broadcast(2)
    return Sample(lambda t, a, b: (t.max(a, b), t.min(a, b), t.max(a, other=b), a.min(other=b)), [a, b])


@samples("amax", "max of nan", gradcheck=False)
def max_of_nan(draw: Draw) -> Sample:
    array = np.array(draw.apart(draw.side() or 1, 3))
    array.reshape(-1)[: draw.integer(1, 2)] = np.nan
    return Sample(lambda t, a: (a.max(), a.min()), [array])


@samples("argmax", kinds="fi")
def argmax(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim, keepdim = draw.choice([None, draw.dim(array.ndim)]), draw.flag()
    return Sample(lambda t, a: t.argmax(a, dim, keepdim), [array], gradients=False)


@samples("argmin", kinds="fi")
def argmin(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim, keepdim = draw.choice([None, draw.dim(array.ndim)]), draw.flag()
    return Sample(lambda t, a: t.argmin(a, dim, keepdim), [array], gradients=False)


@samples("amin", "aminmax", kinds="fi")
def aminmax(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim, keepdim = draw.choice([None, draw.dim(array.ndim)]), draw.flag()
    return Sample(lambda t, a: tuple(t.aminmax(a, dim=dim, keepdim=keepdim)), [array])
