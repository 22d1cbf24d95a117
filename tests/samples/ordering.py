"""Samples of `tensor.ops.ordering`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("sort", kinds="fib")
def sort(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim, descending = draw.dim(array.ndim), draw.flag()
    return Sample(lambda t, a: tuple(t.sort(a, dim=dim, descending=descending, stable=True)), [array])


@samples("sort", "argsort and msort", kinds="fi")
def argsort(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape(1))
    dim, descending = draw.dim(array.ndim), draw.flag()
    return Sample(lambda t, a: (a.argsort(dim, descending), t.msort(a)), [array])


@samples("sort", "sort among equals", gradcheck=False)
def sort_ties(draw: Draw) -> Sample:
    array = draw.integers(*draw.shape(1), high=3).astype(draw.dtype)
    descending = draw.flag()
    return Sample(lambda t, a: tuple(t.sort(a, dim=0, stable=True, descending=descending)), [array])


@samples("topk", kinds="fi")
def topk(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim, largest = draw.dim(array.ndim), draw.flag()
    k = draw.integer(0, array.shape[dim]) if array.ndim else 1
    return Sample(lambda t, a: tuple(t.topk(a, k, dim, largest)), [array])


@samples("sort", "kthvalue", kinds="fi")
def kthvalue(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim, keepdim = draw.dim(array.ndim), draw.flag()
    k = draw.integer(1, max(1, array.shape[dim] if array.ndim else 1))
    return Sample(lambda t, a: tuple(t.kthvalue(a, k, dim, keepdim)), [array])


@samples("median_place", "median", kinds="fi")
def median(draw: Draw) -> Sample:
    array = draw.apart(*(max(side, 1) for side in draw.shape()))
    dim, keepdim = draw.dim(array.ndim), draw.flag()
    return Sample(lambda t, a: (a.median(), *t.median(a, dim, keepdim)), [array])


@samples("median", "median of all", kinds="fi")
def median_of_all(draw: Draw) -> Sample:
    return Sample(lambda t, a: (t.median(a), t.nanmedian(a)), [draw.apart(*(max(side, 1) for side in draw.shape()))])


@samples("median", "median among equals and nan", gradcheck=False)
def median_ties(draw: Draw) -> Sample:
    array = draw.integers(*(max(side, 1) for side in draw.shape(1)), high=3).astype(draw.dtype)
    array.reshape(-1)[: draw.integer(0, 3)] = np.nan
    return Sample(lambda t, a: (t.median(a), a.nanmedian()), [array])


@samples("mode", kinds="fib")
def mode(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    dim, keepdim = draw.dim(array.ndim), draw.flag()
    return Sample(lambda t, a: tuple(t.mode(a, dim, keepdim)), [array])


@samples("mode", "mode among equals", kinds="fi", gradcheck=False)
def mode_ties(draw: Draw) -> Sample:
    array = draw.integers(*draw.shape(1), high=3).astype(draw.dtype)
    return Sample(lambda t, a: tuple(a.mode(0)), [array])


@samples("median_place", "median with nan", gradcheck=False)
def median_nan(draw: Draw) -> Sample:
    array = np.array(draw.apart(draw.side(), draw.side()))
    array.reshape(-1)[: draw.integer(0, 3)] = np.nan
    return Sample(
        lambda t, a: (a.median(), a.nanmedian(), a.median(0).values, a.nanmedian(1).values), [array], gradients=False
    )
