"""Samples of `tensor.ops.arithmetic`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples, unary
from tests.samples.drawing import Draw

unary("neg", kinds="fib")


@samples("add", kinds="fib")
def add(draw: Draw) -> Sample:
    alpha = draw.choice({"b": [True, 1], "i": [1, 2, 3], "u": [1, 2, 3]}.get(draw.dtype.kind, [1, 3, 0.5]))
    return Sample(
        lambda t, a, b: t.add(a, b, alpha=alpha),
        draw.broadcast(2),
        inplace=lambda t, a, b: a.add_(b, alpha=alpha),
    )


@samples("add", "add a number", kinds="fib")
def add_number(draw: Draw) -> Sample:
    number = draw.choice([0, 2, -0.5, True])
    return Sample(lambda t, a: number + a, [draw.array(*draw.shape())], inplace=lambda t, a: a.__iadd__(number))


@samples("add", "the sum of two dtypes", kinds="fib", gradcheck=False)
def mixed(draw: Draw) -> Sample:
    a, b = draw.broadcast(2, low=0.0, high=5.0)
    dtype = draw.choice(["float64", "float32", "float16", "int64", "int8", "uint8", "bool"])
    whole = draw.dtype.kind in "iub" or not dtype.startswith("float")  # torch sums gradients up in the narrower one
    return Sample(lambda t, a, b: a + b, [a, b.astype(dtype)], gradients=whole)


@samples("sub", kinds="fib")
def sub(draw: Draw) -> Sample:
    alpha = draw.choice([1, 2] if draw.dtype.kind in "iub" else [1, 2, 0.5])
    return Sample(
        lambda t, a, b: t.sub(a, b, alpha=alpha),
        draw.broadcast(2),
        inplace=lambda t, a, b: a.sub_(b, alpha=alpha),
    )


@samples("sub", "subtract from a number", kinds="fib")
def rsub(draw: Draw) -> Sample:
    number = draw.choice([2, -0.5])
    alpha = draw.choice([1, 2])
    return Sample(lambda t, a: (number - a) + t.rsub(a, number, alpha=alpha), [draw.array(*draw.shape())])


@samples("mul", kinds="fib")
def mul(draw: Draw) -> Sample:
    return Sample(lambda t, a, b: a * b, draw.broadcast(2), inplace=lambda t, a, b: a.mul_(b))


@samples("mul", "multiply by a number", kinds="fib")
def mul_number(draw: Draw) -> Sample:
    number = draw.choice([3, 0.5])
    return Sample(lambda t, a: t.mul(a, number), [draw.array(*draw.shape())], inplace=lambda t, a: a.mul_(number))


@samples("neg", "positive", kinds="fib")
def positive(draw: Draw) -> Sample:
    return Sample(lambda t, a: -t.positive(a), [draw.array(*draw.shape())])


@samples("lerp")
def lerp(draw: Draw) -> Sample:
    weight = draw.choice([0.25, 0.75, 1, -2.0])
    return Sample(lambda t, a, b: t.lerp(a, b, weight), draw.broadcast(2), inplace=lambda t, a, b: a.lerp_(b, weight))


@samples("lerp", "lerp by tensors")
def lerp_tensor(draw: Draw) -> Sample:
    return Sample(lambda t, a, b, w: t.lerp(a, b, w), draw.broadcast(3), inplace=lambda t, a, b, w: a.lerp_(b, w))


@samples("addcmul", kinds="fi")
def addcmul(draw: Draw) -> Sample:
    value = draw.choice([1, 2, 0.5, -1])
    return Sample(
        lambda t, a, b, c: t.addcmul(a, b, c, value=value),
        draw.broadcast(3),
        inplace=lambda t, a, b, c: a.addcmul_(b, c, value=value),
    )


@samples("addcdiv", kinds="fi")
def addcdiv(draw: Draw) -> Sample:
    value = draw.choice([1, 2, 0.5, -1])
    a, b, c = draw.broadcast(3, low=1.0, high=3.0)
    return Sample(
        lambda t, a, b, c: t.addcdiv(a, b, c, value=value),
        [a, b, c],
        inplace=lambda t, a, b, c: a.addcdiv_(b, c, value=value),
    )
