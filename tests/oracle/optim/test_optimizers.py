"""Optimisers against PyTorch: 50 steps along the same gradients, state that is exchanged, defaults, texts, refusals."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np
import pytest

import tensor

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

LIBRARIES = (tensor, torch)
KINDS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam", "RAdam", "Adamax", "Adadelta", "ASGD", "Rprop")
TOLERANCES = {"float32": 1e-5, "float64": 1e-10}
SHAPES = [(5, 3), (3,), (), (2, 3, 4), (0,)]

SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"{kind}, defaults": (kind, {}) for kind in KINDS},
    **{f"{kind}, weight decay": (kind, {"lr": 0.01, "weight_decay": 0.1}) for kind in KINDS if kind != "Rprop"},
    **{f"{kind}, maximize": (kind, {"lr": 0.001, "maximize": True}) for kind in KINDS},
    **{f"{kind}, lr in a tensor": (kind, {"lr": "tensor"}) for kind in KINDS},
    "SGD, momentum": ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3}),
    "SGD, nesterov": ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "maximize": True}),
    "SGD, fused": ("SGD", {"lr": 0.05, "fused": True}),
    "SGD, foreach": ("SGD", {"lr": 0.05, "momentum": 0.9, "foreach": True}),
    "Adam, options": ("Adam", {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-4, "weight_decay": 0.1}),
    "Adam, amsgrad": ("Adam", {"lr": 0.02, "amsgrad": True}),
    "Adam, decoupled": ("Adam", {"lr": 0.02, "weight_decay": 0.3, "decoupled_weight_decay": True}),
    "Adam, fused": ("Adam", {"fused": True}),
    "Adam, foreach": ("Adam", {"foreach": True}),
    "AdamW, amsgrad": ("AdamW", {"lr": 0.02, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
    "RMSprop, momentum": ("RMSprop", {"momentum": 0.9, "alpha": 0.8}),
    "RMSprop, centered": ("RMSprop", {"centered": True, "eps": 1e-3}),
    "RMSprop, all": ("RMSprop", {"centered": True, "momentum": 0.5, "weight_decay": 0.1, "lr": 0.003}),
    "Adagrad, options": ("Adagrad", {"lr": 0.1, "lr_decay": 0.01, "initial_accumulator_value": 0.3, "eps": 1e-3}),
    "NAdam, decoupled": ("NAdam", {"weight_decay": 0.2, "decoupled_weight_decay": True, "momentum_decay": 0.02}),
    "RAdam, decoupled": ("RAdam", {"weight_decay": 0.2, "decoupled_weight_decay": True, "betas": (0.8, 0.99)}),
    "Adamax, options": ("Adamax", {"lr": 0.05, "betas": (0.7, 0.9), "eps": 1e-2}),
    "Adadelta, options": ("Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 1e-3}),
    "ASGD, averaging": ("ASGD", {"lr": 0.05, "lambd": 0.01, "t0": 10, "alpha": 0.5}),
    "Rprop, options": ("Rprop", {"lr": 0.03, "etas": (0.3, 1.5), "step_sizes": (1e-3, 0.1)}),
}


def arrays(dtype: str, seed: int) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [np.asarray(random.normal(size=shape), dtype=dtype) for shape in SHAPES]


def parameters(library: Any, dtype: str) -> list[Any]:
    return [library.nn.Parameter(library.tensor(each.copy())) for each in arrays(dtype, 0)]


def build(library: Any, kind: str, params: Any, options: dict[str, Any]) -> Any:
    given = {
        name: library.tensor(0.01, dtype=params[0].dtype) if value == "tensor" else value
        for name, value in options.items()
    }
    return getattr(library.optim, kind)(params, **given)


def descend(library: Any, optimizer: Any, params: list[Any], steps: range) -> None:
    """Step along fixed gradients, of which the second parameter has none in every third step."""
    for step in steps:
        for at, (param, gradient) in enumerate(
            zip(params, arrays(str(params[0].dtype).split(".")[1], 1 + step), strict=True)
        ):
            param.grad = None if at == 1 and step % 3 == 0 else library.tensor(gradient)
        optimizer.step()


def assert_close(mine: list[Any], theirs: list[Any], tolerance: float) -> None:
    for ours, other in zip(mine, theirs, strict=True):
        assert tuple(ours.shape) == tuple(other.shape)
        assert str(ours.dtype).split(".")[1] == str(other.dtype).split(".")[1]
        actual, expected = ours.detach().numpy(), other.detach().numpy()
        scale = max(np.abs(expected).max(initial=0), 1e-3)
        np.testing.assert_allclose(actual / scale, expected / scale, rtol=0, atol=tolerance)


def tensors_of(state: dict[str, Any]) -> dict[tuple[Any, str], Any]:
    return {(number, name): value for number, each in state.items() for name, value in each.items()}


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", SETTINGS)
def test_fifty_steps_lead_to_the_same_parameters_and_state(name, dtype):
    kind, options = SETTINGS[name]
    runs = []
    for library in LIBRARIES:
        params = parameters(library, dtype)
        optimizer = build(library, kind, params, options)
        descend(library, optimizer, params, range(50))
        runs.append((params, optimizer.state_dict()))
    (mine, my_state), (theirs, their_state) = runs
    # Numbers in state are float32 in both, so float64 parameters can differ where rates are computed from them.
    assert_close(mine, theirs, TOLERANCES[dtype])
    ours, others = tensors_of(my_state["state"]), tensors_of(their_state["state"])
    assert ours.keys() == others.keys()
    assert_close(list(ours.values()), [others[key] for key in ours], TOLERANCES[dtype] * 10)
    assert plain(my_state["param_groups"]) == plain(their_state["param_groups"])


@pytest.mark.parametrize("name", SETTINGS)
def test_state_is_exchanged_and_training_goes_on_alike(name):
    kind, options = SETTINGS[name]
    theirs, ours, again = parameters(torch, "float32"), parameters(tensor, "float32"), parameters(torch, "float32")
    first, second, third = (
        build(library, kind, params, options) for library, params in ((torch, theirs), (tensor, ours), (torch, again))
    )
    descend(torch, first, theirs, range(5))
    second.load_state_dict(converted(first.state_dict(), tensor))
    copy_into(tensor, ours, theirs)
    descend(torch, first, theirs, range(5, 10))
    descend(tensor, second, ours, range(5, 10))
    assert_close(ours, theirs, 1e-5)

    third.load_state_dict(converted(second.state_dict(), torch))
    copy_into(torch, again, ours)
    descend(torch, first, theirs, range(10, 15))
    descend(torch, third, again, range(10, 15))
    assert_close(again, theirs, 1e-5)


def plain(groups: Any) -> Any:
    """Groups with learning rates in tensors as numbers."""
    return [{key: value.item() if hasattr(value, "item") else value for key, value in each.items()} for each in groups]


def converted(state: Any, library: Any) -> Any:
    """A state dict with its tensors as those of the other library."""
    if isinstance(state, tensor.Tensor | torch.Tensor):
        return library.tensor(state.detach().numpy().copy())
    if isinstance(state, dict):
        return {key: converted(value, library) for key, value in state.items()}
    return type(state)(converted(each, library) for each in state) if isinstance(state, list | tuple) else state


def copy_into(library: Any, params: list[Any], source: list[Any]) -> None:
    with library.no_grad():
        for param, other in zip(params, source, strict=True):
            param.copy_(library.tensor(other.detach().numpy().copy()))


@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_loaded_state_has_the_same_dtypes(kind, dtype):
    dtypes = []
    for library in LIBRARIES:
        param = library.nn.Parameter(library.ones(2, dtype=getattr(library, dtype)))
        param.grad = library.ones(2, dtype=param.dtype)
        optimizer = getattr(library.optim, kind)([param])
        for _ in range(2):
            optimizer.step()
            optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        dtypes.append({name: str(value.dtype).split(".")[1] for name, value in optimizer.state[param].items()})
    assert dtypes[0] == dtypes[1]


def handwritten(library: Any) -> Any:
    """Adam as people write it, with a count of steps that is a plain int."""

    class Adam(library.optim.Optimizer):  # type: ignore[misc]
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        @library.no_grad()  # type: ignore[untyped-decorator]
        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    state = self.state[p]
                    if not state:
                        state["step"], state["notes"] = 0, [1, (0.5, None)]
                        state["mean"], state["square"] = library.zeros_like(p), library.zeros_like(p)
                        state["seen"] = library.zeros((), dtype=library.int64)
                    state["step"] += 1
                    state["seen"] += 1
                    state["mean"].mul_(0.9).add_(p.grad, alpha=0.1)
                    state["square"].mul_(0.99).addcmul_(p.grad, p.grad, value=0.01)
                    rate = group["lr"] * (1 - 0.99 ** state["step"]) ** 0.5 / (1 - 0.9 ** state["step"])
                    p.addcdiv_(state["mean"], state["square"].sqrt().add_(1e-8), value=-rate)

    return Adam


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_a_rule_of_ones_own_goes_on_after_it_was_loaded(dtype):
    runs = []
    for library in LIBRARIES:
        params = parameters(library, dtype)
        first, second = (handwritten(library)(params, lr=0.1) for _ in range(2))
        descend(library, first, params, range(2))
        second.load_state_dict(copy.deepcopy(first.state_dict()))
        descend(library, second, params, range(2, 4))
        runs.append((params, second.state_dict()["state"]))
    (ours, my_state), (theirs, their_state) = runs
    assert_close(ours, theirs, TOLERANCES[dtype])
    for number, entries in my_state.items():
        for name, value in entries.items():
            other = their_state[number][name]
            assert type(value).__name__ == type(other).__name__
            if isinstance(other, torch.Tensor):
                assert_close([value], [other], TOLERANCES[dtype])
            else:
                assert value == other


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_stays_near(kind, dtype):
    # We compute a step in float32 and round once, torch rounds each operation.
    runs = []
    for library in LIBRARIES:
        param = library.nn.Parameter(library.tensor(arrays("float32", 0)[0]).to(getattr(library, dtype)))
        optimizer = (
            getattr(library.optim, kind)([param], lr=0.01, eps=1e-3)
            if kind in EPS
            else getattr(library.optim, kind)([param], lr=0.01)
        )
        for step in range(5):
            param.grad = library.tensor(arrays("float32", 1 + step)[0]).to(param.dtype)
            optimizer.step()
        assert optimizer.state_dict()["state"] == {} or str(optimizer.state[param].popitem()[1].dtype).endswith(
            ("float32", dtype)
        )
        runs.append(param.detach().float().numpy())
    np.testing.assert_allclose(*runs, atol=0.1 if dtype == "bfloat16" else 0.02)


EPS = ("Adam", "AdamW", "RMSprop", "Adagrad", "NAdam", "RAdam", "Adamax", "Adadelta")


@pytest.mark.parametrize("kind", KINDS)
def test_signatures_defaults_and_texts_are_the_same(kind):
    mine, theirs = getattr(tensor.optim, kind), getattr(torch.optim, kind)
    ours, others = inspect.signature(mine).parameters, inspect.signature(theirs).parameters
    assert [(p.name, p.default, p.kind) for p in ours.values()] == [
        (p.name, p.default, p.kind) for p in others.values()
    ]
    named = [("first", 1), ("second", 2)]
    made = [
        getattr(library.optim, kind)([(name, library.nn.Parameter(library.ones(size))) for name, size in named], lr=0.5)
        for library in LIBRARIES
    ]
    assert made[0].defaults == made[1].defaults
    for optimizer, library in zip(made, LIBRARIES, strict=True):
        optimizer.add_param_group({"params": [("third", library.nn.Parameter(library.ones(3)))], "lr": 0.25})
    assert repr(made[0]) == repr(made[1])
    assert made[0].state_dict()["param_groups"] == made[1].state_dict()["param_groups"]


@pytest.mark.parametrize(
    "options",
    [
        {"lr": -1},
        {"eps": -1.0},
        {"weight_decay": -0.5},
        {"betas": (1.0, 0.9)},
        {"rho": 2.0},
        {"alpha": -1},
        {"momentum": -0.1},
        {"momentum_decay": -1},
        {"lr_decay": -1},
        {"initial_accumulator_value": -1},
        {"etas": (1.5, 2.0)},
        {"nesterov": True},
        {"fused": True, "foreach": True},
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_options_out_of_range_are_refused_alike(kind, options):
    errors = []
    for library in LIBRARIES:
        params = [library.nn.Parameter(library.ones(1))]
        try:
            getattr(library.optim, kind)(params, **options)
            errors.append(None)
        except (ValueError, TypeError, RuntimeError) as error:
            errors.append(error)
    mine, theirs = errors
    assert type(mine) is type(theirs)
    if isinstance(theirs, ValueError):
        assert str(mine).startswith(str(theirs))


def test_groups_take_the_same_options():
    dicts = []
    for library in LIBRARIES:
        first, second, third = (library.nn.Parameter(library.ones(2)) for _ in range(3))
        optimizer = library.optim.SGD([{"params": iter([first])}, {"params": second, "lr": 0.5}], lr=0.1, momentum=0.9)
        optimizer.add_param_group({"params": [third], "nesterov": True, "mine": 7})
        dicts.append(optimizer.state_dict())
    assert dicts[0] == dicts[1]


@pytest.mark.parametrize("norm", [{"max_norm": 0.5}, {"max_norm": 1.0, "norm_type": 1.0}])
def test_clipping_in_the_loop(norm):
    if not hasattr(tensor.nn, "utils"):
        pytest.skip("nn.utils is not there yet")
    ends = []
    for library in LIBRARIES:
        params = parameters(library, "float32")
        optimizer = library.optim.AdamW(params, lr=0.01)
        norms = []
        for step in range(20):
            for param, gradient in zip(params, arrays("float32", 1 + step), strict=True):
                param.grad = library.tensor(gradient)
            norms.append(library.nn.utils.clip_grad_norm_(params, **norm).item())
            library.nn.utils.clip_grad_value_(params, 0.1)
            optimizer.step()
        ends.append((params, norms))
    np.testing.assert_allclose(ends[0][1], ends[1][1], rtol=1e-5)
    assert_close(ends[0][0], ends[1][0], 1e-5)


def test_what_torch_has_beyond_ours_is_known():
    missing = {"Adafactor", "Muon", "SparseAdam", "swap_in_optimizer_params_and_state"}
    assert set(torch.optim.__all__) - set(tensor.optim.__all__) == missing
