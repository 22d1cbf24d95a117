"""Layers: each calls its function with its settings, and says so in its text."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tensor
from tensor import nn
from tensor.nn import functional as F

X = tensor.tensor(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32))
LOGITS, CLASSES = X, tensor.tensor([0, 1, 2, -1])
WEIGHT = tensor.tensor([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (nn.Identity(1, spare=2), lambda x: x),
        (nn.ReLU(), F.relu),
        (nn.Tanh(), F.tanh),
        (nn.Sigmoid(), F.sigmoid),
        (nn.GELU(), F.gelu),
        (nn.GELU("tanh"), lambda x: F.gelu(x, approximate="tanh")),
        (nn.Softmax(0), lambda x: F.softmax(x, 0)),
        (nn.LogSoftmax(dim=-1), lambda x: F.log_softmax(x, -1)),
        (nn.LayerNorm(3), lambda x: F.layer_norm(x, (3,))),
        (nn.LayerNorm((4, 3), eps=0.1, elementwise_affine=False), lambda x: F.layer_norm(x, (4, 3), eps=0.1)),
        (nn.Flatten(), lambda x: x),
        (nn.Flatten(0), lambda x: x.reshape(12)),
        (nn.Dropout(0.9).eval(), lambda x: x),
    ],
    ids=lambda value: repr(value) if isinstance(value, nn.Module) else "function",
)
def test_layers_compute_their_functions(layer, function):
    np.testing.assert_array_equal(layer(X).detach().numpy(), function(X).detach().numpy())


def test_layers_with_parameters_use_them():
    linear = nn.Linear(3, 2)
    np.testing.assert_array_equal(linear(X).tolist(), F.linear(X, linear.weight, linear.bias).tolist())
    table = nn.Embedding(5, 2)
    assert table(tensor.tensor([[1, 4]])).tolist() == [[table.weight[1].tolist(), table.weight[4].tolist()]]
    norm = nn.LayerNorm(3, bias=False)
    with tensor.no_grad():
        norm.weight.mul_(2)
    assert norm.bias is None
    np.testing.assert_array_equal(norm(X).tolist(), F.layer_norm(X, (3,), norm.weight).tolist())


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (nn.MSELoss(reduction="sum"), lambda: F.mse_loss(X, X * 2, reduction="sum")),
        (nn.NLLLoss(WEIGHT, ignore_index=-1), lambda: F.nll_loss(X, CLASSES, WEIGHT, ignore_index=-1)),
        (
            nn.CrossEntropyLoss(WEIGHT, ignore_index=-1, reduction="none", label_smoothing=0.1),
            lambda: F.cross_entropy(X, CLASSES, WEIGHT, ignore_index=-1, reduction="none", label_smoothing=0.1),
        ),
    ],
    ids=["mse", "nll", "cross entropy"],
)
def test_losses_compute_their_functions(layer, function):
    target = X * 2 if isinstance(layer, nn.MSELoss) else CLASSES
    np.testing.assert_array_equal(layer(X, target).numpy(), function().numpy())


def test_an_embedding_of_given_vectors_shares_them():
    vectors = tensor.rand(4, 2)
    table = nn.Embedding.from_pretrained(vectors, padding_idx=-1)
    assert repr(table) == "Embedding(4, 2, padding_idx=3)"
    assert not table.weight.requires_grad
    vectors[1] = 7
    assert table(tensor.tensor(1)).tolist() == [7, 7]
    assert nn.Embedding.from_pretrained(vectors, freeze=False).weight.requires_grad


@pytest.mark.parametrize("kind", [nn.Embedding, nn.EmbeddingBag])
def test_read_only_vectors_are_copied_where_they_are_trained(kind, tmp_path):
    tensor.save({"x": tensor.ones(4, 2)}, tmp_path / "x.safetensors")
    vectors = tensor.load(tmp_path / "x.safetensors")["x"]
    assert kind.from_pretrained(vectors).weight.data_ptr() == vectors.data_ptr()
    table = kind.from_pretrained(vectors, freeze=False)
    with tensor.no_grad():
        table.weight.fill_(3)
        with pytest.raises(tensor.ReadOnlyError, match=r"mmap=False\), or write to a clone\(\) of it"):
            vectors.fill_(3)


def test_the_weight_of_classes_is_a_buffer():
    assert list(nn.CrossEntropyLoss(WEIGHT).state_dict()) == ["weight"]
    assert list(nn.CrossEntropyLoss().state_dict()) == []


def test_dropout_heeds_the_mode():
    layer = nn.Dropout(1.0)
    assert layer(tensor.ones(2)).tolist() == [0, 0]
    assert layer.eval()(tensor.ones(2)).tolist() == [1, 1]


def test_inplace_layers_write_over_their_input():
    for layer in (nn.ReLU(inplace=True), nn.Dropout(0.5, inplace=True)):
        x = tensor.ones(3)
        assert layer(x) is x


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Identity(), "Identity()"),
        (nn.Linear(3, 2, bias=False), "Linear(in_features=3, out_features=2, bias=False)"),
        (nn.ReLU(inplace=True), "ReLU(inplace=True)"),
        (nn.GELU("tanh"), "GELU(approximate='tanh')"),
        (nn.Softmax(dim=1), "Softmax(dim=1)"),
        (nn.LogSoftmax(dim=1), "LogSoftmax(dim=1)"),
        (nn.Dropout(), "Dropout(p=0.5, inplace=False)"),
        (nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"),
        (nn.Embedding(5, 2, padding_idx=-1), "Embedding(5, 2, padding_idx=4)"),
        (nn.LayerNorm(3), "LayerNorm((3,), eps=1e-05, elementwise_affine=True, bias=True)"),
        (nn.MSELoss(), "MSELoss()"),
        (nn.CrossEntropyLoss(), "CrossEntropyLoss()"),
    ],
)
def test_layers_say_what_they_are(layer, text):
    assert repr(layer) == text


def test_parameters_have_the_dtype_that_was_asked_for():
    for layer in (
        nn.Linear(2, 2, dtype=tensor.float64),
        nn.Embedding(2, 2, dtype=tensor.float64, device="cpu"),
        nn.LayerNorm(2, dtype=tensor.float64),
    ):
        assert {parameter.dtype for parameter in layer.parameters()} == {tensor.float64}


def test_initial_values():
    tensor.manual_seed(0)
    linear = nn.Linear(100, 50)
    bound = 1 / math.sqrt(100)
    for parameter in linear.parameters():
        assert 0.9 * bound < parameter.abs().max().item() <= bound
    table = nn.Embedding(200, 30, padding_idx=3)
    assert table.weight.std().item() == pytest.approx(1, rel=0.05)
    assert table.weight[3].tolist() == [0] * 30
    norm = nn.LayerNorm(3)
    assert [norm.weight.tolist(), norm.bias.tolist()] == [[1, 1, 1], [0, 0, 0]]
    with pytest.warns(UserWarning, match="zero-element tensors is a no-op"):
        assert nn.Linear(0, 2).bias.tolist() == [0, 0]
