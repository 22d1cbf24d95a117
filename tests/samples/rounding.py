"""Samples of `tensor.ops.rounding`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("floor", kinds="fi")
def floor(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.floor(a), [draw.apart(*draw.shape())], inplace=lambda t, a: a.floor_())


@samples("ceil", kinds="fi")
def ceil(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.ceil(a), [draw.apart(*draw.shape())], inplace=lambda t, a: a.ceil_())


@samples("trunc", kinds="fi")
def trunc(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.trunc(a) + t.fix(a), [draw.apart(*draw.shape())], inplace=lambda t, a: a.trunc_())


@samples("frac")
def frac(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.frac(a), [draw.apart(*draw.shape())], inplace=lambda t, a: a.frac_())


@samples("round", kinds="fi", gradcheck=False)
def round(draw: Draw) -> Sample:
    decimals = draw.choice([0, 0, 1, 2, -1])
    array = draw.array(*draw.shape())
    if draw.flag() and draw.dtype.kind == "f":
        array = (array * 2).round().astype(array.dtype) / array.dtype.type(2)  # halves go to even numbers
    return Sample(lambda t, a: t.round(a, decimals=decimals), [array], inplace=lambda t, a: a.round_(decimals=decimals))


@samples("round", "the gradient of round")
def gradient_of_round(draw: Draw) -> Sample:
    decimals = draw.choice([0, 1])
    whole = draw.random.integers(-30, 30, draw.shape())
    near = (whole + draw.random.uniform(-0.4, 0.4, whole.shape)) / 10**decimals
    return Sample(lambda t, a: t.round(a, decimals=decimals), [np.asarray(near).astype(draw.dtype)])


@samples("round", "rounding of special values", gradcheck=False)
def rounding_of_special_values(draw: Draw) -> Sample:
    name = draw.choice(["round", "floor", "ceil", "trunc"])
    array = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1.0, 1e4, -1e4]).astype(draw.dtype)
    return Sample(lambda t, a: getattr(t, name)(a), [array], gradients=False)
