"""Samples of `tensor.ops.sampling`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("bernoulli", oracle=False, gradcheck=False)
def bernoulli(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.bernoulli(a), [draw.array(*draw.shape(), low=0, high=1)])


@samples("bernoulli", "certain outcomes", gradcheck=False)
def certain(draw: Draw) -> Sample:
    array = draw.integers(*draw.shape(), high=2).astype(draw.dtype)
    return Sample(lambda t, a: t.bernoulli(a), [array])


@samples("bernoulli", "bernoulli of certainty", gradcheck=False)
def certainty(draw: Draw) -> Sample:
    p = draw.choice([0.0, 1.0])
    return Sample(lambda t, a: (t.bernoulli(a, p), a.bernoulli(p)), [draw.array(*draw.shape())])


@samples("multinomial", oracle=False, gradcheck=False)
def multinomial(draw: Draw) -> Sample:
    array = draw.array(max(draw.side(), 1), max(draw.side(), 1) + 1, low=0.1, high=1)
    replacement = draw.flag()
    return Sample(lambda t, a: t.multinomial(a, 2, replacement), [array])


@samples("multinomial", "the only outcome", gradcheck=False)
def only(draw: Draw) -> Sample:
    size = max(draw.side(), 1)
    array = np.eye(size)[draw.integer(0, size - 1)].astype(draw.dtype)
    return Sample(lambda t, a: t.multinomial(a, 1), [array])


@samples("poisson", oracle=False, gradcheck=False)
def poisson(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.poisson(a), [draw.array(*draw.shape(), low=0, high=5)])


@samples("poisson", "rates of zero")
def nothing(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.poisson(a * 0), [draw.array(*draw.shape())])


@samples("binomial", oracle=False, gradcheck=False)
def binomial(draw: Draw) -> Sample:
    shape = draw.shape()
    arrays = [draw.integers(*shape, high=5).astype(draw.dtype), draw.array(*shape, low=0, high=1)]
    return Sample(lambda t, n, p: t.binomial(n, p), arrays)


@samples("binomial", "certain trials", gradcheck=False)
def certain_trials(draw: Draw) -> Sample:
    shape = draw.shape()
    arrays = [draw.integers(*shape, high=5).astype(draw.dtype), draw.integers(*shape, high=2).astype(draw.dtype)]
    return Sample(lambda t, n, p: t.binomial(n, p), arrays, constants=[0])


@samples("normal", oracle=False, gradcheck=False)
def normal(draw: Draw) -> Sample:
    shape = draw.shape()
    return Sample(lambda t, a, b: t.normal(a, b), [draw.array(*shape), draw.array(*shape, low=0)])


@samples("normal", "no deviation", gradcheck=False)
def no_deviation(draw: Draw) -> Sample:
    shape = draw.shape()
    return Sample(
        lambda t, a, b: (t.normal(a, b * 0), t.normal(a, 0.0), t.normal(1.5, b * 0)),
        [draw.array(*shape), draw.array(*draw.broadcastable(shape), low=0)],
    )


@samples("normal", "numbers that do not depend on the operands")
def nothing_drawn(draw: Draw) -> Sample:
    shape = draw.shape()
    return Sample(
        lambda t, a, b: (t.bernoulli(a * 0), t.binomial(a.detach().abs(), b * 0), t.normal(a * 0, b * 0)),
        [draw.array(*shape), draw.array(*shape)],
    )


@samples("standard_gamma", oracle=False, gradcheck=False)
def standard_gamma(draw: Draw) -> Sample:
    return Sample(lambda t, a: t._standard_gamma(a), [draw.array(*draw.shape(), low=0.5, high=5)])
