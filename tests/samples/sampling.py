"""Samples of `tensor.ops.sampling`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("bernoulli", oracle=False, gradcheck=False)
def bernoulli(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.bernoulli(a), [draw.array(*draw.shape(), low=0, high=1)], gradients=False)


@samples("bernoulli", "certain outcomes")
def certain(draw: Draw) -> Sample:
    array = draw.integers(*draw.shape(), high=2).astype(draw.dtype)
    return Sample(lambda t, a: t.bernoulli(a), [array], gradients=False)


@samples("multinomial", oracle=False, gradcheck=False)
def multinomial(draw: Draw) -> Sample:
    array = draw.array(max(draw.side(), 1), max(draw.side(), 1) + 1, low=0.1, high=1)
    replacement = draw.flag()
    return Sample(lambda t, a: t.multinomial(a, 2, replacement), [array], gradients=False)


@samples("multinomial", "the only outcome")
def only(draw: Draw) -> Sample:
    size = max(draw.side(), 1)
    array = np.eye(size)[draw.integer(0, size - 1)].astype(draw.dtype)
    return Sample(lambda t, a: t.multinomial(a, 1), [array], gradients=False)


@samples("poisson", oracle=False, gradcheck=False)
def poisson(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.poisson(a), [draw.array(*draw.shape(), low=0, high=5)], gradients=False)


@samples("poisson", "rates of zero")
def nothing(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.poisson(a * 0), [draw.array(*draw.shape())])
