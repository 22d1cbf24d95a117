"""Samples of `tensor.ops.comparisons`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import SAMPLES, Declared, Sample, samples
from tests.samples.drawing import Draw


def _whole(draw: Draw) -> list[np.ndarray]:
    """Arrays that broadcast together and have many elements in common."""
    return [np.asarray(each.astype(np.float64).round()).astype(draw.dtype) for each in draw.broadcast(2)]


def _comparison(name: str) -> None:
    def make(draw: Draw) -> Sample:
        number = draw.choice([0, 1, -1.0, 0.5, True])
        return Sample(
            lambda t, a, b: (getattr(t, name)(a, b), getattr(a, name)(number), getattr(a, f"__{name}__")(b)),
            _whole(draw),
            inplace=lambda t, a, b: getattr(a, f"{name}_")(b),
            gradients=False,
        )

    SAMPLES.append(Declared(name, name, "comparisons", make, kinds="fib"))


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _comparison(_name)


@samples("eq", "comparisons of two dtypes", kinds="fib")
def mixed(draw: Draw) -> Sample:
    a, b = _whole(draw)
    dtype = draw.choice(["float64", "float32", "float16", "int64", "int8", "bool"])
    return Sample(lambda t, a, b: (a == b, a < b, t.greater_equal(a, b)), [a, b.astype(dtype)], gradients=False)


def _odd(draw: Draw) -> np.ndarray:
    array = draw.array(*draw.shape())
    if draw.dtype.kind in "fV":
        array[draw.mask(*array.shape)] = draw.choice([np.nan, np.inf, -np.inf])
    return array


def _test(name: str) -> None:
    def make(draw: Draw) -> Sample:
        return Sample(lambda t, a: getattr(t, name)(a), [_odd(draw)], gradients=False)

    SAMPLES.append(Declared(name, name, "comparisons", make, kinds="fib"))


for _name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf"):
    _test(_name)


@samples("isclose", kinds="fib")
def isclose(draw: Draw) -> Sample:
    rtol, atol = draw.choice([(1e-5, 1e-8), (0, 0), (0.5, 0.1), (0, 1)])
    equal_nan = draw.flag()
    a, b = _odd(draw), draw.array()
    b = np.where(draw.mask(*a.shape), a, b.astype(a.dtype)).astype(a.dtype)
    return Sample(
        lambda t, a, b: (t.isclose(a, b, rtol, atol, equal_nan), t.allclose(a, b, rtol, atol), t.equal(a, b)),
        [a, b],
        gradients=False,
    )
