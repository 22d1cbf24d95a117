"""Samples of `tensor.ops.arithmetic`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples, unary
from tests.samples.drawing import Draw

unary("neg", kinds="fi")
unary("exp", kinds="fi")
unary("log", low=0.1, kinds="fi")


@samples("add", kinds="fib")
def add(draw: Draw) -> Sample:
    alpha = draw.choice([1, 2, 3]) if draw.dtype.kind != "b" else 1
    return Sample(
        lambda t, a, b: t.add(a, b, alpha=alpha),
        draw.broadcast(2),
        inplace=lambda t, a, b: a.add_(b, alpha=alpha),
    )


@samples("add", "add a number", kinds="fi")
def add_number(draw: Draw) -> Sample:
    number = draw.choice([0, 2, -0.5, True])
    return Sample(lambda t, a: number + a, [draw.array(*draw.shape())])


@samples("mul", kinds="fib")
def mul(draw: Draw) -> Sample:
    return Sample(lambda t, a, b: a * b, draw.broadcast(2), inplace=lambda t, a, b: a.mul_(b))


@samples("floor")
def floor(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.floor(a), [draw.apart(*draw.shape())], inplace=lambda t, a: a.floor_())
