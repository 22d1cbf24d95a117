"""Recurrent layers, their cells and packed sequences beside torch's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tensor
from tests.oracle.twins import assert_same, check, floats

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle


@pytest.fixture(autouse=True)
def _same_weights_each_time():
    torch.manual_seed(0)


SETTINGS = [
    {},
    {"num_layers": 2},
    {"bias": False},
    {"batch_first": True},
    {"bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False},
    {"num_layers": 3, "dropout": 0.0, "bidirectional": True},
]
KINDS = [
    ("LSTM", {}),
    ("LSTM", {"proj_size": 2}),
    ("GRU", {}),
    ("RNN", {}),
    ("RNN", {"nonlinearity": "relu"}),
]


def states_of(name, settings, *batch):
    """Initial states for a layer of hidden size 5."""
    count = settings.get("num_layers", 1) * (2 if settings.get("bidirectional") else 1)
    if name != "LSTM":
        return floats(count, *batch, 5, seed=1)
    return floats(count, *batch, settings.get("proj_size", 5), seed=1), floats(count, *batch, 5, seed=2)


def made(name, settings):
    return lambda torch, nn: getattr(nn, name)(3, 5, **settings)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize(("name", "more"), KINDS, ids=str)
def test_layers(name, more, settings):
    settings = {**settings, **more}
    check(made(name, settings), floats(4, 2, 3))
    batch = 4 if settings.get("batch_first") else 2
    check(made(name, settings), floats(4, 2, 3), states_of(name, settings, batch))


@pytest.mark.parametrize("settings", [{}, {"num_layers": 2, "bidirectional": True, "batch_first": True}], ids=str)
@pytest.mark.parametrize(("name", "more"), KINDS, ids=str)
def test_layers_without_a_batch(name, more, settings):
    settings = {**settings, **more}
    check(made(name, settings), floats(4, 3))
    check(made(name, settings), floats(4, 3), states_of(name, settings))
    check(made(name, settings), floats(1, 3))


def packing(lengths, **options):
    """How to call a layer on padded sequences that are packed for it; gives what `pad_packed_sequence` makes of it."""

    def call(module, x, *hx):
        rnn = (torch if isinstance(module, torch.nn.Module) else tensor).nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, lengths, **options)
        out, state = module(packed, *hx)
        padded, sizes = rnn.pad_packed_sequence(out, batch_first=options.get("batch_first", False), padding_value=0.5)
        return out.data, padded, sizes, state

    return call


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize(("name", "more"), KINDS, ids=str)
def test_layers_on_packed_sequences(name, more, settings):
    settings = {**settings, **more}
    call = packing([2, 4, 1, 4], enforce_sorted=False)
    check(made(name, settings), floats(5, 4, 3), call=call)
    check(made(name, settings), floats(5, 4, 3), states_of(name, settings, 4), call=call)
    check(made(name, settings), floats(3, 4, 3), call=packing([4, 3, 3], batch_first=True))


@pytest.mark.parametrize(("name", "more"), KINDS, ids=str)
def test_layers_used_by_their_last_states_only(name, more):
    check(made(name, {"num_layers": 2, **more}), floats(4, 2, 3), call=lambda m, x: m(x)[1])
    check(made(name, {"bidirectional": True, **more}), floats(4, 2, 3), call=lambda m, x: m(x)[0][-1])


def test_all_of_what_lies_between_two_layers_is_dropped():
    for name, batch_first in itertools.product(["LSTM", "GRU", "RNN"], [True, False]):
        settings = {"num_layers": 2, "dropout": 1.0, "batch_first": batch_first}
        check(made(name, settings), floats(4, 2, 3))


def test_an_output_may_be_written_to():
    def call(module, x):
        out, state = module(x)
        return out.relu_(), state

    for name in ("GRU", "RNN"):  # torch's LSTM keeps its output for the gradient
        check(made(name, {"batch_first": True}), floats(2, 4, 3), call=call)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("name", "more"), [("LSTMCell", {}), ("GRUCell", {}), ("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"})]
)
def test_cells(name, more, bias):
    settings = {"bias": bias, **more}
    for batch in ((4,), ()):
        check(made(name, settings), floats(*batch, 3))
        hx = floats(*batch, 5, seed=1)
        hx = (hx, floats(*batch, 5, seed=2)) if name == "LSTMCell" else hx
        check(made(name, settings), floats(*batch, 3), hx)

    def twice(module, x):
        return module(x, module(x))

    check(made(name, settings), floats(4, 3), call=twice)


def test_what_model_files_read():
    ours, theirs = (
        tensor.nn.LSTM(3, 5, 2, bidirectional=True, proj_size=2),
        torch.nn.LSTM(3, 5, 2, bidirectional=True, proj_size=2),
    )
    ours.flatten_parameters()
    assert [[tuple(w.shape) for w in ws] for ws in ours.all_weights] == [
        [tuple(w.shape) for w in ws] for ws in theirs.all_weights
    ]
    assert ours._flat_weights_names == theirs._flat_weights_names
    for name in ("mode", "input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert tensor.nn.RNN(3, 5, nonlinearity="relu").nonlinearity == torch.nn.RNN(3, 5, nonlinearity="relu").nonlinearity


# ---- padding and packing


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_padding_and_packing(shape, batch_first):
    values = [floats(length, *shape) for length in (3, 5, 1, 3)]
    runs = []
    for library in (tensor, torch):
        rnn = library.nn.utils.rnn
        each = [library.tensor(value).requires_grad_() for value in values]
        padded = rnn.pad_sequence(each, batch_first, padding_value=-1.5)
        left = rnn.pad_sequence(each, batch_first, padding_side="left")
        packed = rnn.pack_padded_sequence(padded, library.tensor([3, 5, 1, 3]), batch_first, enforce_sorted=False)
        again = rnn.pad_packed_sequence(packed, batch_first, padding_value=2.0)
        longer = rnn.pad_packed_sequence(packed, batch_first, total_length=7)
        whole = rnn.pack_sequence(each, enforce_sorted=False)
        pieces = rnn.unpack_sequence(whole)
        out = [padded, left, *packed, *again, *longer, *whole, *pieces]
        total = sum((one * one).sum() for one in out if one.is_floating_point())
        total.backward()
        runs.append((out, [one.grad for one in each]))
    (ours, our_grads), (theirs, their_grads) = runs
    assert_same(ours, theirs, 1e-12, "sequences")
    assert_same(our_grads, their_grads, 1e-12, "gradients")


def test_packed_sequences_look_alike():
    runs = []
    for library in (tensor, torch):
        rnn = library.nn.utils.rnn
        packed = rnn.pack_sequence([library.tensor([1, 2]), library.tensor([3, 4, 5])], enforce_sorted=False)
        assert isinstance(packed, tuple)
        assert packed.to(library.int64) is packed
        halved = [packed.float(), packed.double(), packed.int(), packed.short(), packed.char(), packed.byte()]
        texts = [repr(each).replace("torch.", "tensor.") for each in (packed, *halved)]
        runs.append([*texts, packed.is_cuda])
        data, sizes, order, back = packed
        assert (data.tolist(), sizes.tolist(), order.tolist(), back.tolist()) == (
            [3, 1, 4, 2, 5],
            [2, 2, 1],
            [1, 0],
            [1, 0],
        )
    assert runs[0] == runs[1]


def test_sequences_that_are_not_sorted_are_refused():
    for library in (tensor, torch):
        rnn = library.nn.utils.rnn
        x = library.zeros(4, 3)
        with pytest.raises(RuntimeError, match="sorted"):
            rnn.pack_padded_sequence(x, [1, 2, 1])
        with pytest.raises(RuntimeError, match="greater than 0"):
            rnn.pack_padded_sequence(x, [1, 1, 0])
        with pytest.raises(RuntimeError, match="batch_size"):
            rnn.pack_padded_sequence(x, [1, 1])
        packed = rnn.pack_padded_sequence(x, [3, 2, 1])
        with pytest.raises(ValueError, match="total_length"):
            rnn.pad_packed_sequence(packed, total_length=2)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
def test_errors_of_the_same_types(name):
    for library in (tensor, torch):
        nn = library.nn
        layer = getattr(nn, name)(3, 5)
        hx = library.zeros(1, 2, 5)
        pair = (lambda h: (h, h)) if name == "LSTM" else (lambda h: h)
        with pytest.raises(ValueError, match="2D or 3D"):
            layer(library.zeros(3))
        with pytest.raises(RuntimeError, match="must be equal to input_size"):
            layer(library.zeros(4, 2, 4))
        with pytest.raises(ValueError, match="dtype"):
            layer(library.zeros(4, 2, 3, dtype=library.float64))
        with pytest.raises(RuntimeError, match="size"):
            layer(library.zeros(4, 3, 3), pair(hx))
        with pytest.raises(RuntimeError, match="2-D"):
            layer(library.zeros(4, 3), pair(hx))
        with pytest.raises(RuntimeError, match="3-D"):
            layer(library.zeros(4, 2, 3), pair(hx[0]))
        with pytest.raises(RuntimeError, match="larger than 0"):
            layer(library.zeros(0, 2, 3))
        for wrong in ({"hidden_size": 0}, {"num_layers": 0}, {"dropout": 1.5}):
            with pytest.raises(ValueError, match=r"greater than zero|range"):
                getattr(nn, name)(**{"input_size": 3, "hidden_size": 5, **wrong})
        with pytest.raises(TypeError, match="hidden_size"):
            getattr(nn, name)(3, 5.0)
        with pytest.warns(UserWarning, match="dropout option"):
            getattr(nn, name)(3, 5, dropout=0.5)


def test_the_functions_behind_the_layers():
    x, h, c = floats(4, 2, 3), floats(2, 2, 5, seed=1), floats(2, 2, 5, seed=2)
    for name, gates in (("lstm", 4), ("gru", 3), ("rnn_tanh", 1), ("rnn_relu", 1)):
        shapes = [(gates * 5, 3), (gates * 5, 5), (gates * 5,), (gates * 5,)] * 2
        arrays = [floats(*shape, seed=n) for n, shape in enumerate(shapes)]
        runs = []
        for library in (tensor, torch):
            params = [library.tensor(each) for each in arrays]
            hidden = library.tensor(h)
            hx = (hidden, library.tensor(c)) if name == "lstm" else hidden
            function, data = getattr(library, name), library.tensor(x)
            padded = function(data, hx, params, True, 1, 0.0, False, True, False)
            packed = function(data.reshape(8, 3), library.tensor([2] * 4), hx, params, True, 1, 0.0, False, True)
            state = hx if name != "lstm" else (hidden[0], hx[1][0])
            cell = getattr(library, f"{name}_cell")(data[0], state if name == "lstm" else state[0], *params[:4])
            runs.append([padded, packed, cell])
        assert_same(runs[0], runs[1], 1e-10, name)
        assert np.isfinite(runs[0][0][0].numpy()).all()
