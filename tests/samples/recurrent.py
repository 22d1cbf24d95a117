"""Samples of `tensor.nn.functional.recurrent`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw

# Torch rounds each step to half precision, we only the result.
STEPS = {"float32": 5, "float64": 5, **half(20)}


def _weights(
    draw: Draw, gates: int, size: int, hidden: int, *, directions: int, projected: int = 0
) -> list[np.ndarray]:
    shapes = [(gates * hidden, size), (gates * hidden, projected or hidden), (gates * hidden,), (gates * hidden,)]
    shapes += [(projected, hidden)] if projected else []
    return [draw.array(*shape, low=-1.0, high=1.0) for shape in shapes * directions]


def _layer(name: str, gates: int) -> Callable[[Draw], Sample]:
    """Samples of a layer whose states are of one kind."""

    def make(draw: Draw) -> Sample:
        time, batch, size, hidden = (max(draw.side(), 1) for _ in range(4))
        both, packed = draw.flag(), draw.flag()
        directions = 2 if both else 1
        arrays = [
            draw.array(time, batch, size), draw.array(directions, batch, hidden),
            *_weights(draw, gates, size, hidden, directions=directions),
        ]  # fmt: skip

        def fn(t: Any, x: Any, h: Any, *params: Any) -> Any:
            if packed:
                sizes = t.tensor([batch] * time)
                return getattr(t, name)(x.reshape(-1, size), sizes, h, params, True, 1, 0.0, False, both)
            return getattr(t, name)(x, h, params, True, 1, 0.0, False, both, False)

        return Sample(fn, arrays)

    make.__name__ = name
    return make


for _name, _gates in (("gru", 3), ("rnn_tanh", 1)):
    samples(_name, tolerance=STEPS)(_layer(_name, _gates))
samples("rnn_relu", tolerance=STEPS, gradcheck=False)(_layer("rnn_relu", 1))


@samples("rnn_relu", "rnn_relu of what is positive", tolerance=STEPS)
def rnn_positive(draw: Draw) -> Sample:
    arrays = [draw.array(3, 2, 2, low=0.1), draw.array(1, 2, 2, low=0.1)]
    arrays += [draw.array(*shape, low=0.1, high=1.0) for shape in ((2, 2), (2, 2), (2,), (2,))]
    return Sample(lambda t, x, h, *params: t.rnn_relu(x, h, params, True, 1, 0.0, False, False, False), arrays)


@samples("lstm", tolerance=STEPS)
def lstm(draw: Draw) -> Sample:
    batch, size, hidden = (max(draw.side(), 1) for _ in range(3))
    directions, projected = draw.choice([1, 2]), draw.choice([0, hidden - 1])
    lengths = sorted((draw.integer(1, 3) for _ in range(batch)), reverse=True)
    sizes = [sum(length > step for length in lengths) for step in range(lengths[0])]
    arrays = [
        draw.array(sum(sizes), size), draw.array(directions, batch, projected or hidden),
        draw.array(directions, batch, hidden),
        *_weights(draw, 4, size, hidden, directions=directions, projected=projected),
    ]  # fmt: skip

    def fn(t: Any, x: Any, h: Any, c: Any, *params: Any) -> Any:
        return t.lstm(x, t.tensor(sizes), (h, c), params, True, 1, 0.0, False, directions == 2)

    return Sample(fn, arrays)


@samples("lstm", "lstm_cell", tolerance=STEPS)
def lstm_cell(draw: Draw) -> Sample:
    batch, size, hidden = (max(draw.side(), 1) for _ in range(3))
    arrays = [draw.array(batch, size), draw.array(batch, hidden), draw.array(batch, hidden)]
    arrays += _weights(draw, 4, size, hidden, directions=1)
    return Sample(lambda t, x, h, c, *params: t.lstm_cell(x, (h, c), *params), arrays)


@samples("gru", "gru_cell", tolerance=STEPS)
def gru_cell(draw: Draw) -> Sample:
    batch, size, hidden = (max(draw.side(), 1) for _ in range(3))
    biased = 4 if draw.flag() else 2
    arrays = [
        draw.array(batch, size),
        draw.array(batch, hidden),
        *_weights(draw, 3, size, hidden, directions=1)[:biased],
    ]
    return Sample(lambda t, x, h, *params: t.gru_cell(x, h, *params), arrays)
