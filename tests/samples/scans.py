"""Samples of `tensor.ops.scans`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _single(array: np.ndarray) -> np.ndarray:
    """In half precision PyTorch rounds each of many sums."""
    return array if array.dtype.itemsize > 2 else array.astype(np.float32)


@samples("cumsum", kinds="fib")
def cumsum(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim = draw.dim(array.ndim)
    inplace = None if draw.dtype.kind == "b" else lambda t, a: a.cumsum_(dim)
    return Sample(lambda t, a: t.cumsum(a, dim), [array], inplace=inplace)


@samples("cumsum", "scans in another dtype", kinds="fib")
def cumsum_dtype(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1), low=-1.5, high=1.5)
    name = draw.choice(["int8", "int32"] if draw.dtype.kind in "iub" else ["float64"])
    return Sample(lambda t, a: (t.cumsum(a, 0, dtype=getattr(t, name)), a.cumprod(-1, dtype=getattr(t, name))), [array])


@samples("cumsum", "scans of many", gradcheck=False)
def cumsum_many(draw: Draw) -> Sample:
    array = np.asarray(draw.random.uniform(0, 1, (3000, 2))).astype(draw.dtype)
    return Sample(lambda t, a: (a.cumsum(0), a.logcumsumexp(0)), [_single(array)])


@samples("cumprod", kinds="fi")
def cumprod(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(), low=-1.5, high=1.5)
    dim = draw.dim(array.ndim)
    return Sample(lambda t, a: t.cumprod(a, dim), [array], inplace=lambda t, a: a.cumprod_(dim))


@samples("cumprod", "cumprod with zeros")
def cumprod_zeros(draw: Draw) -> Sample:
    shape = draw.shape(1)
    array = draw.array(*shape, low=-1.5, high=1.5) * draw.mask(*shape).astype(draw.dtype)
    return Sample(lambda t, a: t.cumprod(a, -1), [array])


@samples("cummax", kinds="fi")
def cummax(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim = draw.dim(array.ndim)
    return Sample(lambda t, a: tuple(t.cummax(a, dim)), [array])


@samples("cummin", kinds="fi")
def cummin(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim = draw.dim(array.ndim)
    return Sample(lambda t, a: tuple(t.cummin(a, dim)), [array])


@samples("cummax", "cummax among equals and nan", gradcheck=False)
def cummax_ties(draw: Draw) -> Sample:
    array = draw.integers(*draw.shape(1), high=3).astype(draw.dtype)
    array.reshape(-1)[array.size // 2 : array.size // 2 + draw.integer(0, 1)] = np.nan
    return Sample(lambda t, a: (*t.cummax(a, 0), *t.cummin(a, -1)), [array], gradients=False)


@samples("logcumsumexp")
def logcumsumexp(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim = draw.dim(array.ndim)
    return Sample(lambda t, a: t.logcumsumexp(a, dim), [array])


@samples("sub", "diff", kinds="fib")
def diff(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    n, dim = draw.integer(0, 2), draw.dim(array.ndim)
    return Sample(lambda t, a: t.diff(a, n, dim), [array])


@samples("sub", "diff with ends", kinds="fi")
def diff_ends(draw: Draw) -> Sample:
    rows = draw.side()
    arrays = [draw.array(rows, draw.side()), draw.array(rows, 1), draw.array(rows, 2)]
    return Sample(lambda t, a, b, c: t.diff(a, prepend=b, append=c), arrays)
