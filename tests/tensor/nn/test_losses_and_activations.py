"""Activations, losses, dropout and tables as modules: what is not compared with torch, in short."""

from __future__ import annotations

import pytest

import tensor
from tensor import nn
from tensor.nn import functional as F

X = tensor.linspace(-4, 4, 12).reshape(2, 6)

ACTIVATIONS = [
    (nn.ReLU(), F.relu, "ReLU()"),
    (nn.ReLU6(), F.relu6, "ReLU6()"),
    (nn.LeakyReLU(0.2), lambda x: F.leaky_relu(x, 0.2), "LeakyReLU(negative_slope=0.2)"),
    (nn.PReLU(), lambda x: F.leaky_relu(x, 0.25), "PReLU(num_parameters=1)"),
    (nn.ELU(), F.elu, "ELU(alpha=1.0)"),
    (nn.SELU(), F.selu, "SELU()"),
    (nn.CELU(2), lambda x: F.celu(x, 2), "CELU(alpha=2)"),
    (nn.GELU("tanh"), lambda x: F.gelu(x, "tanh"), "GELU(approximate='tanh')"),
    (nn.SiLU(), F.silu, "SiLU()"),
    (nn.Mish(), F.mish, "Mish()"),
    (nn.Hardswish(), F.hardswish, "Hardswish()"),
    (nn.Hardsigmoid(), F.hardsigmoid, "Hardsigmoid()"),
    (nn.Hardtanh(), F.hardtanh, "Hardtanh(min_val=-1.0, max_val=1.0)"),
    (nn.Hardshrink(), F.hardshrink, "Hardshrink(0.5)"),
    (nn.Softshrink(1), lambda x: F.softshrink(x, 1), "Softshrink(1)"),
    (nn.Tanhshrink(), F.tanhshrink, "Tanhshrink()"),
    (nn.Threshold(1, -1), lambda x: F.threshold(x, 1, -1), "Threshold(threshold=1, value=-1)"),
    (nn.Softplus(), F.softplus, "Softplus(beta=1.0, threshold=20.0)"),
    (nn.Softsign(), F.softsign, "Softsign()"),
    (nn.LogSigmoid(), F.logsigmoid, "LogSigmoid()"),
    (nn.GLU(), F.glu, "GLU(dim=-1)"),
    (nn.Softmin(1), lambda x: F.softmin(x, 1), "Softmin(dim=1)"),
    (nn.LogSoftmax(1), lambda x: F.log_softmax(x, 1), "LogSoftmax(dim=1)"),
    (nn.RReLU().eval(), F.rrelu, "RReLU(lower=0.125, upper=0.3333333333333333)"),
]


@pytest.mark.parametrize(
    ("module", "function", "shown"), ACTIVATIONS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_activations(module, function, shown):
    assert tensor.equal(module(X), function(X))
    assert repr(module) == shown


IN_PLACE = [
    nn.ReLU(True), nn.ReLU6(True), nn.LeakyReLU(inplace=True), nn.RReLU(inplace=True), nn.ELU(inplace=True),
    nn.SELU(True), nn.CELU(inplace=True), nn.SiLU(True), nn.Mish(True), nn.Hardswish(True), nn.Hardsigmoid(True),
    nn.Hardtanh(inplace=True), nn.Threshold(0, 1, True), nn.Dropout(inplace=True),
]  # fmt: skip


@pytest.mark.parametrize("module", IN_PLACE, ids=repr)
def test_in_place_modules_write_over_the_input(module):
    x = X.clone()
    assert module(x) is x
    assert not tensor.equal(x, X)
    leaf = X.clone().requires_grad_()
    with pytest.raises(RuntimeError, match="leaf"):
        module(leaf)


def test_hardtanh_knows_the_old_names_of_its_limits():
    with pytest.warns(FutureWarning, match="`min_value` is deprecated"):
        module = nn.Hardtanh(min_value=-3)
    assert (module.min_val, module.max_val) == (-3, 1.0)


def test_weights_of_losses_are_part_of_the_state():
    weight = tensor.tensor([1.0, 2.0])
    for loss in (
        nn.NLLLoss(weight),
        nn.CrossEntropyLoss(weight),
        nn.BCELoss(weight),
        nn.MultiMarginLoss(weight=weight),
    ):
        assert list(loss.state_dict()) == ["weight"]
    assert list(nn.BCEWithLogitsLoss(weight, pos_weight=weight).state_dict()) == ["weight", "pos_weight"]
    assert nn.BCEWithLogitsLoss(pos_weight=weight).double().pos_weight.dtype == tensor.float64
    assert not nn.CrossEntropyLoss().state_dict()


def test_the_old_arguments_of_losses():
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert nn.L1Loss(size_average=False).reduction == "sum"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.Hardtanh(1, 1), "must be greater than min_val"),
        (lambda: nn.Softmax2d()(tensor.ones(2, 2)), "3D or 4D, got 2D"),
        (lambda: nn.MultiMarginLoss(3), "p == 1 and p == 2"),
        (lambda: nn.MultiMarginLoss(weight=tensor.ones(1, 2)), "1D tensor, got 2D"),
        (lambda: nn.TripletMarginLoss(0), "greater than 0"),
        (lambda: nn.LinearCrossEntropyLoss(2, 3, weight=tensor.ones(2)), r"\(3,\), got \(2,\)"),
        (lambda: nn.LinearCrossEntropyLoss(2, 3, label_smoothing=-1), "range"),
        (lambda: nn.MSELoss(reduction="all")(X, X), "not a valid value for reduction"),
        (lambda: nn.Dropout2d(2), "between 0 and 1"),
        (lambda: nn.Embedding(3, 2, padding_idx=5), "within num_embeddings"),
        (lambda: nn.EmbeddingBag(3, 2, _weight=tensor.ones(2, 2)), r"shape \(3, 2\), got \(2, 2\)"),
        (lambda: nn.Embedding.from_pretrained(tensor.ones(2)), r"\(rows, size\), got shape \(2,\)"),
    ],
)
def test_what_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_sparse_gradients_are_refused_when_a_table_is_made():
    for kind in (nn.Embedding, nn.EmbeddingBag):
        with pytest.raises(NotImplementedError, match="no sparse gradients"):
            kind(3, 2, sparse=True)
    with pytest.raises(TypeError, match="delta must be a float"):
        nn.HuberLoss(delta="1")


def test_tables_of_inference_only_vectors():
    with tensor.inference_mode():
        vectors = tensor.ones(3, 2)
    for kind in (nn.Embedding, nn.EmbeddingBag):
        table = kind.from_pretrained(vectors)
        assert not table.weight.requires_grad
        assert table(tensor.tensor([[1, 2]])).is_inference()
        with pytest.raises(tensor.InferenceTensorError):
            kind.from_pretrained(vectors, freeze=False)


def test_tables_inside_inference_mode_wait_for_their_values():
    with tensor.inference_mode():
        table = nn.EmbeddingBag(4, 3, padding_idx=1)
        assert type(table.weight) is not nn.Parameter
        assert table.weight[1].tolist() == [0, 0, 0]
