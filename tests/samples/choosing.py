"""Samples of `tensor.ops.choosing`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("where", kinds="fib")
def where(draw: Draw) -> Sample:
    a, b = draw.broadcast(2)
    mask = draw.mask(*draw.broadcastable(a.shape))
    return Sample(lambda t, a, b, mask: t.where(mask, a, b), [a, b, mask])


@samples("where", "where of numbers", kinds="fib")
def where_numbers(draw: Draw) -> Sample:
    number = draw.choice([0, 2, -0.5, True])
    array = draw.array(*draw.shape())
    return Sample(
        lambda t, a, mask: (t.where(mask, a, number), t.where(mask, number, a), a.where(mask, number)),
        [array, draw.mask(*array.shape)],
    )


@samples("where", "where of two dtypes", kinds="fib", gradcheck=False)
def where_mixed(draw: Draw) -> Sample:
    a, b = draw.broadcast(2)
    dtype = draw.choice(["float64", "float32", "float16", "int64", "int8", "bool"])
    whole = draw.dtype.kind in "iub" or not dtype.startswith("float")  # torch sums gradients up in the narrower one
    return Sample(lambda t, a, b, mask: t.where(mask, a, b), [a, b.astype(dtype), draw.mask(*a.shape)], gradients=whole)


@samples("where", "where of a condition alone", kinds="fib")
def where_alone(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(), low=-1.0, high=1.0)
    if draw.dtype.kind in "fV":
        array = np.asarray(array.astype(np.float64).round()).astype(array.dtype)
    return Sample(lambda t, a: (t.where(a), t.where(a > 0, 1.0, 0.0)), [array], gradients=False)


@samples("nan_to_num", kinds="fib")
def nan_to_num(draw: Draw) -> Sample:
    nan, high, low = draw.choice([(None, None, None), (1.5, 7, -7)])
    return Sample(
        lambda t, a: t.nan_to_num(a, nan, high, low),
        [draw.array(*draw.shape())],
        inplace=lambda t, a: a.nan_to_num_(nan, high, low),
    )


@samples("nan_to_num", "nan_to_num of such", gradcheck=False)
def nan_to_num_of_such(draw: Draw) -> Sample:
    nan, high, low = draw.choice([(None, None, None), (1.5, None, -7.0)])
    array = draw.array(*draw.shape())
    array[draw.mask(*array.shape)] = draw.choice([np.nan, np.inf, -np.inf])
    return Sample(lambda t, a: t.nan_to_num(a, nan, high, low), [array])
