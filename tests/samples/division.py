"""Samples of `tensor.ops.division`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples, unary
from tests.samples.drawing import Draw

unary("reciprocal", low=0.5, kinds="fib")


def _pair(draw: Draw) -> list:
    """A dividend, and a divisor that is nowhere zero; neither the quotient nor its fraction is near a step."""
    shape = draw.shape()
    dividend = draw.array(*shape, low=-9.0, high=9.0)
    divisor = draw.array(*draw.broadcastable(shape), low=1.0, high=4.0)
    return [dividend, divisor if draw.flag() or draw.dtype.kind in "ub" else np.negative(divisor, out=divisor)]


@samples("div", kinds="fib")
def div(draw: Draw) -> Sample:
    return Sample(lambda t, a, b: (t.div(a, b), a / b), _pair(draw), inplace=lambda t, a, b: a.div_(b))


@samples("div", "divide a number", kinds="fib")
def rdiv(draw: Draw) -> Sample:
    number = draw.choice([2, -0.5])
    array = draw.array(*draw.shape(), low=1.0, high=3.0)
    return Sample(lambda t, a: number / a, [array], inplace=lambda t, a: a.__itruediv__(number))


@samples("floor_divide", kinds="fib")
def floor_divide(draw: Draw) -> Sample:
    return Sample(
        lambda t, a, b: t.div(a, b, rounding_mode="floor"),
        _pair(draw),
        inplace=lambda t, a, b: a.div_(b, rounding_mode="floor"),
    )


@samples("floor_divide", "//", kinds="fi")
def floordiv(draw: Draw) -> Sample:
    number = draw.choice([2, 1.5])
    return Sample(
        lambda t, a, b: (a // b, t.floor_divide(a, number)),
        _pair(draw),
        inplace=lambda t, a, b: a.floor_divide_(b),
        gradients=False,  # torch has none
    )


@samples("floor_divide", "the gradient of //", oracle=False)
def gradient_of_floordiv(draw: Draw) -> Sample:
    return Sample(lambda t, a, b: a // b, _pair(draw))


@samples("trunc_divide", kinds="fib")
def trunc_divide(draw: Draw) -> Sample:
    return Sample(
        lambda t, a, b: t.div(a, b, rounding_mode="trunc"),
        _pair(draw),
        inplace=lambda t, a, b: a.div_(b, rounding_mode="trunc"),
    )


@samples("remainder", kinds="fi")
def remainder(draw: Draw) -> Sample:
    number = draw.choice([2, -1.5])
    return Sample(
        lambda t, a, b: (a % b, t.remainder(a, number), number % b),
        _pair(draw),
        inplace=lambda t, a, b: a.remainder_(b),
    )


@samples("fmod", kinds="fi")
def fmod(draw: Draw) -> Sample:
    number = draw.choice([2, -1.5])
    return Sample(lambda t, a, b: (t.fmod(a, b), a.fmod(number)), _pair(draw), inplace=lambda t, a, b: a.fmod_(b))


@samples("gcd", kinds="i")
def gcd(draw: Draw) -> Sample:
    a, b = draw.broadcast(2, low=-60.0, high=60.0)
    return Sample(lambda t, a, b: t.gcd(a, b), [a, b], inplace=lambda t, a, b: a.gcd_(b), gradients=False)


@samples("lcm", kinds="i")
def lcm(draw: Draw) -> Sample:
    a, b = draw.broadcast(2, low=-9.0, high=9.0)
    return Sample(lambda t, a, b: t.lcm(a, b), [a, b], inplace=lambda t, a, b: a.lcm_(b), gradients=False)
