"""L-BFGS finds minima, remembers, and refuses."""

from __future__ import annotations

import pytest

import tensor
from tensor import nn, optim
from tensor.errors import InferenceTensorError, ReadOnlyError


def valley(**options):
    """Rosenbrock's valley, whose minimum is at (1, 1)."""
    target = nn.Parameter(tensor.tensor([-1.2, 1.0], dtype=tensor.float64))
    optimizer = optim.LBFGS([target], **options)

    def closure():
        optimizer.zero_grad()
        loss = 100 * (target[1] - target[0] ** 2) ** 2 + (1 - target[0]) ** 2
        loss.backward()
        return loss

    return target, optimizer, closure


def test_it_finds_the_minimum_with_a_line_search():
    target, optimizer, closure = valley(line_search_fn="strong_wolfe", max_iter=100)
    assert optimizer.step(closure).item() == pytest.approx(24.2)
    assert target.tolist() == pytest.approx([1, 1], abs=1e-4)
    assert optimizer.state[target]["func_evals"] < 80
    assert optimizer.step(closure).item() == pytest.approx(0, abs=1e-8)


def test_it_descends_without_one():
    _, optimizer, closure = valley(lr=0.02, history_size=2)
    found = [optimizer.step(closure).item() for _ in range(6)]
    assert found[-1] < 0.5 * found[0]


def test_a_restored_optimizer_goes_on_where_the_other_was():
    target, first, closure = valley(line_search_fn="strong_wolfe", max_iter=4)
    twin, second, other_closure = valley(line_search_fn="strong_wolfe", max_iter=4)
    first.step(closure)
    second.load_state_dict(first.state_dict())
    with tensor.no_grad():
        twin.copy_(target)
    first.step(closure)
    second.step(other_closure)
    assert target.tolist() == twin.tolist()


def test_half_precision_is_searched_in_single():
    target = nn.Parameter(tensor.tensor([3.0, -2.0], dtype=tensor.float16))
    optimizer = optim.LBFGS([target, nn.Parameter(tensor.ones(1, dtype=tensor.float16))])

    def closure():
        optimizer.zero_grad()
        loss = (target * target).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert target.tolist() == pytest.approx([0, 0], abs=1e-3)


def test_what_is_inference_only_or_read_only_changes_nothing():
    with tensor.inference_mode():
        marked = tensor.tensor([0.5, 0.5], dtype=tensor.float64)
    for spoil in (
        lambda optimizer, state: optimizer.param_groups[0].update(lr=marked[0]),
        lambda optimizer, state: state.update(d=marked),
        lambda optimizer, state: state.update(old_dirs=[marked]),
    ):
        target, optimizer, closure = valley(max_iter=2)
        optimizer.step(closure)
        before = target.tolist()
        spoil(optimizer, optimizer.state[target])
        with pytest.raises(InferenceTensorError):
            optimizer.step(closure)
        assert target.tolist() == before
    target, optimizer, closure = valley()
    before = target.tolist()
    with pytest.raises(InferenceTensorError, match="loss is inference-only"):
        optimizer.step(lambda: (closure(), marked[0])[1])
    assert target.tolist() == before
    target._data.flags.writeable = False
    with pytest.raises((ReadOnlyError, ValueError)):
        optimizer.step(closure)


def test_what_makes_no_sense_is_refused():
    target, optimizer, closure = valley(line_search_fn="golden")
    with pytest.raises(tensor.UnsupportedError, match="only 'strong_wolfe' is supported, not 'golden'"):
        optimizer.step(closure)
    with pytest.raises(ValueError, match="per-parameter options"):
        optim.LBFGS([{"params": [target]}, {"params": [nn.Parameter(tensor.ones(1))]}])
    _, idle, closure = valley(max_iter=0)
    idle.step(closure)
    assert idle.state_dict()["state"][0] == {"func_evals": 1, "n_iter": 0}
