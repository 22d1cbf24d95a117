"""Samples of `tensor.ops.exponentials`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, half, samples, unary
from tests.samples.drawing import Draw

unary("exp", kinds="fib")
unary("exp2", kinds="fib")
unary("expm1", kinds="fib")
unary("log", low=0.1, kinds="fib")
unary("log2", low=0.1, kinds="fib")
unary("log10", low=0.1, kinds="fib")
unary("log1p", low=-0.9, kinds="fib")


@samples("logaddexp")
def logaddexp(draw: Draw) -> Sample:
    return Sample(lambda t, a, b: t.logaddexp(a, b), draw.broadcast(2))


@samples("logaddexp2")
def logaddexp2(draw: Draw) -> Sample:
    return Sample(lambda t, a, b: t.logaddexp2(a, b), draw.broadcast(2))


@samples("xlogy", kinds="fib", tolerance=half(4))  # torch adds gradients up in half precision
def xlogy(draw: Draw) -> Sample:
    a, b = draw.broadcast(2, low=0.2)
    return Sample(lambda t, a, b: (t.xlogy(a, b), a.xlogy(2)), [a, b], inplace=lambda t, a, b: a.xlogy_(b))


@samples("xlogy", "xlogy of zeros", gradcheck=False)
def xlogy_of_zeros(draw: Draw) -> Sample:
    a, b = draw.broadcast(2, low=0.0, high=2.0)
    return Sample(lambda t, a, b: t.xlogy(a, b), [np.asarray(each.round()) for each in (a, b)])


@samples("logit", kinds="fib", tolerance=half(8))  # torch computes the gradient in half precision
def logit(draw: Draw) -> Sample:
    eps = draw.choice([None, 1e-6, 0.203125])
    array = draw.array(*draw.shape(), low=0.05, high=0.95)
    return Sample(lambda t, a: t.logit(a, eps), [array], inplace=lambda t, a: a.logit_(eps))


@samples("logit", "logit beyond 0 and 1", tolerance=half(8), gradcheck=False)  # as above
def logit_beyond(draw: Draw) -> Sample:
    eps = draw.choice([None, 0.203125])
    return Sample(lambda t, a: t.logit(a, eps), [draw.array(*draw.shape(), low=-0.5, high=1.5)])


@samples("exp", "exponentials of special values", gradcheck=False)
def exponentials_of_special_values(draw: Draw) -> Sample:
    name = draw.choice(["exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logit"])
    array = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1.0, 1e4, -1e4]).astype(draw.dtype)
    return Sample(lambda t, a: getattr(t, name)(a), [array], gradients=False)
