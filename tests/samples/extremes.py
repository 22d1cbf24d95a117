"""Samples of `tensor.ops.extremes`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _apart(draw: Draw, count: int) -> list[np.ndarray]:
    """Arrays that broadcast together and have no element in common."""
    whole = draw.shape(0, 3)  # more elements would meet in half precision
    shapes = [whole, *(draw.broadcastable(whole) for _ in range(count - 1))]
    sizes = [int(np.prod(shape)) for shape in shapes]
    parts = np.split(draw.apart(sum(sizes)), np.cumsum(sizes)[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def _pair(draw: Draw, name: str, *, ties: bool = False) -> Sample:
    arrays = [np.asarray(each.round()) for each in draw.broadcast(2)] if ties else _apart(draw, 2)
    return Sample(lambda t, a, b: getattr(t, name)(a, b), arrays)


@samples("maximum", kinds="fib")
def maximum(draw: Draw) -> Sample:
    return _pair(draw, "maximum")


@samples("maximum", "maximum of equals", gradcheck=False)
def maximum_of_equals(draw: Draw) -> Sample:
    return _pair(draw, "maximum", ties=True)


@samples("minimum", kinds="fib")
def minimum(draw: Draw) -> Sample:
    return _pair(draw, "minimum")


@samples("minimum", "minimum of equals", gradcheck=False)
def minimum_of_equals(draw: Draw) -> Sample:
    return _pair(draw, "minimum", ties=True)


@samples("fmax", kinds="fib")
def fmax(draw: Draw) -> Sample:
    return _pair(draw, "fmax")


@samples("fmin", kinds="fib")
def fmin(draw: Draw) -> Sample:
    return _pair(draw, "fmin")


@samples("fmax", "fmax and fmin of equals and nan", gradcheck=False)
def fmax_of_nan(draw: Draw) -> Sample:
    a, b = (np.asarray(each.round()) for each in draw.broadcast(2))
    for each in (a, b):
        each[draw.mask(*each.shape)] = np.nan
    return Sample(lambda t, a, b: (t.fmax(a, b), t.fmin(a, b)), [a, b])


@samples("clamp", kinds="fib")
def clamp(draw: Draw) -> Sample:
    # Bounds that half precision has too: PyTorch rounds them, and an element may be what they are rounded to.
    low, high = draw.choice([(-1, 1), (None, 0.53125), (0.53125, None), (1, -1), (-1.4765625, 0.26171875), (True, 2)])
    return Sample(
        lambda t, a: t.clamp(a, low, high), [draw.apart(*draw.shape())], inplace=lambda t, a: a.clamp_(low, high)
    )


@samples("clamp", "clamp_min and clamp_max", kinds="fi")
def clamp_one_side(draw: Draw) -> Sample:
    bound: Any = draw.choice([0.26171875, 0.53125])
    return Sample(
        lambda t, a: t.clamp_min(a, bound) + a.clamp_max(bound) + t.clip(a, max=bound),
        [draw.apart(*draw.shape())],
        inplace=lambda t, a: a.clamp_min_(bound).clamp_max_(2 * bound),
    )


@samples("clamp", "clamp by tensors", kinds="fi")
def clamp_tensors(draw: Draw) -> Sample:
    return Sample(
        lambda t, a, low, high: t.clamp(a, low, high),
        _apart(draw, 3),
        inplace=lambda t, a, low, high: a.clamp_(low, high),
    )


@samples("clamp", "clamp by one tensor", kinds="fi")
def clamp_one_tensor(draw: Draw) -> Sample:
    return Sample(
        lambda t, a, bound: t.clamp(a, bound) + t.clamp(a, max=bound) + a.clamp_max(bound),
        _apart(draw, 2),
        inplace=lambda t, a, bound: a.clamp_min_(bound),
    )


@samples("clamp", "clamp at its bounds", gradcheck=False)
def clamp_at_bounds(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.clamp(a, -1, 1), [np.asarray(draw.array(*draw.shape()).round())])
