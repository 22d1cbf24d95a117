"""Samples of `tensor.ops.activations` and `tensor.nn.functional.activations`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples, unary
from tests.samples.drawing import Draw

unary("sigmoid", kinds="fi")
unary("tanh", kinds="fi")


@samples("relu", kinds="fi")
def relu(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.relu(a), [draw.apart(*draw.shape())], inplace=lambda t, a: a.relu_())


@samples("softmax")
def softmax(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim = draw.dim(array.ndim)
    return Sample(lambda t, a: t.softmax(a, dim), [array])
