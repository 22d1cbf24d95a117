"""Checkpoints: the same results and gradients, from a second run."""

import pytest

import tensor as T
from tensor import nn
from tensor.utils.checkpoint import checkpoint, checkpoint_sequential


def test_the_second_run_draws_the_same_random_numbers():
    seen = []

    def block(x, scale=1):
        seen.append(scale)
        return nn.functional.dropout(x, 0.5) * scale

    x = T.ones(8, requires_grad=True)
    out = checkpoint(block, x, scale=3, use_reentrant=False)
    after = T.rand(1).item()
    state = T.get_rng_state()
    out.sum().backward()
    assert seen == [3, 3]
    assert x.grad.tolist() == out.tolist()  # the mask of the first run
    assert T.get_rng_state() == state
    assert after != T.rand(1).item()


def test_gradients_reach_parameters_and_what_is_around():
    weight = T.full((2,), 3.0, requires_grad=True)
    around = weight * 2
    x = T.ones(2)
    out = checkpoint(lambda value: {"a": (value * weight * around, 7)}, x, use_reentrant=False)
    assert out["a"][1] == 7
    (found,) = T.autograd.grad(out["a"][0].sum(), [weight], retain_graph=True)
    out["a"][0].sum().backward()
    assert found.tolist() == weight.grad.tolist() == [12, 12]


def test_nothing_is_kept_of_the_first_run():
    x = T.ones(2, requires_grad=True)
    out = checkpoint(lambda value: value.exp().sin().exp(), x, use_reentrant=False)
    assert "Checkpointed" in out.grad_fn.name()
    assert [type(each).__name__ for each, _ in out.grad_fn.next_functions] == ["AccumulateGrad"]


def test_where_nothing_is_recorded_it_runs_once():
    calls = []

    def block(x):
        calls.append(1)
        return x * 2

    with T.no_grad():
        checkpoint(block, T.ones(1, requires_grad=True))
    with T.inference_mode():
        assert checkpoint(block, T.ones(1)).is_inference()
    assert checkpoint(block, T.ones(1)).tolist() == [2]
    assert len(calls) == 3


def test_reentrant_ones_ask_for_a_gradient_of_an_argument():
    model = nn.Linear(1, 1)
    with pytest.warns(UserWarning, match="requires_grad"):
        out = checkpoint(model, T.ones(1, 1), use_reentrant=True)
    assert not out.requires_grad


def test_sequences_keep_what_is_between_segments():
    x = T.rand(3, requires_grad=True)
    steps = [T.sin, T.cos, T.exp, T.tanh, T.sqrt]
    out = checkpoint_sequential(steps, 2, x, use_reentrant=False)
    out.sum().backward()
    found, x.grad = x.grad, None
    plain = x
    for step in steps:
        plain = step(plain)
    plain.sum().backward()
    assert out.tolist() == plain.tolist()
    assert found.tolist() == x.grad.tolist()
