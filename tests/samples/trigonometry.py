"""Samples of `tensor.ops.trigonometry`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, half, samples, unary
from tests.samples.drawing import Draw

unary("sin", kinds="fib")
unary("cos", kinds="fib")
unary("tan", low=-1.4, high=1.4, kinds="fib")
unary("asin", low=-0.95, high=0.95, kinds="fib")
unary("acos", low=-0.95, high=0.95, kinds="fib")
unary("atan", kinds="fib")
unary("sinh", kinds="fib")
unary("cosh", kinds="fib")
unary("tanh", kinds="fib")
unary("asinh", inplace=False, kinds="fib")
unary("acosh", low=1.1, inplace=False, kinds="fib")
unary("atanh", low=-0.9, high=0.9, inplace=False, kinds="fib")
unary("deg2rad", low=-180.0, high=180.0, kinds="fi")
unary("rad2deg", kinds="fi")


@samples("atan2", kinds="fib")
def atan2(draw: Draw) -> Sample:
    arrays = draw.broadcast(2, low=0.5)  # nearer to the origin torch's gradient overflows in half precision
    if draw.flag() and draw.dtype.kind in "fV":
        np.negative(arrays[0], out=arrays[0])
    return Sample(lambda t, a, b: t.atan2(a, b), arrays, inplace=lambda t, a, b: a.arctan2_(b))


@samples("atan2", "atan2 at the origin", gradcheck=False)
def atan2_at_the_origin(draw: Draw) -> Sample:
    a, b = draw.broadcast(2, low=-1.0, high=1.0)
    return Sample(lambda t, a, b: t.atan2(a, b), [np.asarray(each.round()) for each in (a, b)])


@samples("sinc", kinds="fi", tolerance=half(8))  # torch computes the gradient in half precision
def sinc(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(), low=0.5)  # near zero there are few right digits of the gradient
    if draw.flag():
        array = np.zeros_like(array)
    return Sample(lambda t, a: t.sinc(a), [array], inplace=lambda t, a: a.sinc_())


@samples("asinh", "inverse hyperbolic functions in place", kinds="fib")
def inverse_hyperbolic_in_place(draw: Draw) -> Sample:
    name = draw.choice(["asinh", "acosh", "atanh"])
    array = draw.array(*draw.shape(), low=-0.9, high=0.9)
    # torch has no gradients of these.
    return Sample(
        lambda t, a: t.asinh(a), [array], inplace=lambda t, a: getattr(a, f"arc{name[1:]}_")(), gradients=False
    )


@samples("sinh", "trigonometry of special values", gradcheck=False)
def trigonometry_of_special_values(draw: Draw) -> Sample:
    name = draw.choice(["sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "atan", "asin", "acos", "sinc", "deg2rad"])
    array = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1.0, 1e4, -1e4]).astype(draw.dtype)
    return Sample(lambda t, a: getattr(t, name)(a), [array], gradients=False)
