"""Layers, functions and files against PyTorch: the same values and gradients. Optimisers are in `optim/`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensor
from tensor import nn
from tensor.nn import functional as F

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

RANDOM = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def ours(array: Any, *, grad: bool = False) -> Any:
    """A tensor of an array; other values as they are."""
    if not isinstance(array, np.ndarray):
        return array
    made = tensor.from_numpy(array.copy())
    return made.requires_grad_() if grad and array.dtype.kind == "f" else made


def theirs(array: Any, *, grad: bool = False) -> Any:
    if not isinstance(array, np.ndarray):
        return array
    made = torch.from_numpy(array.copy())
    return made.requires_grad_() if grad and array.dtype.kind == "f" else made


def assert_close(actual: Any, expected: Any, tolerance: float = 1e-5) -> None:
    assert tuple(actual.shape) == tuple(expected.shape)
    assert str(actual.dtype).split(".")[1] == str(expected.dtype).split(".")[1]
    np.testing.assert_allclose(actual.detach().numpy(), expected.detach().numpy(), rtol=tolerance, atol=tolerance)


def run(call: Callable[..., Any], arrays: list[Any], make: Callable[..., Any]) -> tuple[Any, list[Any]]:
    """The result of a call, and the gradients of its inputs along a fixed direction."""
    inputs = [make(array, grad=True) for array in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = call(*inputs)
    direction = np.linspace(-1, 2, out.numel() if out.ndim else 1).astype(np.float32).reshape(tuple(out.shape))
    (out * make(direction)).sum().backward()
    return out, [each.grad for each in inputs if getattr(each, "requires_grad", False)]


def compare(mine: Callable[..., Any], other: Callable[..., Any], arrays: list[Any]) -> None:
    out, gradients = run(mine, arrays, ours)
    expected, expected_gradients = run(other, arrays, theirs)
    assert_close(out, expected)
    for gradient, expected_gradient in zip(gradients, expected_gradients, strict=True):
        assert (gradient is None) is (expected_gradient is None)
        if gradient is not None:
            assert_close(gradient, expected_gradient)


# --- Functions --------------------------------------------------------------------------------------------------------

WEIGHT = np.array([0.5, 2.0, 1.0, 0.0], np.float32)
LOGITS = floats(6, 4)
CLASSES = np.array([0, 1, 2, 3, -100, 1])
GRID, GRID_CLASSES = floats(2, 4, 3, 2), RANDOM.integers(0, 4, (2, 3, 2))
PROBABILITIES = np.exp(floats(6, 4)) / 5
REDUCTIONS = ("mean", "sum", "none")

FUNCTIONS = {
    "linear": ("linear", [floats(5, 3), floats(4, 3), floats(4)], {}),
    "linear, no bias": ("linear", [floats(2, 5, 3), floats(4, 3)], {}),
    "linear, vector": ("linear", [floats(3), floats(4, 3), floats(4)], {}),
    "relu": ("relu", [floats(5, 3)], {}),
    "tanh": ("tanh", [floats(5, 3)], {}),
    "sigmoid": ("sigmoid", [floats(5, 3) * 20], {}),
    "gelu": ("gelu", [floats(5, 3) * 3], {}),
    "gelu, tanh": ("gelu", [floats(5, 3) * 3], {"approximate": "tanh"}),
    "softmax": ("softmax", [floats(5, 3) * 30], {"dim": -1}),
    "softmax, no dim": ("softmax", [floats(5, 3, 2)], {}),
    "softmax, dtype": ("softmax", [floats(5, 3)], {"dim": 0, "dtype": "float64"}),
    "log_softmax": ("log_softmax", [floats(5, 3) * 30], {"dim": 0}),
    "log_softmax, no dim": ("log_softmax", [floats(5, 3)], {}),
    "layer_norm": ("layer_norm", [floats(5, 2, 3), (2, 3), floats(2, 3), floats(2, 3)], {"eps": 1e-3}),
    "layer_norm, plain": ("layer_norm", [floats(5, 3) * 50 + 100, (3,)], {}),
    "embedding": ("embedding", [RANDOM.integers(0, 4, (3, 2)), floats(4, 5)], {}),
    "embedding, padding": ("embedding", [RANDOM.integers(0, 4, (3, 2)), floats(4, 5)], {"padding_idx": -2}),
    "dropout, evaluation": ("dropout", [floats(3)], {"training": False}),
    "dropout, all": ("dropout", [floats(3)], {"p": 1.0}),
    **{f"mse_loss, {r}": ("mse_loss", [floats(5, 3), floats(5, 3)], {"reduction": r}) for r in REDUCTIONS},
    **{
        f"{name}, {r}, {'weighed' if weight is not None else 'plain'}": (
            name,
            [LOGITS, CLASSES, weight],
            {"reduction": r},
        )
        for name in ("nll_loss", "cross_entropy")
        for r in REDUCTIONS
        for weight in (None, WEIGHT)
    },
    **{
        f"{name}, grid, {r}": (name, [GRID, GRID_CLASSES, WEIGHT], {"reduction": r, "ignore_index": 2})
        for name in ("nll_loss", "cross_entropy")
        for r in REDUCTIONS
    },
    **{
        f"cross_entropy, smoothed, {r}, {kind}": (
            "cross_entropy",
            [logits, target, weight],
            {"reduction": r, "label_smoothing": 0.2},
        )
        for r in REDUCTIONS
        for kind, logits, target, weight in (
            ("classes", LOGITS, CLASSES, None),
            ("classes weighed", LOGITS, CLASSES, WEIGHT),
            ("grid", GRID, GRID_CLASSES, WEIGHT),
            ("probabilities", LOGITS, PROBABILITIES, None),
            ("probabilities weighed", LOGITS, PROBABILITIES, WEIGHT),
            ("one", floats(4), np.array(2), None),
        )
    },
    **{
        f"{name}, {kind}": (name, [floats(2, 4), np.array(target), weight], options)
        for name in ("nll_loss", "cross_entropy")
        for kind, target, weight, options in (
            ("all ignored", [-100, -100], None, {}),
            ("all ignored, weighed", [-100, -100], WEIGHT, {}),
            ("nothing counts", [3, -100], WEIGHT, {}),
            *([("all ignored, smoothed", [-100, -100], None, {"label_smoothing": 0.1})] * (name == "cross_entropy")),
            *([("nothing counts, smoothed", [3, -100], WEIGHT, {"label_smoothing": 0.1})] * (name == "cross_entropy")),
        )
    },
    "nll_loss, one": ("nll_loss", [floats(4), np.array(1)], {}),
    "nll_loss, nothing left": ("nll_loss", [floats(2, 4), np.array([-100, -100])], {"reduction": "sum"}),
}


def frozen(arrays: list[Any], name: str) -> list[Any]:
    """PyTorch gives no gradient by the weight of classes: hand it over inside the call."""
    return arrays[:2] if name in ("nll_loss", "cross_entropy") and len(arrays) > 2 else arrays


@pytest.mark.parametrize("case", FUNCTIONS)
def test_functions(case):
    name, arrays, options = FUNCTIONS[case]
    inputs = frozen(arrays, name)
    rest = arrays[len(inputs) :]

    def call(module: Any, namespace: Any, make: Callable[..., Any]) -> Callable[..., Any]:
        keywords = {key: getattr(namespace, value) if key == "dtype" else value for key, value in options.items()}
        return lambda *given: getattr(module, name)(*given, *map(make, rest), **keywords)

    compare(call(F, tensor, ours), call(torch.nn.functional, torch, theirs), inputs)


# --- Layers -----------------------------------------------------------------------------------------------------------

LAYERS = {
    "Identity": (lambda m: m.Identity(), [floats(2, 3)]),
    "Linear": (lambda m: m.Linear(3, 4), [floats(2, 5, 3)]),
    "Linear, no bias": (lambda m: m.Linear(3, 4, bias=False), [floats(2, 3)]),
    "ReLU": (lambda m: m.ReLU(), [floats(2, 3)]),
    "Tanh": (lambda m: m.Tanh(), [floats(2, 3)]),
    "Sigmoid": (lambda m: m.Sigmoid(), [floats(2, 3)]),
    "GELU": (lambda m: m.GELU(), [floats(2, 3)]),
    "Softmax": (lambda m: m.Softmax(dim=1), [floats(2, 3)]),
    "LogSoftmax": (lambda m: m.LogSoftmax(dim=1), [floats(2, 3)]),
    "Dropout": (lambda m: m.Dropout(0.5).eval(), [floats(2, 3)]),
    "Flatten": (lambda m: m.Flatten(), [floats(2, 3, 4)]),
    "Embedding": (lambda m: m.Embedding(5, 3, padding_idx=1), [RANDOM.integers(0, 5, (2, 4))]),
    "LayerNorm": (lambda m: m.LayerNorm([2, 3], eps=1e-4), [floats(4, 2, 3)]),
    "LayerNorm, plain": (lambda m: m.LayerNorm(3, elementwise_affine=False), [floats(4, 3)]),
    "CrossEntropyLoss": (lambda m: m.CrossEntropyLoss(label_smoothing=0.1), [LOGITS, CLASSES]),
    "NLLLoss": (lambda m: m.NLLLoss(ignore_index=1), [LOGITS, np.array([0, 1, 2, 3, 3, 1])]),
    "MSELoss": (lambda m: m.MSELoss(reduction="sum"), [floats(2, 3), floats(2, 3)]),
    "Sequential": (
        lambda m: m.Sequential(m.Linear(3, 8), m.LayerNorm(8), m.GELU(), m.ModuleList([m.Linear(8, 2)])[0]),
        [floats(5, 3)],
    ),
    "nested": (
        lambda m: m.Sequential(m.ModuleDict({"a": m.Linear(3, 3)})["a"], m.Sequential(m.ReLU(), m.Linear(3, 2))),
        [floats(5, 3)],
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    build, arrays = LAYERS[name]
    reference, layer = build(torch.nn), build(nn)
    load(layer, reference)
    assert repr(layer) == repr(reference)
    compare(layer, reference, arrays)
    expected = dict(reference.named_parameters())
    assert [name for name, _ in layer.named_parameters()] == list(expected)
    for name, parameter in layer.named_parameters():
        assert_close(parameter.grad, expected[name].grad)


def load(layer: nn.Module, reference: Any) -> None:
    """Give our layer the parameters of theirs."""
    state = {name: tensor.from_numpy(value.numpy().copy()) for name, value in reference.state_dict().items()}
    assert list(layer.state_dict()) == list(state)
    assert repr(layer.load_state_dict(state)) == "<All keys matched successfully>"


def test_errors_of_loading_read_alike():
    state = {"weight": floats(3, 2), "stray": floats(1)}
    messages = []
    for module, make in ((nn, ours), (torch.nn, theirs)):
        with pytest.raises(RuntimeError) as caught:
            module.Linear(2, 2).load_state_dict({name: make(value) for name, value in state.items()})
        messages.append(str(caught.value).replace("torch.Size", "tensor.Size"))
    assert messages[0] == messages[1]


def test_initial_values_are_drawn_alike():
    for build in (
        lambda m: m.Linear(400, 300),
        lambda m: m.Embedding(400, 300, padding_idx=2),
        lambda m: m.LayerNorm(9),
    ):
        for mine, other in zip(build(nn).parameters(), build(torch.nn).parameters(), strict=True):
            assert mine.requires_grad == other.requires_grad
            assert mine.mean().item() == pytest.approx(other.mean().item(), abs=0.02)
            assert mine.std().item() == pytest.approx(other.std().item(), abs=0.02)


INITIALISERS = {
    "uniform": lambda i, w: i.uniform_(w, -2, 1),
    "normal": lambda i, w: i.normal_(w, 1, 3),
    "xavier uniform": lambda i, w: i.xavier_uniform_(w, gain=i.calculate_gain("relu")),
    "xavier normal": lambda i, w: i.xavier_normal_(w),
    "kaiming uniform": lambda i, w: i.kaiming_uniform_(w, a=0.3),
    "kaiming normal": lambda i, w: i.kaiming_normal_(w, mode="fan_out", nonlinearity="tanh"),
    "constant": lambda i, w: i.constant_(w, 0.25),
    "eye": lambda i, w: i.eye_(w),
}


@pytest.mark.parametrize("name", INITIALISERS)
def test_initialisers_spread_alike(name):
    fill = INITIALISERS[name]
    mine = fill(nn.init, tensor.empty(300, 500)).numpy()
    other = fill(torch.nn.init, torch.empty(300, 500)).numpy()
    assert mine.mean() == pytest.approx(other.mean(), abs=0.03)
    assert mine.std() == pytest.approx(other.std(), rel=0.02, abs=1e-3)


# --- Files ------------------------------------------------------------------------------------------------------------


def network(module: Any) -> Any:
    return module.Sequential(module.Linear(6, 12), module.Tanh(), module.LayerNorm(12), module.Linear(12, 3))


def test_a_file_of_ours_is_read_by_torchs_library_and_back(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    reference, net = network(torch.nn), network(nn)
    tensor.save(net.state_dict(), tmp_path / "ours.safetensors")
    reference.load_state_dict(safetensors.load_file(tmp_path / "ours.safetensors"))
    safetensors.save_file(reference.state_dict(), tmp_path / "theirs.safetensors")
    net.load_state_dict(tensor.load(tmp_path / "theirs.safetensors"))
    for mine, other in zip(net.parameters(), reference.parameters(), strict=True):
        assert_close(mine, other, 0)


def test_a_checkpoint_of_torch_is_refused_with_the_way_to_convert_it(tmp_path):
    for new in (True, False):
        torch.save({"x": torch.ones(2)}, tmp_path / "x.pt", _use_new_zipfile_serialization=new)
        with pytest.raises(tensor.TensorError, match=r"torch\.save.*safetensors\.torch\.save_file"):
            tensor.load(tmp_path / "x.pt")
