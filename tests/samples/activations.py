"""Samples of `tensor.ops.activations` and of `tensor.nn.functional.activations`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.declaring import Sample, samples, unary
from tests.samples.drawing import Draw

unary("sigmoid", kinds="fib")


def _call(draw: Draw, name: str, *arguments: Any, inplace: bool = False) -> Sample:
    def fn(t: Any, a: Any) -> Any:
        return getattr(t.nn.functional, name)(a, *arguments)

    def into(t: Any, a: Any) -> Any:
        return getattr(t.nn.functional, name)(a, *arguments, inplace=True)

    return Sample(fn, [draw.apart(*draw.shape(), low=-8.0, high=8.0)], inplace=into if inplace else None)


@samples("sigmoid", "sigmoid of large numbers")
def sigmoid_of_large(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(), low=-200.0, high=200.0)
    return Sample(lambda t, a: (t.sigmoid(a), t.nn.functional.logsigmoid(a), t.nn.functional.silu(a)), [array])


@samples("log_sigmoid", "logsigmoid")
def logsigmoid(draw: Draw) -> Sample:
    return _call(draw, "logsigmoid")


@samples("silu")
def silu(draw: Draw) -> Sample:
    return _call(draw, "silu", inplace=True)


@samples("mish")
def mish(draw: Draw) -> Sample:
    return _call(draw, "mish", inplace=True)


@samples("mish", "mish of large numbers")
def mish_of_large(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.nn.functional.mish(a), [draw.array(*draw.shape(), low=-90.0, high=90.0)])


@samples("softplus")
def softplus(draw: Draw) -> Sample:
    return _call(draw, "softplus", *draw.choice([(), (2,), (0.5, 1.3), (1, 3.3)]))


@samples("softsign", kinds="fi")
def softsign(draw: Draw) -> Sample:
    return _call(draw, "softsign")


@samples("tanh", "tanhshrink", kinds="fi")
def tanhshrink(draw: Draw) -> Sample:
    # Near zero there are few right digits in either library.
    array = draw.array(*draw.shape(), low=1.0)
    return Sample(lambda t, a: t.nn.functional.tanhshrink(a), [array])


def _above(draw: Draw) -> np.ndarray:
    """Below -1 torch's results lose their digits to a difference of nearly equal numbers; ours do not."""
    return draw.array(*draw.shape(), low=-1.0, high=8.0)


@samples("gelu")
def gelu(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.nn.functional.gelu(a), [_above(draw)])


@samples("gelu_tanh")
def gelu_tanh(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.nn.functional.gelu(a, approximate="tanh"), [_above(draw)])


@samples("sigmoid", "glu")
def glu(draw: Draw) -> Sample:
    shape = list(draw.shape(1))
    dim = draw.dim(len(shape))
    shape[dim] *= 2
    return Sample(lambda t, a: t.nn.functional.glu(a, dim), [draw.array(*shape)])


@samples("tanh", "tanh and sigmoid of functional")
def of_functional(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.nn.functional.tanh(a) + t.nn.functional.sigmoid(a), [draw.array(*draw.shape())])


@samples("sigmoid", "activations of special values", gradcheck=False)
def activations_of_special_values(draw: Draw) -> Sample:
    name = draw.choice(["sigmoid", "silu", "softplus", "softsign", "logsigmoid"])
    array = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1.0, 1e4, -1e4]).astype(draw.dtype)
    return Sample(lambda t, a: getattr(t.nn.functional, name)(a), [array], gradients=False)
