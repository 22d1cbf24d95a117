"""Samples of `tensor.ops.special`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, half, samples, unary
from tests.samples.drawing import Draw

unary("erf", kinds="fib")
unary("erfc", kinds="fib")
# torch's own erfinv has an error of 2e-6 near 1 in float32.
unary("erfinv", low=-0.99, high=0.99, kinds="fib", tolerance={"float32": 4, **half(4)})
unary("lgamma", low=0.1, high=20.0, kinds="fib")
unary("digamma", low=0.1, high=20.0, kinds="fib", tolerance={"float64": 10})  # torch's trigamma has an error of 1e-9


@samples("lgamma", "lgamma of negative numbers")
def lgamma_negative(draw: Draw) -> Sample:
    whole = draw.random.integers(-4, 0, draw.shape())
    array = (whole + draw.random.uniform(0.2, 0.8, whole.shape)).astype(draw.dtype)
    return Sample(lambda t, a: t.lgamma(a), [array])


@samples("digamma", "digamma of negative numbers", tolerance={"float64": 10})
def digamma_negative(draw: Draw) -> Sample:
    whole = draw.random.integers(-4, 0, draw.shape())
    array = (whole + draw.random.uniform(0.2, 0.8, whole.shape)).astype(draw.dtype)
    return Sample(lambda t, a: t.digamma(a), [array])


@samples("erf", "special functions of special values", gradcheck=False)
def special_functions_of_special_values(draw: Draw) -> Sample:
    name = draw.choice(["erf", "erfc", "erfinv", "lgamma", "digamma"])
    array = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1.0, 1e4, -1e4]).astype(draw.dtype)
    return Sample(lambda t, a: getattr(t, name)(a), [array], gradients=False)
