"""One direction of one layer of long short-term memory.

Source: Hochreiter and Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735; with projections: Sak et al.,
2014, https://arxiv.org/abs/1402.1128.
"""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array
from tensor.ops.recurrence import Walk, columns, flat_for, merged, of_inputs, parts, squash
from tensor.registry import op


def _shapes(walk: Walk, projected: int, hidden: int) -> tuple[tuple[int, int], ...]:
    """Of the outputs, the last hidden states and the last cell states."""
    return (len(walk.rows), projected), (walk.batch, projected), (walk.batch, hidden)


def _lstm(
    input: Array,
    batch_sizes: Array | None,
    hx: Array | None,
    cx: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
    weight_hr: Array | None,
    *,
    reverse: bool,
) -> tuple[Array, ...]:
    """Return outputs and last states, one behind the other; then the gates, and the states before each step."""
    walk = Walk(input, batch_sizes, reverse)
    hidden, projected = len(weight_hh) // 4, weight_hh.shape[1]
    gates = walk.project(weight_ih, merged(bias_ih, bias_hh))
    h, c = walk.first(hx, projected), walk.first(cx, hidden)
    shapes = _shapes(walk, projected, hidden)
    flat = flat_for(gates, *shapes)
    out, last_h, last_c = parts(flat, *shapes)
    h_before, c_before = np.empty_like(out), np.empty((len(out), hidden), out.dtype)
    recurrent = walk.turned(weight_hh)
    for rows, size in walk.steps:
        state, cell, gate = h[:size], c[:size], gates[rows]
        h_before[rows] = state
        c_before[rows] = cell
        gate += state @ recurrent
        squash(gate[:, : 2 * hidden])
        squash(gate[:, 3 * hidden :])
        np.tanh(gate[:, 2 * hidden : 3 * hidden], out=gate[:, 2 * hidden : 3 * hidden])
        enter, keep, new, show = columns(gate, 4)
        cell *= keep
        cell += enter * new
        shown = np.tanh(cell)
        shown *= show
        out[rows] = state[...] = shown if weight_hr is None else shown @ weight_hr.T
    last_h[...] = h
    last_c[...] = c
    return flat, gates, h_before, c_before


def _lstm_vjp(
    g: Array,
    needs: tuple[bool, ...],
    input: Array,
    batch_sizes: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    weight_hr: Array | None,
    gates: Array,
    h_before: Array,
    c_before: Array,
    reverse: bool,
) -> tuple[Array | None, ...]:
    walk = Walk(input, batch_sizes, reverse)
    hidden, projected = c_before.shape[1], h_before.shape[1]
    of_out, of_h, of_c = parts(g, *_shapes(walk, projected, hidden))
    of_h, of_c = of_h.copy(), of_c.copy()
    slopes = np.empty_like(gates)
    of_weight_hr = np.zeros_like(weight_hr) if needs[8] and weight_hr is not None else None
    for rows, size in reversed(walk.steps):
        enter, keep, new, show = columns(gates[rows], 4)
        cell = keep * c_before[rows]
        cell += enter * new
        shown = np.tanh(cell, out=cell)
        along = of_out[rows] + of_h[:size]
        if weight_hr is not None:
            if of_weight_hr is not None:
                of_weight_hr += along.T @ (show * shown)
            along = along @ weight_hr
        for_enter, for_keep, for_new, for_show = columns(slopes[rows], 4)
        for_show[...] = along * shown * show * (1 - show)
        along *= show
        along *= 1 - shown * shown
        along += of_c[:size]
        for_enter[...] = along * new * enter * (1 - enter)
        for_keep[...] = along * c_before[rows] * keep * (1 - keep)
        for_new[...] = along * enter * (1 - new * new)
        np.multiply(along, keep, out=of_c[:size])
        np.matmul(slopes[rows], weight_hh, out=of_h[:size])
    of_input, of_weight_ih = of_inputs(walk, input, weight_ih, slopes, (needs[0], needs[4]))
    of_bias = slopes.sum(0) if needs[6] or needs[7] else None
    of_weight_hh = slopes.T @ h_before if needs[5] else None
    return of_input, None, of_h, of_c, of_weight_ih, of_weight_hh, of_bias, of_bias, of_weight_hr


LSTM = op("lstm", _lstm, vjp=_lstm_vjp, extras=("gates", "h_before", "c_before"))
