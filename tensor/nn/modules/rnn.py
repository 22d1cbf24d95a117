"""Recurrent layers and cells."""

from __future__ import annotations

import math
import warnings
from typing import Any

from tensor.dtypes import DtypeLike
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.factories import empty, zeros
from tensor.nn import init
from tensor.nn.functional.recurrent import run_layers
from tensor.nn.functional.recurrent_cells import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.nn.utils.rnn import PackedSequence
from tensor.ops.elman import RNN_RELU, RNN_TANH
from tensor.ops.gru import GRU as GRU_OP
from tensor.ops.lstm import LSTM as LSTM_OP
from tensor.registry import Op
from tensor.tensors import Tensor

# Of each mode: what computes it, and how many products of the hidden size it takes.
_MODES: dict[str, tuple[Op, int]] = {
    "LSTM": (LSTM_OP, 4),
    "GRU": (GRU_OP, 3),
    "RNN_TANH": (RNN_TANH, 1),
    "RNN_RELU": (RNN_RELU, 1),
}


def _draw(module: Module, hidden_size: int) -> None:
    """Draw a module's parameters: uniform, within one over the root of `hidden_size`."""
    bound = 1 / math.sqrt(hidden_size) if hidden_size > 0 else 0
    for parameter in module.parameters():
        init.uniform_(parameter, -bound, bound)


class RNNBase(Module):
    """What `RNN`, `LSTM` and `GRU` share: parameters of layers and directions, and the way through them.

    Args:
        mode: `LSTM`, `GRU`, `RNN_TANH` or `RNN_RELU`.
        input_size: size of the input's last dimension.
        hidden_size: size of the states.
        num_layers: how many layers, each on the outputs of the one before.
        bias: whether there are biases.
        batch_first: whether the batch is the first dimension of input and output (never of the states).
        dropout: the probability that an element between two layers is set to 0 in training.
        bidirectional: whether each layer also walks backward; its outputs are both directions' side by side.
        proj_size: the size that hidden states of `LSTM` are projected to, or 0.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: a size or a probability is out of range, or there is no such mode.
        DtypeError: a setting is of another type.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNBase.html
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        if mode not in _MODES:
            raise ArgumentError(f"Unrecognized RNN mode: {mode}")
        _check_settings(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=2,
            )
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        gates = _MODES[mode][1] * hidden_size
        size = proj_size or hidden_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            layer_input_size = input_size if layer == 0 else size * (2 if bidirectional else 1)
            for suffix in ("", "_reverse") if bidirectional else ("",):
                shapes: dict[str, tuple[int, ...]] = {
                    "weight_ih": (gates, layer_input_size),
                    "weight_hh": (gates, size),
                }
                if bias:
                    shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = {f"{name}_l{layer}{suffix}": shape for name, shape in shapes.items()}
                for name, shape in names.items():
                    self.register_parameter(name, Parameter(empty(shape, device=device, dtype=dtype)))
                self._all_weights.append(list(names))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values: uniform, within one over the root of `hidden_size`."""
        _draw(self, self.hidden_size)

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each direction of each layer."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Any]:
        """What is in the place of the parameters: a model may have put tensors there that it computes from others."""
        return [getattr(self, name) for name in self._flat_weights_names]

    def flatten_parameters(self) -> None:
        """Do nothing: PyTorch arranges the parameters for cuDNN here."""

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Raise unless an input fits.

        Args:
            input: (time, batch, size), (batch, time, size), or packed, (rows, size).
            batch_sizes: whether it is packed.

        Raises:
            ArgumentError: it has another dtype than the parameters.
            ShapeError: it has another number of dimensions, or another size.
        """
        dtype = self._flat_weights[0].dtype
        if input.dtype != dtype:
            raise ArgumentError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({dtype}). "
                f"Convert input: input.to({dtype}), or convert model: model.to({input.dtype})"
            )
        expected = 3 if batch_sizes is None else 2
        if input.ndim != expected:
            raise ShapeError(f"input must have {expected} dimensions, got {input.ndim}")
        if input.shape[-1] != self.input_size:
            raise ShapeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """Return the shape that a hidden state must have: (layers * directions, batch, size)."""
        return self._expected(input, batch_sizes, self.proj_size or self.hidden_size)

    def _expected(self, input: Tensor, batch_sizes: Tensor | None, size: int) -> tuple[int, int, int]:
        batch = input.shape[0 if self.batch_first else 1] if batch_sizes is None else int(batch_sizes._data[0])
        return self.num_layers * (2 if self.bidirectional else 1), batch, size

    def check_hidden_size(
        self, hx: Tensor, expected_hidden_size: tuple[int, int, int], msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Raise ShapeError unless a state has the shape that it must have."""
        if hx.shape != expected_hidden_size:
            raise ShapeError(msg.format(expected_hidden_size, list(hx.shape)))

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Raise unless an input and initial states fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """Return states with their batch in another order; as they are for `None`."""
        return hx if permutation is None else hx.index_select(1, permutation)

    def _initial(self, input: Tensor, batch_sizes: Tensor | None) -> Any:
        return zeros(self.get_expected_hidden_size(input, batch_sizes), dtype=input.dtype)

    def _run(self, input: Any, hx: Any) -> tuple[Any, Any]:
        """Run all layers on a batch, a single sequence or packed sequences."""
        kind = type(self).__name__ if self.mode in ("LSTM", "GRU") else "RNN"
        sizes = unsorted = None
        packed, batched = isinstance(input, PackedSequence), True
        if packed:
            rows, sizes, indices, unsorted = input
            hx = None if hx is None else self.permute_hidden(hx, indices)
        else:
            if input.ndim not in (2, 3):
                raise ShapeError(f"{kind}: Expected input to be 2D or 3D, got {input.ndim}D tensor instead")
            batched = input.ndim == 3
            rows = input if batched else input.unsqueeze(0 if self.batch_first else 1)
            if hx is not None:
                hx = self._batched(hx, batched=batched)
        if hx is None:
            self.check_input(rows, sizes)
            hx = self._initial(rows, sizes)
        self.check_forward_args(rows, hx, sizes)
        out, *last = run_layers(
            _MODES[self.mode][0],
            rows,
            sizes,
            hx if isinstance(hx, tuple | list) else (hx,),
            self._flat_weights,
            self.bias,
            self.num_layers,
            self.dropout,
            self.training,
            self.bidirectional,
            self.batch_first and not packed,
        )
        final = tuple(last) if len(last) > 1 else last[0]
        if packed:
            return PackedSequence(out, sizes, indices, unsorted), self.permute_hidden(final, unsorted)
        if not batched:
            out = out.squeeze(0 if self.batch_first else 1)
            final = tuple([each.squeeze(1) for each in last]) if len(last) > 1 else last[0].squeeze(1)
        return out, final

    def _batched(self, hx: Any, *, batched: bool) -> Any:
        """A state with a batch, which it must have exactly if the input has."""
        if hx.ndim != (3 if batched else 2):
            raise ShapeError(
                f"For {'batched 3-D' if batched else 'unbatched 2-D'} input, hx should also be "
                f"{3 if batched else 2}-D but got {hx.ndim}-D tensor"
            )
        return hx if batched else hx.unsqueeze(1)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        text = f"{self.input_size}, {self.hidden_size}"
        for name, default in (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0),
            ("bidirectional", False),
        ):
            value = getattr(self, name)
            text += f", {name}={value}" if value != default else ""
        return text


def _check_settings(
    input_size: Any, hidden_size: Any, num_layers: Any, bias: Any, batch_first: Any, dropout: Any, proj_size: Any
) -> None:
    if not isinstance(dropout, int | float) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ArgumentError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed, "
            f"got {dropout!r}"
        )
    for name, value, kind in (
        ("bias", bias, bool),
        ("batch_first", batch_first, bool),
        ("input_size", input_size, int),
        ("hidden_size", hidden_size, int),
    ):
        if not isinstance(value, kind):
            raise DtypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
    for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if value <= 0:
            raise ArgumentError(f"{name} must be greater than zero, got {value}")
    if proj_size < 0:
        raise ArgumentError(f"proj_size should be a positive integer or zero to disable projections, got {proj_size}")
    if proj_size >= hidden_size:
        raise ArgumentError(f"proj_size has to be smaller than hidden_size, got {proj_size} and {hidden_size}")


class RNN(RNNBase):
    """Plain recurrent layers: `h = tanh(W_ih x + b_ih + W_hh h + b_hh)`.

    Args:
        input_size: size of the input's last dimension.
        hidden_size: size of the states.
        num_layers: how many layers.
        nonlinearity: `tanh` or `relu`.
        bias: whether there are biases.
        batch_first: whether the batch is the first dimension of input and output.
        dropout: the probability that an element between two layers is set to 0 in training.
        bidirectional: whether each layer also walks backward.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: a setting is out of range.
        DtypeError: a setting is of another type.

    Source: Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(
            f"RNN_{nonlinearity.upper()}",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor | PackedSequence, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """Run the layers.

        Args:
            input: (time, batch, size), (batch, time, size) if `batch_first`, (time, size), or packed.
            hx: the initial states, (layers * directions, batch, hidden_size), without batch if the input has none;
                zeros if left out.

        Returns:
            The last layer's states of all times, in the form of the input, of size directions * hidden_size; and the
            last states of all layers, in the form of `hx`.

        Raises:
            ArgumentError: the input has another dtype than the parameters.
            ShapeError: the shapes do not fit.
        """
        return self._run(input, hx)


class GRU(RNNBase):
    """Layers of gated recurrent units, whose reset gate acts on `W_hn h + b_hn`.

    Args:
        input_size: size of the input's last dimension.
        hidden_size: size of the states.
        num_layers: how many layers.
        bias: whether there are biases.
        batch_first: whether the batch is the first dimension of input and output.
        dropout: the probability that an element between two layers is set to 0 in training.
        bidirectional: whether each layer also walks backward.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: a setting is out of range.
        DtypeError: a setting is of another type.

    Source: Cho et al., 2014, https://arxiv.org/abs/1406.1078;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__(
            "GRU",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )

    def forward(self, input: Tensor | PackedSequence, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """Run the layers.

        Args:
            input: (time, batch, size), (batch, time, size) if `batch_first`, (time, size), or packed.
            hx: the initial states, (layers * directions, batch, hidden_size), without batch if the input has none;
                zeros if left out.

        Returns:
            The last layer's states of all times, in the form of the input, of size directions * hidden_size; and the
            last states of all layers, in the form of `hx`.

        Raises:
            ArgumentError: the input has another dtype than the parameters.
            ShapeError: the shapes do not fit.
        """
        return self._run(input, hx)


class LSTM(RNNBase):
    """Layers of long short-term memory.

    Args:
        input_size: size of the input's last dimension.
        hidden_size: size of the cell states, and of the hidden ones unless they are projected.
        num_layers: how many layers.
        bias: whether there are biases.
        batch_first: whether the batch is the first dimension of input and output.
        dropout: the probability that an element between two layers is set to 0 in training.
        bidirectional: whether each layer also walks backward.
        proj_size: the size that hidden states are projected to, or 0.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: a setting is out of range.
        DtypeError: a setting is of another type.

    Source: Hochreiter and Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
        )

    def forward(
        self, input: Tensor | PackedSequence, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Any, tuple[Tensor, Tensor]]:
        """Run the layers.

        Args:
            input: (time, batch, size), (batch, time, size) if `batch_first`, (time, size), or packed.
            hx: the initial hidden and cell states, (layers * directions, batch, size), without batch if the input has
                none; zeros if left out.

        Returns:
            The last layer's hidden states of all times, in the form of the input, of size directions * size; and the
            last hidden and cell states of all layers, in the form of `hx`.

        Raises:
            ArgumentError: the input has another dtype than the parameters.
            ShapeError: the shapes do not fit.
        """
        return self._run(input, hx)

    def get_expected_cell_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """Return the shape that a cell state must have: (layers * directions, batch, hidden_size)."""
        return self._expected(input, batch_sizes, self.hidden_size)

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Raise unless an input and initial states fit."""
        self.check_input(input, batch_sizes)
        expected = self.get_expected_hidden_size(input, batch_sizes), self.get_expected_cell_size(input, batch_sizes)
        for number, (state, shape) in enumerate(zip(hidden, expected, strict=True)):
            self.check_hidden_size(state, shape, f"Expected hidden[{number}] size {{}}, got {{}}")

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """Return both states with their batch in another order; as they are for `None`."""
        return hx if permutation is None else tuple([each.index_select(1, permutation) for each in hx])

    def _initial(self, input: Tensor, batch_sizes: Tensor | None) -> Any:
        cell = zeros(self.get_expected_cell_size(input, batch_sizes), dtype=input.dtype)
        return super()._initial(input, batch_sizes), cell

    def _batched(self, hx: Any, *, batched: bool) -> Any:
        if isinstance(hx, Tensor) or len(hx) != 2:
            raise ArgumentError("LSTM: expected hx as a tuple of hidden and cell state")
        return tuple([super(LSTM, self)._batched(each, batched=batched) for each in hx])


class RNNCellBase(Module):
    """What the recurrent cells share: their parameters.

    Args:
        input_size: size of the input's last dimension.
        hidden_size: size of the states.
        bias: whether there are biases.
        num_chunks: how many products of that size the cell takes.
        device: the CPU.
        dtype: of the parameters.
    """

    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        size = num_chunks * hidden_size
        self.weight_ih = Parameter(empty(size, input_size, device=device, dtype=dtype))
        self.weight_hh = Parameter(empty(size, hidden_size, device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(size, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values: uniform, within one over the root of `hidden_size`."""
        _draw(self, self.hidden_size)

    def _step(self, cell: Any, input: Tensor, states: tuple[Tensor | None, ...]) -> tuple[Tensor, ...]:
        """Take one step, of a batch or of a single vector."""
        name = type(self).__name__
        for what, each in (("input", input), *((f"hidden state {n}", state) for n, state in enumerate(states))):
            if each is not None and each.ndim not in (1, 2):
                raise ShapeError(f"{name}: Expected {what} to be 1D or 2D, got {each.ndim}D instead")
        batched = input.ndim == 2
        if not batched:
            input, *rest = (None if each is None else each.unsqueeze(0) for each in (input, *states))  # type: ignore[assignment]
            states = tuple(rest)
        hx = states[0] if len(states) == 1 else states
        out = cell(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        new = out if isinstance(out, tuple) else (out,)
        return new if batched else tuple([each.squeeze(0) for each in new])

    def extra_repr(self) -> str:
        """Return the cell's settings."""
        text = f"{self.input_size}, {self.hidden_size}"
        text += f", bias={self.bias}" if self.bias is not True else ""
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text + (f", nonlinearity={nonlinearity}" if nonlinearity != "tanh" else "")


class RNNCell(RNNCellBase):
    """One step of a plain recurrent layer.

    Args:
        input_size: size of the input's last dimension.
        hidden_size: size of the state.
        bias: whether there are biases.
        nonlinearity: `tanh` or `relu`.
        device: the CPU.
        dtype: of the parameters.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Take one step.

        Args:
            input: (batch, input_size) or (input_size,).
            hx: the state, (batch, hidden_size) or (hidden_size,); zeros if left out.

        Returns:
            The next state, of the same shape.

        Raises:
            ArgumentError: there is no such nonlinearity.
            ShapeError: the shapes do not fit.
        """
        cells = {"tanh": rnn_tanh_cell, "relu": rnn_relu_cell}
        if self.nonlinearity not in cells:
            raise ArgumentError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(cells[self.nonlinearity], input, (hx,))[0]


class GRUCell(RNNCellBase):
    """One step of gated recurrent units.

    Args:
        input_size: size of the input's last dimension.
        hidden_size: size of the state.
        bias: whether there are biases.
        device: the CPU.
        dtype: of the parameters.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Take one step.

        Args:
            input: (batch, input_size) or (input_size,).
            hx: the state, (batch, hidden_size) or (hidden_size,); zeros if left out.

        Returns:
            The next state, of the same shape.

        Raises:
            ShapeError: the shapes do not fit.
        """
        return self._step(gru_cell, input, (hx,))[0]


class LSTMCell(RNNCellBase):
    """One step of long short-term memory.

    Args:
        input_size: size of the input's last dimension.
        hidden_size: size of the states.
        bias: whether there are biases.
        device: the CPU.
        dtype: of the parameters.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Take one step.

        Args:
            input: (batch, input_size) or (input_size,).
            hx: hidden and cell state, (batch, hidden_size) or (hidden_size,); zeros if left out.

        Returns:
            The next hidden and cell state, of the same shape.

        Raises:
            ShapeError: the shapes do not fit.
        """
        hidden, cell = self._step(lstm_cell, input, (None, None) if hx is None else tuple(hx))
        return hidden, cell
