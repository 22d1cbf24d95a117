"""Samples of `tensor.ops.powers`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, half, samples, unary
from tests.samples.drawing import Draw

unary("square", kinds="fib")
unary("sqrt", low=0.1, kinds="fib")
unary("rsqrt", low=0.5, kinds="fib")


@samples("pow", kinds="fib")
def pow(draw: Draw) -> Sample:
    a, b = draw.broadcast(2, low=0.5)
    return Sample(lambda t, a, b: t.pow(a, b), [a, b], inplace=lambda t, a, b: a.pow_(b))


@samples("pow", "power of a number", kinds="fi")
def pow_number(draw: Draw) -> Sample:
    number = draw.choice([0, 1, 2, 3, 4, 0.5, 1.5, -0.5, -1, -2, -3.0, 2.0, True])
    low = 0.5 if draw.dtype.kind != "i" else -3.0
    array = draw.array(*draw.shape(), low=low)
    return Sample(lambda t, a: a**number, [array], inplace=lambda t, a: a.pow_(number))


@samples("pow", "whole powers of negative numbers", kinds="fi")
def pow_of_negatives(draw: Draw) -> Sample:
    number = draw.choice([0, 1, 2, 3, 4, 5])
    return Sample(lambda t, a: a**number, [draw.array(*draw.shape(), low=-3.0, high=-0.5)])


@samples("pow", "a number to a power", kinds="fi")
def rpow(draw: Draw) -> Sample:
    number = draw.choice([0, 1, 2, 1.5, 0.5])
    return Sample(lambda t, a: number**a, [draw.array(*draw.shape(), low=0.0)])


@samples("pow", "float_power", kinds="fib")
def float_power(draw: Draw) -> Sample:
    number = draw.choice([2, 0.5])
    a, b = draw.broadcast(2, low=0.5)
    if draw.dtype.kind in "iu":
        a, b = np.asarray(np.abs(a) + 1), np.asarray(np.abs(b))
    return Sample(
        lambda t, a, b: (t.float_power(a, b), a.float_power(number), t.float_power(number, b)),
        [a, b],
        inplace=lambda t, a, b: a.float_power_(b),
    )


@samples("hypot", tolerance=half(4))  # torch sums gradients up in half precision
def hypot(draw: Draw) -> Sample:
    a, b = draw.broadcast(2, low=0.2)
    return Sample(lambda t, a, b: t.hypot(a, b), [a, b], inplace=lambda t, a, b: a.hypot_(b))


@samples("pow", "ldexp", kinds="fi", tolerance=half(4))  # torch sums gradients up in half precision
def ldexp(draw: Draw) -> Sample:
    return Sample(lambda t, a, b: t.ldexp(a, b), draw.broadcast(2), inplace=lambda t, a, b: a.ldexp_(b))


@samples("sqrt", "roots of special values", gradcheck=False)
def roots_of_special_values(draw: Draw) -> Sample:
    name = draw.choice(["sqrt", "rsqrt", "square", "reciprocal"])
    array = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1.0, 1e4, -1e4]).astype(draw.dtype)
    return Sample(lambda t, a: getattr(t, name)(a), [array], gradients=False)
