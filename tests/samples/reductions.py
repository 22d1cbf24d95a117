"""Samples of `tensor.ops.reductions`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _over(draw: Draw, ndim: int) -> tuple[tuple[int, ...] | int | None, bool]:
    """Dimensions to reduce, and whether they stay."""
    return draw.choice([None, draw.dim(ndim), draw.dims(ndim)]), draw.flag()


@samples("sum", kinds="fib")
def sum(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim, keepdim = _over(draw, array.ndim)
    return Sample(lambda t, a: t.sum(a, dim, keepdim) if dim is not None else a.sum(), [array])


@samples("sum", "sum in another dtype", kinds="fi")
def sum_dtype(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    return Sample(lambda t, a: a.sum(-1, dtype=t.float64), [array])


@samples("sum", "sum in a narrower dtype", kinds="ib")
def sum_narrow(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    name = draw.choice(["int8", "int32", "bool", "float16"])

    def fn(t: Any, a: Any) -> Any:
        wanted = getattr(t, name)
        return a.sum(dtype=wanted), t.sum(a, 0, dtype=wanted), a.prod(0, dtype=wanted), a.nansum(-1, dtype=wanted)

    return Sample(fn, [array], gradients=False)


@samples("sum", "sum of many rows", gradcheck=False)
def sum_many(draw: Draw) -> Sample:
    shape, dim = draw.choice([((300, 3), 0), ((2, 700, 20), 1), ((3, 513, 4), (0, 1)), ((1000,), 0)])
    array = np.abs(draw.array(*shape)) + np.asarray(1).astype(draw.dtype)
    return Sample(lambda t, a: (a.sum(dim), a.mean(dim, keepdim=True), a.var(dim), a.norm(2, dim)), [array])


@samples("nansum")
def nansum(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim, keepdim = _over(draw, array.ndim)
    holes = draw.mask(*array.shape)

    def fn(t: Any, a: Any) -> Any:
        a = t.where(t.tensor(holes), a, float("nan"))
        return a.nansum(dim, keepdim)

    return Sample(fn, [array])


@samples("nansum", "nanmean", gradcheck=False)  # of nothing but nan the mean is nan, and so is its slope
def nanmean(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim, keepdim = _over(draw, array.ndim)
    holes = draw.mask(*array.shape)
    return Sample(lambda t, a: t.where(t.tensor(holes), a, float("nan")).nanmean(dim, keepdim), [array])


@samples("mean")
def mean(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim, keepdim = _over(draw, array.ndim)
    return Sample(lambda t, a: t.mean(a, dim, keepdim), [array])


@samples("prod", kinds="fib")
def prod(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(), low=-1.5, high=1.5)
    dim, keepdim = draw.dim(array.ndim), draw.flag()
    return Sample(lambda t, a: (t.prod(a), t.prod(a, dim, keepdim)), [array])


@samples("prod", "prod with zeros")
def prod_zeros(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1), low=-1.5, high=1.5) * draw.mask()
    return Sample(lambda t, a: a.prod(-1), [array])


@samples("any", kinds="fib")
def any_(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(), low=-1, high=3)
    dim, keepdim = _over(draw, array.ndim)
    return Sample(lambda t, a: ((a > 2).any(), t.any(a, dim, keepdim), t.any(a, ())), [array], gradients=False)


@samples("all", kinds="fib")
def all_(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(), low=-1, high=3)
    dim, keepdim = _over(draw, array.ndim)
    return Sample(lambda t, a: ((a > -0.5).all(), t.all(a, dim, keepdim), t.all(a, ())), [array], gradients=False)


@samples("sum", "count_nonzero", kinds="fib")
def count_nonzero(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(), low=-1, high=1)
    dim = draw.dim(array.ndim) if array.ndim else None
    return Sample(lambda t, a: t.count_nonzero(a > 0, dim), [array], gradients=False)
