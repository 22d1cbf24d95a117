"""What all optimisers share: groups, state, refusals."""

from __future__ import annotations

import contextlib
import pickle

import numpy as np
import pytest

import tensor
from tensor import nn, optim
from tensor.errors import InferenceModeError, InferenceTensorError
from tensor.wire import pack, unpack

KINDS = {
    "sgd": lambda params: optim.SGD(params, lr=0.1),
    "momentum": lambda params: optim.SGD(params, lr=0.1, momentum=0.9),
    "adam": lambda params: optim.Adam(params, lr=0.1),
    "amsgrad": lambda params: optim.Adam(params, lr=0.1, amsgrad=True),
    "adamw": lambda params: optim.AdamW(params, lr=0.1),
}


@pytest.fixture(params=KINDS)
def make(request):
    return KINDS[request.param]


def parameter(*values: float) -> nn.Parameter:
    return nn.Parameter(tensor.tensor(values or (1.0, 2.0)))


def descend(optimizer: optim.Optimizer, target: nn.Parameter, steps: int = 1) -> list[float]:
    for _ in range(steps):
        optimizer.zero_grad()
        (target * target).sum().backward()
        optimizer.step()
    return target.tolist()


def test_every_kind_descends(make):
    target = parameter(1.0, -2.0)
    descend(make([target]), target, steps=100)
    assert (target.abs() < 0.6).all().item()


def test_a_step_changes_the_memory_of_the_parameter_and_nothing_else(make):
    target = parameter()
    view = target.detach()
    descend(make([target]), target)
    assert view.tolist() == target.tolist() != [1, 2]
    assert target.is_leaf
    assert target.requires_grad
    assert target.grad.tolist() == [2, 4]


def test_a_step_is_a_write_that_saved_graphs_notice(make):
    target = parameter()
    optimizer = make([target])
    loss = (target * target).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_parameters_without_a_gradient_stay(make):
    moved, still = parameter(), parameter()
    optimizer = make([moved, still])
    descend(optimizer, moved)
    assert still.tolist() == [1, 2]
    assert still not in optimizer.state


def test_scalars_are_parameters_too(make):
    target = nn.Parameter(tensor.tensor(2.0))
    descend(make([target]), target, steps=2)
    assert target.item() < 2


def test_groups_have_options_of_their_own():
    slow, fast = parameter(), parameter()
    optimizer = optim.SGD([{"params": slow}, {"params": [fast], "lr": 0.5}], lr=0.0)
    for target in (slow, fast):
        (target * target).sum().backward()
    optimizer.step()
    assert slow.tolist() == [1, 2]
    assert fast.tolist() == [0, 0]
    optimizer.param_groups[0]["lr"] = 0.5
    optimizer.step()
    assert slow.tolist() == [0, 0]


def test_groups_can_be_added():
    first, second = parameter(), parameter()
    optimizer = optim.SGD([first], lr=0.1)
    optimizer.add_param_group({"params": [second], "lr": 0.0})
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.0]


def test_named_parameters_are_taken():
    net = nn.Linear(2, 2)
    optimizer = optim.SGD(net.named_parameters())
    assert [id(p) for p in optimizer.param_groups[0]["params"]] == [id(net.weight), id(net.bias)]


def test_zero_grad_drops_or_zeroes(make):
    target = parameter()
    optimizer = make([target])
    target.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert target.grad.tolist() == [0, 0]
    optimizer.zero_grad()
    assert target.grad is None


def test_a_closure_computes_the_loss_with_gradients_on(make):
    target = parameter()
    optimizer = make([target])

    def closure():
        optimizer.zero_grad()
        loss = (target * target).sum()
        loss.backward()
        return loss

    with tensor.no_grad():
        assert optimizer.step(closure).item() == 5
    assert target.tolist() != [1, 2]
    assert optimizer.step() is None


def test_a_closure_inside_inference_mode_is_refused(make):
    target = parameter()
    optimizer = make([target])
    with tensor.inference_mode(), pytest.raises(InferenceModeError):
        optimizer.step(lambda: target.sum())
    assert target.tolist() == [1, 2]


def test_a_step_inside_inference_mode_leaves_state_that_can_be_trained_on(make):
    target, twin = parameter(), parameter()
    optimizer, other = make([target]), make([twin])
    (target * target).sum().backward()
    with tensor.inference_mode():
        optimizer.step()
    assert not any(
        value.is_inference() for value in optimizer.state[target].values() if isinstance(value, tensor.Tensor)
    )
    descend(other, twin)
    assert target.tolist() == twin.tolist()


# --- Refusals ---------------------------------------------------------------------------------------------------------


def test_marked_parameters_are_refused_when_it_is_made(make):
    with tensor.inference_mode(), tensor.marks.origin(job="nightly"):
        marked = nn.Parameter(tensor.ones(2))
    for params in ([parameter(), marked], [{"params": [parameter()]}, {"params": [marked]}]):
        with pytest.raises(InferenceTensorError, match=r"(?s)inference-only.*nightly.*as_training_data"):
            make(params)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ([], ValueError, "empty parameter list"),
        (parameter(), TypeError, "an iterable of tensors or dicts, got one Parameter"),
        ({"params": [parameter()]}, TypeError, "an iterable of tensors or dicts, got one dict"),
        ([np.ones(2)], TypeError, "parameter 0 is a ndarray"),
        ([{"params": {parameter()}}], TypeError, "a set has no order"),
        ([tensor.ones(2, requires_grad=True) * 2], ValueError, "can't optimize a non-leaf Tensor"),
        ([(twice := parameter()), twice], ValueError, "twice"),
        ([{"params": [again := parameter()]}, {"params": [again]}], ValueError, "more than one parameter group"),
    ],
)
def test_what_cannot_be_trained_is_refused(make, params, error, message):
    with pytest.raises(error, match=message):
        make(params)


def test_a_rule_must_be_given():
    class Idle(optim.Optimizer):
        pass

    target = parameter()
    optimizer = Idle([target], {})
    target.sum().backward()
    with pytest.raises(NotImplementedError, match="Idle has no update rule"):
        optimizer.step()


# --- State ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "carry", [lambda s: s, lambda s: pickle.loads(pickle.dumps(s)), lambda s: unpack(b"".join(pack(s)))]
)
def test_a_restored_optimizer_goes_on_where_the_other_was(make, carry):
    target, twin = parameter(), parameter()
    first, second = make([target]), make([twin])
    descend(first, target, steps=3)
    with tensor.no_grad():
        twin.copy_(target)
    second.load_state_dict(carry(first.state_dict()))
    assert descend(first, target, steps=3) == descend(second, twin, steps=3)


def test_loaded_state_is_apart_from_where_it_came_from():
    target, twin = parameter(), parameter()
    first, second = optim.Adam([target]), optim.Adam([twin])
    descend(first, target)
    state = first.state_dict()
    before = state["state"][0]["exp_avg"].tolist()
    second.load_state_dict(state)
    descend(second, twin, steps=2)
    assert state["state"][0]["exp_avg"].tolist() == before


def test_state_is_numbered_in_the_order_of_the_groups():
    first, second = parameter(), parameter()
    optimizer = optim.SGD([{"params": [first]}, {"params": [second]}], lr=0.1, momentum=0.9)
    descend(optimizer, second)
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0], [1]]
    assert list(state["state"]) == [1]


def test_options_are_restored():
    optimizer = optim.SGD([parameter()], lr=0.1)
    optimizer.load_state_dict(optim.SGD([parameter()], lr=0.7, momentum=0.5).state_dict())
    assert optimizer.param_groups[0]["lr"] == 0.7
    assert optimizer.param_groups[0]["momentum"] == 0.5


def test_state_that_does_not_fit_is_refused_and_nothing_changes():
    target = parameter()
    optimizer = optim.Adam([target], lr=0.1)
    with pytest.raises(ValueError, match=r"groups of \[2\] parameters, this optimizer has \[1\]"):
        optimizer.load_state_dict(optim.Adam([parameter(), parameter()], lr=0.9).state_dict())
    other = parameter(1.0, 2.0, 3.0)
    theirs = optim.Adam([other], lr=0.9)
    descend(theirs, other)
    with pytest.raises(ValueError, match=r"exp_avg has shape \(3,\), its parameter \(2,\)"):
        optimizer.load_state_dict(theirs.state_dict())
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert not optimizer.state


def test_the_text_lists_the_options():
    assert repr(optim.SGD([parameter()], lr=0.1)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.1\n    maximize: False\n    momentum: 0\n"
        "    nesterov: False\n    weight_decay: 0\n)"
    )


def test_a_step_that_cannot_be_done_whole_changes_nothing():
    frozen = np.ones(2, np.float32)
    frozen.flags.writeable = False
    first, second = tensor.nn.Parameter(tensor.ones(2)), tensor.nn.Parameter(tensor.from_numpy(frozen))
    optimizer = optim.SGD([first, second], lr=0.1)
    for parameter in (first, second):
        parameter.grad = tensor.ones(2)
    with pytest.raises(tensor.ReadOnlyError):
        optimizer.step()
    assert first.tolist() == [1, 1]


def test_the_state_of_another_kind_of_optimiser_is_refused():
    weight = tensor.nn.Parameter(tensor.ones(2))
    with pytest.raises(ValueError, match=r"no amsgrad, betas, eps.*another kind of optimizer than Adam"):
        optim.Adam([weight]).load_state_dict(optim.SGD([weight], momentum=0.9).state_dict())


@pytest.mark.parametrize("scope", [contextlib.nullcontext, tensor.no_grad, tensor.inference_mode])
def test_zeroing_is_in_place_in_every_mode(scope):
    weight = tensor.nn.Parameter(tensor.ones(2))
    optimizer = optim.SGD([weight])
    weight.grad = gradient = tensor.ones(2)
    with scope():
        optimizer.zero_grad(set_to_none=False)
    assert weight.grad is gradient
    assert gradient.tolist() == [0, 0]
    assert not gradient.is_inference()
