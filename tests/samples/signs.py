"""Samples of `tensor.ops.signs`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _with_zeros(array: np.ndarray) -> np.ndarray:
    array = np.array(array)
    array[..., :1] = 0 if array.ndim else array
    return array


@samples("abs", kinds="fi")
def absolute(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.abs(a), [draw.apart(*draw.shape())], inplace=lambda t, a: a.abs_())


@samples("abs", "abs of zeros", gradcheck=False)
def abs_of_zeros(draw: Draw) -> Sample:
    return Sample(lambda t, a: abs(a), [_with_zeros(draw.array(*draw.shape(1)))])


@samples("sign", kinds="fib")
def sign(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.sign(a), [draw.apart(*draw.shape())], inplace=lambda t, a: a.sign_())


@samples("sgn", kinds="fib")
def sgn(draw: Draw) -> Sample:
    # torch's gradient is a tensor without memory, which cannot be looked at.
    return Sample(lambda t, a: t.sgn(a), [draw.apart(*draw.shape())], inplace=lambda t, a: a.sgn_(), gradients=False)


@samples("sgn", "the gradient of sgn", oracle=False)
def gradient_of_sgn(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.sgn(a), [draw.apart(*draw.shape())])


@samples("signbit", kinds="fib")
def signbit(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.signbit(a), [draw.array(*draw.shape())], gradients=False)


@samples("copysign", kinds="fib")
def copysign(draw: Draw) -> Sample:
    shape = draw.shape()
    arrays = [draw.apart(*shape), draw.apart(*draw.broadcastable(shape))]
    return Sample(lambda t, a, b: (t.copysign(a, b), a.copysign(-2.0)), arrays, inplace=lambda t, a, b: a.copysign_(b))


@samples("heaviside", kinds="fi", gradcheck=False)
def heaviside(draw: Draw) -> Sample:
    a, b = draw.broadcast(2)
    return Sample(
        lambda t, a, b: t.heaviside(a, b),
        [_with_zeros(a) if a.ndim else a, b],
        inplace=lambda t, a, b: a.heaviside_(b),
        gradients=False,
    )


@samples("heaviside", "the gradient of heaviside", oracle=False)  # torch has none
def gradient_of_heaviside(draw: Draw) -> Sample:
    shape = draw.shape()
    return Sample(lambda t, a, b: t.heaviside(a, b), [draw.apart(*shape), draw.array(*draw.broadcastable(shape))])


@samples("nextafter", gradcheck=False)
def nextafter(draw: Draw) -> Sample:
    return Sample(
        lambda t, a, b: t.nextafter(a, b) - a,
        draw.broadcast(2),
        inplace=lambda t, a, b: a.nextafter_(b),
        gradients=False,
    )


@samples("nextafter", "the gradient of nextafter", oracle=False)  # torch has none
def gradient_of_nextafter(draw: Draw) -> Sample:
    return Sample(lambda t, a, b: t.nextafter(a, b), draw.broadcast(2))


@samples("sign", "signs of special values", gradcheck=False)
def signs_of_special_values(draw: Draw) -> Sample:
    name = draw.choice(["sign", "sgn", "abs", "signbit", "neg"])
    array = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1.0, 1e4, -1e4]).astype(draw.dtype)
    return Sample(lambda t, a: getattr(t, name)(a), [array], gradients=False)
