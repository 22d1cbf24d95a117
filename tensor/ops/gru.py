"""One direction of one layer of gated recurrent units, in the form that PyTorch and cuDNN compute.

Source: Cho et al., 2014, https://arxiv.org/abs/1406.1078; the reset gate acts on the product with the state, as in
https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html.
"""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array
from tensor.ops.recurrence import Walk, columns, flat_for, of_inputs, parts, squash
from tensor.registry import op


def _gru(
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
    """Return outputs and last states, one behind the other; then the gates, and each step's state and recalled part."""
    walk = Walk(input, batch_sizes, reverse)
    hidden = weight_hh.shape[1]
    gates = walk.project(weight_ih, bias_ih)
    h = walk.first(hx, hidden)
    shapes = (len(gates), hidden), h.shape
    flat = flat_for(gates, *shapes)
    out, last = parts(flat, *shapes)
    before, recalled = np.empty_like(out), np.empty_like(out)
    recurrent = walk.turned(weight_hh)
    for rows, size in walk.steps:
        state, gate = h[:size], gates[rows]
        before[rows] = state
        product = state @ recurrent
        if bias_hh is not None:
            product += bias_hh
        recalled[rows] = product[:, 2 * hidden :]
        both, new = gate[:, : 2 * hidden], gate[:, 2 * hidden :]
        both += product[:, : 2 * hidden]
        squash(both)
        reset, keep = columns(both, 2)
        new += reset * recalled[rows]
        np.tanh(new, out=new)
        state -= new
        state *= keep
        state += new
        out[rows] = state
    last[...] = h
    return flat, gates, before, recalled


def _gru_vjp(
    g: Array,
    needs: tuple[bool, ...],
    input: Array,
    batch_sizes: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    gates: Array,
    before: Array,
    recalled: Array,
    reverse: bool,
) -> tuple[Array | None, ...]:
    walk = Walk(input, batch_sizes, reverse)
    hidden = before.shape[1]
    of_out, of_h = parts(g, before.shape, (walk.batch, hidden))
    of_h = of_h.copy()
    slopes, of_products = np.empty_like(gates), np.empty_like(gates)  # they differ for the new state only
    for rows, size in reversed(walk.steps):
        reset, keep, new = columns(gates[rows], 3)
        along = of_out[rows] + of_h[:size]
        for_reset, for_keep, for_new = columns(slopes[rows], 3)
        for_new[...] = along * (1 - keep) * (1 - new * new)
        for_keep[...] = along * (before[rows] - new) * keep * (1 - keep)
        for_reset[...] = for_new * recalled[rows] * reset * (1 - reset)
        of_products[rows, : 2 * hidden] = slopes[rows, : 2 * hidden]
        np.multiply(for_new, reset, out=of_products[rows, 2 * hidden :])
        np.matmul(of_products[rows], weight_hh, out=of_h[:size])
        along *= keep
        of_h[:size] += along
    of_input, of_weight_ih = of_inputs(walk, input, weight_ih, slopes, (needs[0], needs[3]))
    of_weight_hh = of_products.T @ before if needs[4] else None
    of_bias_ih, of_bias_hh = (
        each.sum(0) if need else None for each, need in ((slopes, needs[5]), (of_products, needs[6]))
    )
    return of_input, None, of_h, of_weight_ih, of_weight_hh, of_bias_ih, of_bias_hh


GRU = op("gru", _gru, vjp=_gru_vjp, extras=("gates", "before", "recalled"))
