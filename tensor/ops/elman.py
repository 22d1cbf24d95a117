"""One direction of one plain recurrent layer: tanh, or the positive part, of two products.

Source: Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1;
https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tensor.dtypes import Array
from tensor.ops.recurrence import Walk, flat_for, merged, of_inputs, parts
from tensor.registry import Op, op


def _elman(name: str, bend: Callable[[Array, Array], None], slope: Callable[[Array], Array]) -> Op:
    """Declare a layer.

    Args:
        name: PyTorch's.
        bend: writes the nonlinear function of a first array into a second, which may be the first.
        slope: gives the derivative of that function, from its value.
    """

    def kernel(
        input: Array,
        batch_sizes: Array | None,
        hx: Array | None,
        weight_ih: Array,
        weight_hh: Array,
        bias_ih: Array | None,
        bias_hh: Array | None,
        *,
        reverse: bool,
    ) -> tuple[Array, ...]:
        walk = Walk(input, batch_sizes, reverse)
        states = walk.project(weight_ih, merged(bias_ih, bias_hh))
        h = walk.first(hx, weight_hh.shape[1])
        shapes = states.shape, h.shape
        flat = flat_for(states, *shapes)
        out, last = parts(flat, *shapes)
        before = np.empty_like(states)
        recurrent = walk.turned(weight_hh)
        for rows, size in walk.steps:
            state, new = h[:size], states[rows]
            before[rows] = state
            new += state @ recurrent
            bend(new, new)
            state[...] = new
        out[...] = states
        last[...] = h
        return flat, states, before

    def vjp(
        g: Array,
        needs: tuple[bool, ...],
        input: Array,
        batch_sizes: Array | None,
        weight_ih: Array,
        weight_hh: Array,
        states: Array,
        before: Array,
        reverse: bool,
    ) -> tuple[Array | None, ...]:
        walk = Walk(input, batch_sizes, reverse)
        of_out, of_h = parts(g, states.shape, (walk.batch, states.shape[1]))
        of_h = of_h.copy()
        slopes = np.empty_like(states)
        for rows, size in reversed(walk.steps):
            np.multiply(of_out[rows] + of_h[:size], slope(states[rows]), out=slopes[rows])
            np.matmul(slopes[rows], weight_hh, out=of_h[:size])
        of_input, of_weight_ih = of_inputs(walk, input, weight_ih, slopes, (needs[0], needs[3]))
        of_weight_hh = slopes.T @ before if needs[4] else None
        of_bias = slopes.sum(0) if needs[5] or needs[6] else None
        return of_input, None, of_h, of_weight_ih, of_weight_hh, of_bias, of_bias

    return op(name, kernel, vjp=vjp, extras=("states", "before"))


def _tanh(array: Array, out: Array) -> None:
    np.tanh(array, out=out)


def _positive(array: Array, out: Array) -> None:
    np.maximum(array, 0, out=out)


RNN_TANH = _elman("rnn_tanh", _tanh, lambda value: 1 - value * value)
RNN_RELU = _elman("rnn_relu", _positive, lambda value: (value > 0).astype(value.dtype))
