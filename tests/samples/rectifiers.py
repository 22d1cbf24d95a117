"""Samples of `tensor.ops.rectifiers` and `tensor.nn.functional.rectifiers`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.declaring import SAMPLES, Declared, Sample, half, samples
from tests.samples.drawing import Draw

_CURVES = (
    *("relu", "relu6", "leaky_relu", "elu", "selu", "celu"),
    *("hardtanh", "hardsigmoid", "hardswish", "hardshrink", "softshrink"),
)


def _call(draw: Draw, name: str, *arguments: Any, inplace: bool = True) -> Sample:
    """A function of `nn.functional`, at elements away from its corners; with the flag for its in-place variant."""

    def fn(t: Any, a: Any) -> Any:
        return getattr(t.nn.functional, name)(a, *arguments)

    def into(t: Any, a: Any) -> Any:
        return getattr(t.nn.functional, name)(a, *arguments, inplace=True)

    return Sample(fn, [draw.apart(*draw.shape(), low=-6.0, high=8.0)], inplace=into if inplace else None)


@samples("relu", kinds="fib")
def relu(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.relu(a), [draw.apart(*draw.shape())], inplace=lambda t, a: a.relu_())


@samples("relu", "relu of zeros", gradcheck=False)
def relu_of_zeros(draw: Draw) -> Sample:
    array = np.asarray(draw.array(*draw.shape(), low=-1.0, high=1.0).round())
    return Sample(lambda t, a: t.nn.functional.relu(a), [array])


def _at_corners(op: str, name: str, *arguments: Any) -> None:
    def make(draw: Draw) -> Sample:
        array = draw.array(*draw.shape(), low=-4.0, high=7.0)
        return Sample(lambda t, a: getattr(t.nn.functional, name)(a, *arguments), [np.asarray(array.round())])

    tolerance = {"float64": 100.0} if name == "hardsigmoid" else {}  # torch takes a sixth in float32 for the gradient
    SAMPLES.append(Declared(op, f"{name} at its corners", "rectifiers", make, tolerance=tolerance, gradcheck=False))


for _op, _name, *_arguments in (
    ("hardtanh", "relu6"),
    ("hardtanh", "hardtanh"),
    ("hardsigmoid", "hardsigmoid"),
    ("hardswish", "hardswish"),
    ("hardshrink", "hardshrink", 1.0),
    ("softshrink", "softshrink", 1.0),
    ("threshold", "threshold", 1, 5),
    ("leaky_relu", "leaky_relu"),
    ("elu", "elu"),
):
    _at_corners(_op, _name, *_arguments)


@samples("hardtanh", "relu6", kinds="fib")
def relu6(draw: Draw) -> Sample:
    return _call(draw, "relu6")


@samples("hardtanh", kinds="fib")
def hardtanh(draw: Draw) -> Sample:
    return _call(draw, "hardtanh", *draw.choice([(), (-2, 0.5), (0, 3), (1, 1)]))


@samples("leaky_relu")
def leaky_relu(draw: Draw) -> Sample:
    return _call(draw, "leaky_relu", *draw.choice([(), (0.3,), (0,), (1.5,)]))


@samples("leaky_relu", "leaky_relu of a negative slope")
def leaky_relu_negative(draw: Draw) -> Sample:
    return _call(draw, "leaky_relu", -0.5, inplace=False)


@samples("leaky_relu", "rrelu")
def rrelu(draw: Draw) -> Sample:
    return _call(draw, "rrelu", *draw.choice([(), (0.1, 0.2)]))


@samples("prelu", "rrelu in training", gradcheck=False, oracle=False)
def rrelu_in_training(draw: Draw) -> Sample:
    return Sample(
        lambda t, a: t.nn.functional.rrelu(a, training=True),
        [draw.apart(*draw.shape())],
        inplace=lambda t, a: t.nn.functional.rrelu_(a, training=True),
    )


@samples("prelu", tolerance=half(4))  # torch sums gradients up in half precision
def prelu(draw: Draw) -> Sample:
    array = draw.apart(*draw.shape())
    channels = array.shape[1] if array.ndim > 1 else 1
    weight = draw.floats(*draw.choice([(channels,), (1,), ()]))
    return Sample(lambda t, a, w: t.nn.functional.prelu(a, w) + a.prelu(w), [array, weight])


@samples("elu")
def elu(draw: Draw) -> Sample:
    return _call(draw, "elu", *draw.choice([(), (0.5,), (2,)]))


@samples("elu", "selu")
def selu(draw: Draw) -> Sample:
    return _call(draw, "selu")


@samples("elu", "celu")
def celu(draw: Draw) -> Sample:
    return _call(draw, "celu", *draw.choice([(), (0.5,), (2,)]))


@samples("elu", "selu and celu")
def selu_and_celu(draw: Draw) -> Sample:
    return Sample(
        lambda t, a: (t.selu(a), t.celu(a)),
        [draw.apart(*draw.shape())],
        inplace=lambda t, a: t.selu_(a),
    )


@samples("hardsigmoid", tolerance={"float64": 100})  # torch takes a sixth in float32 for the gradient
def hardsigmoid(draw: Draw) -> Sample:
    return _call(draw, "hardsigmoid")


@samples("hardswish")
def hardswish(draw: Draw) -> Sample:
    return _call(draw, "hardswish")


@samples("hardshrink")
def hardshrink(draw: Draw) -> Sample:
    return _call(draw, "hardshrink", *draw.choice([(), (1.5,), (0,)]), inplace=False)


@samples("softshrink")
def softshrink(draw: Draw) -> Sample:
    return _call(draw, "softshrink", *draw.choice([(), (1.5,), (0,)]), inplace=False)


@samples("threshold", kinds="fi")
def threshold(draw: Draw) -> Sample:
    return _call(draw, "threshold", *draw.choice([(0, 0), (1, -1), (0.5, 7)]))


@samples("relu", "rectifiers of special values", gradcheck=False)
def rectifiers_of_special_values(draw: Draw) -> Sample:
    name = draw.choice(
        [
            "relu",
            "relu6",
            "leaky_relu",
            "elu",
            "selu",
            "hardtanh",
            "hardsigmoid",
            "hardswish",
            "hardshrink",
            "softshrink",
            "celu",
        ]
    )
    array = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1.0, 1e4, -1e4]).astype(draw.dtype)
    return Sample(lambda t, a: getattr(t.nn.functional, name)(a), [array], gradients=False)
