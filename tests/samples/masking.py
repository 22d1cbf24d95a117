"""Samples of `tensor.ops.masking`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _masked(draw: Draw) -> list[np.ndarray]:
    """An array and a mask that broadcast together."""
    whole = draw.shape()
    shapes = [whole, draw.broadcastable(whole)]
    if draw.integer(0, 3) == 0:
        shapes.reverse()
    return [draw.array(*shapes[0]), draw.mask(*shapes[1])]


def _is_whole(array: np.ndarray, mask: np.ndarray) -> bool:
    return array.shape == np.broadcast_shapes(array.shape, mask.shape)


@samples("masked_fill", kinds="fib")
def masked_fill(draw: Draw) -> Sample:
    number = draw.choice([0, 1, -1.5]) if draw.dtype.kind in "fV" else draw.choice([0, 1])
    array, mask = _masked(draw)
    inplace = (lambda t, a, m: a.masked_fill_(m, number)) if _is_whole(array, mask) else None
    return Sample(lambda t, a, m: t.masked_fill(a, m, number), [array, mask], inplace=inplace)


@samples("masked_fill", kinds="fi")
def masked_fill_with_a_tensor(draw: Draw) -> Sample:
    array, mask = _masked(draw)
    value = draw.array()
    return Sample(
        lambda t, a, m, v: a.masked_fill(m, v),
        [array, mask, value],
        inplace=(lambda t, a, m, v: a.masked_fill_(m, v)) if _is_whole(array, mask) else None,
    )


@samples("masked_select", kinds="fib")
def masked_select(draw: Draw) -> Sample:
    return Sample(lambda t, a, m: t.masked_select(a, m), _masked(draw))


@samples("masked_scatter", kinds="fib")
def masked_scatter(draw: Draw) -> Sample:
    array, mask = _masked(draw)
    count = int(np.broadcast_to(mask, np.broadcast_shapes(array.shape, mask.shape)).sum())
    source = draw.array(count + draw.choice([0, 2]))
    return Sample(
        lambda t, a, m, s: t.masked_scatter(a, m, s),
        [array, mask, source],
        inplace=(lambda t, a, m, s: a.masked_scatter_(m, s)) if _is_whole(array, mask) else None,
    )


@samples("nonzero", kinds="fib")
def nonzero(draw: Draw) -> Sample:
    array = (draw.array(*draw.shape()) * draw.mask(1)).astype(draw.dtype)
    return Sample(lambda t, a: (t.nonzero(a), t.argwhere(a), *t.nonzero(a, as_tuple=True)), [array], gradients=False)


REFUSED = [
    lambda t, a: a.masked_fill(a > 0, t.ones(1)),
    lambda t, a: a.masked_fill(a, 1),
    lambda t, a: a.masked_select(a),
    lambda t, a: a.masked_scatter(a > -9, t.ones(3).to(a.dtype)),
    lambda t, a: a.masked_scatter(a > 0, t.ones(9, dtype=t.int16)),
    lambda t, a: a.masked_scatter(a, a),
    lambda t, a: a.masked_fill(t.ones(2, dtype=t.bool), 1),
]


@samples("masked_fill", "refused masking", gradcheck=False)
def refused(draw: Draw) -> Sample:
    return Sample(draw.choice(REFUSED), [draw.array(2, 3)])
