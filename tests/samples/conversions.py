"""Samples of `tensor.ops.conversions`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw

DTYPES = ("float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "bool")


@samples("clone", kinds="fib")
def clone(draw: Draw) -> Sample:
    return Sample(lambda t, a: (t.clone(a), a.mT.contiguous()), [draw.array(*draw.shape(2))])


@samples("to_copy")
def to_double(draw: Draw) -> Sample:
    return Sample(lambda t, a: a.to(t.float64, copy=True), [draw.array(*draw.shape())])


# Finite differences are too coarse for narrow floats, from here on.
@samples("to_copy", kinds="fib", gradcheck=False)
def to(draw: Draw) -> Sample:
    name = draw.choice(DTYPES)
    return Sample(
        lambda t, a: (
            a.to(getattr(t, name), copy=True),
            a.to("cpu", getattr(t, name)),
            a.to(dtype=getattr(t, name)),
            a.type(getattr(t, name)),
        ),
        [draw.array(*draw.shape())],
    )


@samples("to_copy", kinds="fib", gradcheck=False)
def named_casts(draw: Draw) -> Sample:
    name = draw.choice(["float", "double", "half", "bfloat16", "int", "long", "short", "char", "bool"])
    return Sample(lambda t, a: getattr(a, name)(), [draw.array(*draw.shape())])


@samples("to_copy", kinds="fib", gradcheck=False)
def to_the_dtype_of_another(draw: Draw) -> Sample:
    other = draw.array(1).astype(draw.choice(["float32", "float64", "int32", "bool"]))
    return Sample(lambda t, a, b: (a.type_as(b), a.to(b), a.to(b, False, True)), [draw.array(*draw.shape()), other])


@samples("detach", kinds="fib")
def detach(draw: Draw) -> Sample:
    return Sample(lambda t, a: (a * 1).detach(), [draw.array(*draw.shape())], gradients=False)


@samples("copy", kinds="fib")
def copy(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    source = draw.array(*draw.broadcastable(array.shape))
    return Sample(
        lambda t, a, b: a.clone().copy_(b), [array, source], inplace=lambda t, a, b: a.copy_(b, non_blocking=True)
    )


@samples("copy", kinds="fib", gradcheck=False)
def copy_from_another_dtype(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    source = draw.array(*array.shape).astype(draw.choice(["float64", "float32", "int64", "bool"]))
    return Sample(lambda t, a, b: a.clone().copy_(b), [array, source])


@samples("fill", kinds="fib")
def fill(draw: Draw) -> Sample:
    number = draw.choice([0, 1, True])
    return Sample(
        lambda t, a: a.clone().fill_(number), [draw.array(*draw.shape())], inplace=lambda t, a: a.fill_(number)
    )


@samples("fill", kinds="fi")
def fill_with_a_tensor(draw: Draw) -> Sample:
    return Sample(lambda t, a, b: a.clone().fill_(b), [draw.array(*draw.shape()), draw.array()])


@samples("zero", kinds="fib")
def zero(draw: Draw) -> Sample:
    return Sample(lambda t, a: a.clone().zero_(), [draw.array(*draw.shape())], inplace=lambda t, a: a.zero_())


REFUSED = [
    lambda t, a: a.clone().fill_(t.ones(2)),
    lambda t, a: a.clone().copy_(t.ones(2)),
    lambda t, a: a.clone().copy_(t.ones(1, 2, 3)),
    lambda t, a: a.to(3),
]


@samples("copy", "refused conversions", gradcheck=False)
def refused(draw: Draw) -> Sample:
    return Sample(draw.choice(REFUSED), [draw.array(2, 3)])
