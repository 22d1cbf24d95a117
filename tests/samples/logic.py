"""Samples of `tensor.ops.logic`."""

from __future__ import annotations

from tests.samples.declaring import SAMPLES, Declared, Sample, samples
from tests.samples.drawing import Draw


def _logical(name: str) -> None:
    def make(draw: Draw) -> Sample:
        a, b = draw.broadcast(2, low=-2.0, high=2.0)
        return Sample(
            lambda t, a, b: getattr(t, name)(a, b),
            [a, b],
            inplace=lambda t, a, b: getattr(a, f"{name}_")(b),
            gradients=False,
        )

    SAMPLES.append(Declared(name, name, "logic", make, kinds="fib"))


for _name in ("logical_and", "logical_or", "logical_xor"):
    _logical(_name)


def _bitwise(name: str, sign: str) -> None:
    def make(draw: Draw) -> Sample:
        a, b = draw.broadcast(2, low=-60.0, high=60.0)
        number = draw.choice([3, True])
        return Sample(
            lambda t, a, b: (
                getattr(t, name)(a, b),
                getattr(a, f"__{sign}__")(number),
                getattr(a, f"__r{sign}__")(number),
            ),
            [a, b],
            inplace=lambda t, a, b: getattr(a, f"{name}_")(b),
            gradients=False,
        )

    SAMPLES.append(Declared(name, name, "logic", make, kinds="fib"))


for _name, _sign in (("bitwise_and", "and"), ("bitwise_or", "or"), ("bitwise_xor", "xor")):
    _bitwise(_name, _sign)


def _shift(name: str, sign: str) -> None:
    def make(draw: Draw) -> Sample:
        shape = draw.shape()
        counts = draw.integers(*draw.broadcastable(shape), low=0, high=70).astype(draw.dtype)
        return Sample(
            lambda t, a, b: (getattr(t, name)(a, b), getattr(a, f"__{sign}__")(2), getattr(b, f"__r{sign}__")(2)),
            [draw.array(*shape, low=-60.0, high=60.0), counts],
            inplace=lambda t, a, b: getattr(a, f"{name}_")(b),
            gradients=False,
        )

    SAMPLES.append(Declared(name, name, "logic", make, kinds="i"))


_shift("bitwise_left_shift", "lshift")
_shift("bitwise_right_shift", "rshift")


@samples("logical_not", kinds="fib")
def logical_not(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(), low=-1.0, high=1.0)
    return Sample(lambda t, a: t.logical_not(a), [array], inplace=lambda t, a: a.logical_not_(), gradients=False)


@samples("bitwise_not", kinds="fib")
def bitwise_not(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    return Sample(lambda t, a: t.bitwise_not(a) | ~a, [array], inplace=lambda t, a: a.bitwise_not_(), gradients=False)
