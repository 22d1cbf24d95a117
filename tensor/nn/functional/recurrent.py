"""Recurrent layers: several of them, in one direction or both, over sequences of one length or packed ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensor.dispatch import apply
from tensor.errors import ArgumentError, ShapeError
from tensor.nn.functional.dropout import dropout as drop
from tensor.ops.elman import RNN_RELU, RNN_TANH
from tensor.ops.gru import GRU
from tensor.ops.joining import cat, stack
from tensor.ops.lstm import LSTM
from tensor.ops.slicing import split_with_sizes
from tensor.registry import Op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor

Params = Sequence[Tensor]


def step_through(
    op: Op,
    input: Tensor,
    batch_sizes: Tensor | None,
    states: Sequence[Tensor | None],
    weights: Sequence[Tensor | None],
    *,
    reverse: bool = False,
) -> tuple[Tensor, list[Tensor]]:
    """Run one direction of one layer.

    Args:
        op: of one direction of a layer, which gives outputs and last states one behind the other.
        input: (time, batch, size), or packed, (rows, size).
        batch_sizes: the number of sequences in each step, where they are packed.
        states: for each kind of state its initial value, (batch, size), or `None` for zeros.
        weights: for inputs and states, and their biases; with long short-term memory also the projection.
        reverse: whether to begin with the last step.

    Returns:
        The outputs, in the form of the input, and the last states, (batch, size).
    """
    flat = apply(op, input, batch_sizes, *states, *weights, reverse=reverse)
    recurrent, projection = weights[1], weights[4] if len(weights) > 4 else None
    assert recurrent is not None
    batch = input.shape[1] if batch_sizes is None else int(batch_sizes._data[0])
    size = recurrent.shape[1]
    sizes = [size] if len(states) == 1 else [size, size if projection is None else projection.shape[1]]
    steps = input.shape[:-1].numel()
    out, *last = split_with_sizes(flat, [steps * size, *[batch * each for each in sizes]])
    return out.view(*input.shape[:-1], size), [each.view(batch, width) for each, width in zip(last, sizes, strict=True)]


def run_layers(
    op: Op,
    input: Tensor,
    batch_sizes: Tensor | None,
    states: Sequence[Tensor],
    params: Params,
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool = False,
) -> tuple[Tensor, ...]:
    """Run layers one after the other.

    Args:
        op: of one direction of a layer.
        input: (time, batch, size), (batch, time, size) if `batch_first`, or packed, (rows, size).
        batch_sizes: the number of sequences in each step, where they are packed.
        states: the initial ones, each (layers * directions, batch, size).
        params: the weights of each direction of each layer: for inputs, for states, their biases if `has_biases`, and a
            projection if there is one.
        has_biases: whether there are biases.
        num_layers: how many layers.
        dropout: the probability that an element between two layers is set to 0 in training.
        train: whether it is training.
        bidirectional: whether each layer also walks backward.
        batch_first: whether the batch is the input's first dimension.

    Returns:
        The outputs of the last layer, in the form of the input, and the last states.

    Raises:
        ShapeError: the parameters are not as many as the layers need.
    """
    check_numbers(op.name, {"num_layers": num_layers, "dropout": dropout})
    directions = 2 if bidirectional else 1
    count, plain = num_layers * directions, 4 if has_biases else 2
    each = len(params) // max(count, 1)
    if each * count != len(params) or each not in (plain, plain + (op is LSTM)):
        raise ShapeError(
            f"{op.name}: expected {plain} parameters for each of {num_layers} layers and {directions} directions, got "
            f"{len(params)} in all"
        )
    if batch_first:
        input = input.transpose(0, 1)
    last: list[list[Tensor]] = []
    for layer in range(num_layers):
        if layer and dropout:
            input = drop(input, dropout, train)
        outs = []
        for direction in range(directions):
            at = layer * directions + direction
            weights = _padded(params[at * each : (at + 1) * each], has_biases=has_biases, projection=op is LSTM)
            initial = [state[at] for state in states]
            out, final = step_through(op, input, batch_sizes, initial, weights, reverse=direction == 1)
            outs.append(out)
            last.append(final)
        input = outs[0] if directions == 1 else cat(outs, -1)
    output = input.transpose(0, 1) if batch_first else input
    # In memory of their own: states are written to, and outlive the outputs.
    return output, *[stack(each) for each in zip(*last, strict=True)]


def _padded(weights: Params, *, has_biases: bool, projection: bool) -> list[Tensor | None]:
    """The weights in the order of the operation, with `None` for those that are not there."""
    every: list[Tensor | None] = [*weights[:2], *(weights[2:4] if has_biases else (None, None))]
    if projection:
        more = weights[4 if has_biases else 2 :]
        every.append(more[0] if more else None)
    return every


_PADDED = ("hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional", "batch_first")
_PACKED = ("batch_sizes", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional")


def _called(op: Op, input: Tensor, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Tensor, ...]:
    """Run layers as PyTorch calls them, in either of two forms: for packed sequences the third argument is a list."""
    packed = "batch_sizes" in kwargs or (len(args) > 2 and isinstance(args[2], list | tuple))
    names = _PACKED if packed else _PADDED
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    if len(args) > len(names) or set(given) != set(names):
        raise ArgumentError(f"{op.name}: expected input and {', '.join(names)}; got {len(args)} and {sorted(kwargs)}")
    hx = given.pop("hx")
    states = (hx,) if isinstance(hx, Tensor) else tuple(hx)
    if len(states) != (2 if op is LSTM else 1):
        raise ArgumentError(f"{op.name}: got {len(states)} initial states")
    return run_layers(op, input, given.pop("batch_sizes", None), states, given.pop("params"), **given)


def lstm(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Run layers of long short-term memory; `nn.LSTM` holds what they need.

    Args:
        input: (time, batch, size), or packed.
        args: `hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first`; or `batch_sizes, hx,
            params, has_biases, num_layers, dropout, train, bidirectional`.
        kwargs: the same by name.

    Returns:
        The outputs, and the last hidden and cell states, (layers * directions, batch, size).

    Raises:
        ArgumentError: the arguments are others.
        ShapeError: the sizes do not fit.

    Source: Hochreiter and Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735
    """
    out, hidden, cell = _called(LSTM, input, args, kwargs)
    return out, hidden, cell


def gru(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """Run layers of gated recurrent units; `nn.GRU` holds what they need. Arguments as those of `lstm`.

    Returns:
        The outputs, and the last states, (layers * directions, batch, size).

    Raises:
        ArgumentError: the arguments are others.
        ShapeError: the sizes do not fit.

    Source: Cho et al., 2014, https://arxiv.org/abs/1406.1078
    """
    out, hidden = _called(GRU, input, args, kwargs)
    return out, hidden


def rnn_tanh(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """Run plain recurrent layers with tanh; `nn.RNN` holds what they need. Arguments as those of `lstm`.

    Returns:
        The outputs, and the last states, (layers * directions, batch, size).

    Raises:
        ArgumentError: the arguments are others.
        ShapeError: the sizes do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html
    """
    out, hidden = _called(RNN_TANH, input, args, kwargs)
    return out, hidden


def rnn_relu(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """Run plain recurrent layers with the positive part; `nn.RNN` holds what they need. Arguments as those of `lstm`.

    Returns:
        The outputs, and the last states, (layers * directions, batch, size).

    Raises:
        ArgumentError: the arguments are others.
        ShapeError: the sizes do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html
    """
    out, hidden = _called(RNN_RELU, input, args, kwargs)
    return out, hidden
