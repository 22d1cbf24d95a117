"""Recurrent cells: one step of a layer."""

from __future__ import annotations

from tensor.dispatch import apply
from tensor.errors import ShapeError
from tensor.ops.elman import RNN_RELU, RNN_TANH
from tensor.ops.gru import GRU
from tensor.ops.lstm import LSTM
from tensor.registry import Op
from tensor.tensors import Tensor


def _step(
    op: Op, gates: int, input: Tensor, states: tuple[Tensor | None, ...], weights: tuple[Tensor | None, ...]
) -> list[Tensor]:
    weight_ih, weight_hh = weights[:2]
    assert weight_ih is not None
    assert weight_hh is not None
    if input.ndim != 2 or input.shape[1] != weight_ih.shape[1]:
        raise ShapeError(
            f"input has inconsistent input_size: got {tuple(input.shape)}, expected (batch, {weight_ih.shape[1]})"
        )
    expected = (input.shape[0], weight_hh.shape[0] // gates)
    for number, state in enumerate(states):
        if state is not None and state.shape != expected:
            raise ShapeError(
                f"hidden{number} does not fit input and weights: got {tuple(state.shape)}, expected {expected}"
            )
    flat = apply(op, input, None, *states, *weights, reverse=False)
    made = flat.view(1 + len(states), *expected)  # the output, which is the hidden state, and the states
    new = [made[at] for at in range(1, 1 + len(states))]
    # A graph may keep one of them, and refuse to run once the memory of the other was written to.
    return [each.clone() for each in new] if flat.requires_grad else new


def lstm_cell(
    input: Tensor,
    hx: tuple[Tensor | None, Tensor | None],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Take one step of long short-term memory.

    Args:
        input: (batch, input size).
        hx: hidden and cell state, (batch, hidden size).
        w_ih: (4 hidden size, input size).
        w_hh: (4 hidden size, hidden size).
        b_ih: (4 hidden size,).
        b_hh: (4 hidden size,).

    Returns:
        The next hidden and cell states, (batch, hidden size).

    Raises:
        ShapeError: the sizes do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
    """
    hidden, cell = _step(LSTM, 4, input, tuple(hx), (w_ih, w_hh, b_ih, b_hh, None))
    return hidden, cell


def gru_cell(
    input: Tensor,
    hx: Tensor | None,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """Take one step of gated recurrent units.

    Args:
        input: (batch, input size).
        hx: (batch, hidden size).
        w_ih: (3 hidden size, input size).
        w_hh: (3 hidden size, hidden size).
        b_ih: (3 hidden size,).
        b_hh: (3 hidden size,).

    Returns:
        The next state, (batch, hidden size).

    Raises:
        ShapeError: the sizes do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
    """
    return _step(GRU, 3, input, (hx,), (w_ih, w_hh, b_ih, b_hh))[0]


def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor | None,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """Take one step of a plain recurrent layer with tanh.

    Args:
        input: (batch, input size).
        hx: (batch, hidden size).
        w_ih: (hidden size, input size).
        w_hh: (hidden size, hidden size).
        b_ih: (hidden size,).
        b_hh: (hidden size,).

    Returns:
        The next state, (batch, hidden size).

    Raises:
        ShapeError: the sizes do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """
    return _step(RNN_TANH, 1, input, (hx,), (w_ih, w_hh, b_ih, b_hh))[0]


def rnn_relu_cell(
    input: Tensor,
    hx: Tensor | None,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """Take one step of a plain recurrent layer with the positive part. Arguments as those of `rnn_tanh_cell`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """
    return _step(RNN_RELU, 1, input, (hx,), (w_ih, w_hh, b_ih, b_hh))[0]
