"""Samples of `tensor.ops.counting`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("unique", kinds="fib")
def unique(draw: Draw) -> Sample:
    array = draw.integers(*draw.shape(), high=4).astype(draw.dtype)
    return Sample(
        lambda t, a: (t.unique(a), *t.unique(a, return_inverse=True, return_counts=True)), [array], gradients=False
    )


@samples("unique", "unique rows", kinds="fi")
def unique_rows(draw: Draw) -> Sample:
    array = draw.integers(draw.side(), draw.side(), high=2).astype(draw.dtype)
    dim = draw.dim(2)
    return Sample(lambda t, a: t.unique(a, return_inverse=True, return_counts=True, dim=dim), [array], gradients=False)


@samples("unique", "unique with nan")
def unique_nan(draw: Draw) -> Sample:
    array = draw.integers(*draw.shape(1), high=3).astype(draw.dtype)
    array.reshape(-1)[: draw.integer(0, 3)] = np.nan
    return Sample(
        lambda t, a: (*t.unique(a, return_inverse=True, return_counts=True), *a.unique_consecutive(True, True)),
        [array],
        gradients=False,
    )


@samples("unique_consecutive", "unique_consecutive rows", kinds="fi")
def unique_consecutive_rows(draw: Draw) -> Sample:
    array = draw.integers(draw.side(), draw.side(), high=2).astype(draw.dtype)
    dim = draw.dim(2)
    return Sample(
        lambda t, a: t.unique_consecutive(a, return_inverse=True, return_counts=True, dim=dim),
        [array],
        gradients=False,
    )


@samples("unique_consecutive", kinds="fib")
def unique_consecutive(draw: Draw) -> Sample:
    array = draw.integers(*draw.shape(), high=3).astype(draw.dtype)
    return Sample(
        lambda t, a: t.unique_consecutive(a, return_inverse=True, return_counts=True), [array], gradients=False
    )


@samples("bincount")
def bincount(draw: Draw) -> Sample:
    size, minlength = max(1, draw.side()), draw.integer(0, 6)
    arrays = [draw.integers(size, high=5), draw.array(size)]
    return Sample(
        lambda t, n, w: (t.bincount(n, minlength=minlength), t.bincount(n, w.double())), arrays, gradients=False
    )


@samples("histc")
def histc(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape(1)).astype(np.float64)  # whose bins have exact bounds
    bins = draw.integer(1, 6)
    return Sample(lambda t, a: (t.histc(a, bins, -2.5, 2.5), a.histc(1)), [array], gradients=False)


@samples("searchsorted", kinds="fi")
def searchsorted(draw: Draw) -> Sample:
    rows = draw.shape(1, 3)
    arrays = [np.sort(draw.array(*rows), -1), draw.array(*rows[:-1], draw.side())]
    right = draw.flag()
    return Sample(lambda t, s, v: t.searchsorted(s, v, right=right), arrays, gradients=False)


@samples("searchsorted", "searchsorted with a sorter", kinds="f")
def searchsorted_sorter(draw: Draw) -> Sample:
    arrays = [draw.apart(draw.side()), draw.array(*draw.shape())]
    side = draw.choice(["left", "right"])
    return Sample(
        lambda t, s, v: t.searchsorted(s, v, side=side, sorter=s.argsort(), out_int32=True), arrays, gradients=False
    )


@samples("searchsorted", "bucketize", kinds="fi")
def bucketize(draw: Draw) -> Sample:
    arrays = [draw.array(*draw.shape()), np.sort(draw.array(draw.side()))]
    right = draw.flag()
    return Sample(
        lambda t, v, b: (t.bucketize(v, b, right=right), t.bucketize(1, b, out_int32=True)), arrays, gradients=False
    )
