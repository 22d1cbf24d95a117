"""Samples of `tensor.ops.moments`."""

from __future__ import annotations

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw


@samples("var")
def var(draw: Draw) -> Sample:
    array = draw.array(*(side + 1 for side in draw.shape()))  # of a single element there is no variance
    dim, keepdim = draw.choice([draw.dim(array.ndim), draw.dims(array.ndim) or 0]), draw.flag()
    correction = draw.choice([0, 1, 1.5])
    return Sample(lambda t, a: t.var(a, dim, correction=correction, keepdim=keepdim), [array], gradients=array.ndim > 0)


@samples("std", tolerance=half(4))
def std(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(), low=-3)
    dim, keepdim = draw.dim(array.ndim), draw.flag()
    unbiased = draw.flag() and array.ndim > 0 and array.shape[dim] > 1
    return Sample(
        lambda t, a: t.std(a, dim, unbiased, keepdim), [array], gradients=array.ndim > 0 and min(array.shape) > 1
    )


@samples("var", "var_mean of all")
def var_mean(draw: Draw) -> Sample:
    array = draw.array(*(side + 1 for side in draw.shape(1)))
    return Sample(lambda t, a: (a.var(), *t.var_mean(a, 0), *t.var_mean(a, -1, correction=0)), [array])


@samples("std", "std_mean of all", tolerance=half(6))
def std_mean(draw: Draw) -> Sample:
    array = draw.apart(draw.side() + 1, draw.side() + 1)
    return Sample(
        lambda t, a: (a.std(), a.std(False), *t.std_mean(a, 0), *t.std_mean(a, (0, 1), keepdim=True)), [array]
    )
