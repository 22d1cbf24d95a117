"""Recurrent layers and cells, and packed sequences; their numbers are compared with torch's in tests/oracle."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tensor
from tensor import nn
from tensor.nn.utils import rnn as sequences

X = tensor.tensor(np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32))
LAYERS = [nn.LSTM, nn.GRU, nn.RNN]


def last_of(state):
    return state[0] if isinstance(state, tuple) else state


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_layer_takes_the_steps_of_a_cell(kind, bidirectional):
    layer = kind(3, 5, bidirectional=bidirectional)
    cell = {nn.LSTM: nn.LSTMCell, nn.GRU: nn.GRUCell, nn.RNN: nn.RNNCell}[kind](3, 5)
    cell.load_state_dict({name: getattr(layer, f"{name}_l0") for name in cell.state_dict()})
    out, last = layer(X)
    state = None
    for step in range(4):
        state = cell(X[step], state)
        np.testing.assert_allclose(out[step, :, :5].tolist(), last_of(state).tolist(), atol=1e-6)
    np.testing.assert_allclose(last_of(last)[0].tolist(), last_of(state).tolist(), atol=1e-6)


@pytest.mark.parametrize("kind", LAYERS)
def test_packed_sequences_end_where_they_end(kind):
    layer = kind(3, 5, 2, bidirectional=True)
    lengths = [2, 4]
    packed = sequences.pack_padded_sequence(X, lengths, enforce_sorted=False)
    out, last = layer(packed)
    padded, found = sequences.pad_packed_sequence(out)
    assert found.tolist() == lengths
    for at, length in enumerate(lengths):
        alone, end = layer(X[:length, at])
        np.testing.assert_allclose(padded[:length, at].tolist(), alone.tolist(), atol=1e-6)
        np.testing.assert_allclose(last_of(last)[:, at].tolist(), last_of(end).tolist(), atol=1e-6)
        assert padded[length:, at].tolist() == [[0] * 10] * (4 - length)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_is_one_node_a_direction(kind):
    layer = kind(3, 5)
    names = set()
    node = layer(X)[0].sum().grad_fn
    while node.next_functions:
        names.add(node.name())
        node = node.next_functions[0][0]
        if node is None:
            break
    assert names & {"LstmBackward0", "GruBackward0", "RnnTanhBackward0"}


@pytest.mark.parametrize("kind", LAYERS)
def test_what_layers_give_inside_inference_mode_is_marked(kind):
    layer = kind(3, 5, 2, bidirectional=True)
    with tensor.inference_mode():
        out, last = layer(X)
        packed, _ = layer(sequences.pack_sequence([X[:, 0], X[:2, 1]]))
        replica = kind(3, 5)
        inside, _ = replica(X)
    assert all(each.is_inference() for each in (out, last_of(last), packed.data, inside))
    assert packed.batch_sizes.is_inference()
    np.testing.assert_allclose(out.tolist(), layer(X)[0].tolist(), atol=1e-6)
    with pytest.raises(tensor.InferenceTensorError):
        layer(out[..., :3])
    state = (last[0], last[1]) if isinstance(last, tuple) else last
    with pytest.raises(tensor.InferenceTensorError):
        layer(X, state)
    with tensor.no_grad():
        again, end = layer(X, state)
    assert again.is_inference()
    assert last_of(end).is_inference()


def test_marked_lengths_leave_their_mark():
    with tensor.inference_mode():
        lengths = tensor.tensor([4, 2])
    packed = sequences.pack_padded_sequence(X, lengths)
    assert packed.data.is_inference()
    assert packed.batch_sizes.is_inference()
    ours = sequences.PackedSequence(tensor.zeros(6, 3), packed.batch_sizes)
    assert sequences.pad_packed_sequence(ours)[0].is_inference()
    assert all(each.is_inference() for each in sequences.unpad_sequence(X, lengths))
    with pytest.raises(tensor.InferenceTensorError):
        nn.GRU(3, 5)(ours)
    with tensor.no_grad():
        assert nn.GRU(3, 5)(ours)[0].data.is_inference()


def test_dropout_between_layers():
    tensor.manual_seed(0)
    layer = nn.GRU(3, 5, 2, dropout=0.5)
    for parameter in layer.parameters():
        nn.init.constant_(parameter, 0.1)
    with tensor.no_grad():
        first = nn.GRU(3, 5)
        for parameter in first.parameters():
            nn.init.constant_(parameter, 0.1)
        assert not np.allclose(layer(X)[0].tolist(), layer(X)[0].tolist())
        layer.eval()
        np.testing.assert_array_equal(layer(X)[0].tolist(), layer(X)[0].tolist())
        np.testing.assert_allclose(layer(X)[1][0].tolist(), first(X)[1][0].tolist())


def test_weights_may_be_tensors_that_a_model_computes():
    layer = nn.LSTM(3, 5)
    raw = nn.Parameter(layer.weight_hh_l0.detach().clone())
    del layer.weight_hh_l0
    layer.weight_hh_l0 = raw * 2
    layer(X)[0].sum().backward()
    assert raw.grad is not None
    assert layer._flat_weights[1] is layer.weight_hh_l0


def test_copies_and_conversions():
    layer = nn.LSTM(3, 5, 2, proj_size=2)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(other(X)[0].tolist(), layer(X)[0].tolist())
    out, (hidden, cell) = layer.half()(X.half())
    assert (out.dtype, hidden.dtype, cell.dtype) == (tensor.float16,) * 3
    assert {each.dtype for each in nn.GRUCell(2, 3, dtype=tensor.float64).parameters()} == {tensor.float64}


def test_initial_values():
    bound = 1 / 20
    for module in (nn.LSTM(3, 400), nn.GRUCell(3, 400)):
        for parameter in module.parameters():
            assert 0.9 * bound < parameter.abs().max().item() <= bound


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (nn.RNN(3, 5, 2, "relu", batch_first=True), "RNN(3, 5, num_layers=2, batch_first=True)"),
        (nn.LSTM(3, 5, proj_size=2, bias=False), "LSTM(3, 5, proj_size=2, bias=False)"),
        (nn.GRU(3, 5, 2, dropout=0.1, bidirectional=True), "GRU(3, 5, num_layers=2, dropout=0.1, bidirectional=True)"),
        (nn.RNNCell(3, 5, False, "relu"), "RNNCell(3, 5, bias=False, nonlinearity=relu)"),
    ],
)
def test_layers_say_what_they_are(module, text):
    assert repr(module) == text


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: nn.RNN(3, 5, nonlinearity="sin"), ValueError, "Unknown nonlinearity 'sin'"),
        (lambda: nn.RNNBase("CNN", 3, 5), ValueError, "Unrecognized RNN mode: CNN"),
        (lambda: nn.LSTM(3, 5, proj_size=5), ValueError, "smaller than hidden_size"),
        (lambda: nn.LSTM(3, 5, proj_size=-1), ValueError, "positive integer or zero"),
        (lambda: nn.LSTM(3, 5, bias=1), TypeError, "bias should be of type bool, got: int"),
        (lambda: nn.LSTM(3, 5)(X, X), ValueError, "tuple of hidden and cell state"),
        (lambda: nn.RNNCell(3, 5, nonlinearity="sin")(X[0]), RuntimeError, "Unknown nonlinearity: sin"),
        (lambda: nn.GRUCell(3, 5)(X), ValueError, "Expected input to be 1D or 2D, got 3D"),
        (lambda: nn.GRUCell(4, 5)(X[0]), RuntimeError, r"got \(2, 3\), expected \(batch, 4\)"),
        (lambda: nn.GRUCell(3, 5)(X[0], X[0]), RuntimeError, r"hidden0 .* got \(2, 3\), expected \(2, 5\)"),
        (lambda: nn.LSTMCell(3, 5)(X[0], (X[0], X)), ValueError, "hidden state 1 to be 1D or 2D"),
        (lambda: nn.GRUCell(3, 5)(X[0].double()), RuntimeError, "Input and weights tensors are not the same dtype"),
        (lambda: nn.GRU(3, 5)(X, tensor.zeros(1, 2, 5).double()), RuntimeError, "Input and hidden tensors are not"),
        (lambda: tensor.gru(X, X, [], True), ValueError, "expected input and hx, params, has_biases"),
        (lambda: tensor.gru(X, X, [X], True, 1, 0.0, False, False, False), ValueError, "expected 4 parameters"),
        (lambda: tensor.lstm(X, X, [], True, 1, 0.0, False, False, False), ValueError, "1 initial states"),
        (lambda: nn.GRU(3, 5)(sequences.PackedSequence(X[0], tensor.tensor([1, 2]))), ValueError, "longest first"),
        (lambda: sequences.pad_sequence([]), RuntimeError, "empty list"),
        (lambda: sequences.pad_sequence(3), RuntimeError, "iterable"),
        (lambda: sequences.pad_sequence([X], padding_side="top"), RuntimeError, "padding_side"),
        (lambda: sequences.pad_sequence([X[0], X]), RuntimeError, "stack expects"),
        (lambda: sequences.pack_padded_sequence(X[0, 0], [1, 1, 1]), RuntimeError, "at least 2 dimensions"),
        (lambda: sequences.pack_padded_sequence(X, [5, 1]), RuntimeError, "no longer than the padded ones, 4"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_dropout_of_a_single_layer_is_warned_of():
    with pytest.warns(UserWarning, match="num_layers greater than 1"):
        nn.GRU(3, 5, dropout=0.5)


def test_a_state_may_be_written_to_while_the_output_is_needed():
    layer, cell, last = nn.LSTM(3, 5), nn.LSTMCell(3, 5), nn.Linear(5, 2)
    out, (_, memory) = layer(X)
    loss = last(out).sum()
    memory.detach()[:, 0] = 0
    loss.backward()
    hidden, memory = cell(X[0])
    loss = last(hidden).sum()
    memory.detach()[0] = 0
    loss.backward()
