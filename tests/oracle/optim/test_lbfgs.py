"""L-BFGS against PyTorch: the same losses, calls and parameters, and state that is exchanged."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensor
from tests.oracle.optim.test_optimizers import converted

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

LIBRARIES = (tensor, torch)
SETTINGS: list[dict[str, Any]] = [
    {"lr": 0.02},
    {"lr": 0.02, "history_size": 2, "max_iter": 7},
    {"lr": 0.1, "max_iter": 15, "max_eval": 9},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "history_size": 3, "max_iter": 8},
    {"line_search_fn": "strong_wolfe", "tolerance_grad": 1.0, "tolerance_change": 1e-3},
    {"max_iter": 0},
]


def problem(library: Any, dtype: str = "float64", **options: Any) -> tuple[list[Any], Any, Callable[[], Any]]:
    """Rosenbrock's valley, with one more parameter without dimensions."""
    values = (np.array([[-1.2, 1.0], [0.3, -2.0]]), np.array(0.7))
    first, second = (library.nn.Parameter(library.tensor(each.astype(dtype))) for each in values)
    optimizer = library.optim.LBFGS([first, second], **options)

    def closure() -> Any:
        optimizer.zero_grad()
        x = first.flatten()
        loss = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum() + (second - x[0]) ** 4
        loss.backward()
        return loss

    return [first, second], optimizer, closure


def losses(optimizer: Any, closure: Callable[[], Any], steps: int) -> list[float]:
    return [optimizer.step(closure).item() for _ in range(steps)]


@pytest.mark.parametrize("options", SETTINGS)
def test_steps_lead_to_the_same_parameters(options):
    runs = []
    for library in LIBRARIES:
        params, optimizer, closure = problem(library, **options)
        found = losses(optimizer, closure, 4)
        state = optimizer.state_dict()["state"][0]
        runs.append((found, [each.detach().numpy() for each in params], state["func_evals"], state["n_iter"]))
    mine, theirs = runs
    np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-8, atol=1e-12)
    for one, other in zip(mine[1], theirs[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8)
    assert mine[2:] == theirs[2:]


@pytest.mark.parametrize("options", SETTINGS[:5])
def test_state_is_exchanged_and_training_goes_on_alike(options):
    for source, target in (LIBRARIES, LIBRARIES[::-1]):
        params, optimizer, closure = problem(source, **options)
        losses(optimizer, closure, 2)
        others, again, other_closure = problem(target, **options)
        again.load_state_dict(converted(optimizer.state_dict(), target))
        with target.no_grad():
            for param, other in zip(params, others, strict=True):
                other.copy_(target.tensor(param.detach().numpy().copy()))
        expected = losses(optimizer, closure, 2)
        np.testing.assert_allclose(losses(again, other_closure, 2), expected, rtol=1e-7, atol=1e-12)


def test_signatures_and_defaults_are_the_same():
    ours, theirs = (inspect.signature(library.optim.LBFGS).parameters for library in LIBRARIES)
    assert [(p.name, p.default, p.kind) for p in ours.values()] == [
        (p.name, p.default, p.kind) for p in theirs.values()
    ]
    assert problem(tensor)[1].defaults == problem(torch)[1].defaults


def test_texts_and_refusals_are_the_same():
    texts = []
    for library in LIBRARIES:
        params, optimizer, closure = problem(library, line_search_fn="golden")
        texts.append(repr(optimizer))
        with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
            optimizer.step(closure)
        with pytest.raises(ValueError, match="doesn't support per-parameter options"):
            library.optim.LBFGS([{"params": [each]} for each in params])
        with pytest.raises(ValueError, match="Invalid learning rate"):
            library.optim.LBFGS(params, lr=-1)
    assert texts[0] == texts[1]
