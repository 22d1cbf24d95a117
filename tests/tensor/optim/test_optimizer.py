"""What all optimisers share: groups, state, refusals."""

from __future__ import annotations

import contextlib
import pickle

import numpy as np
import pytest

import tensor
from tensor import nn, optim
from tensor.errors import InferenceModeError, InferenceTensorError
from tensor.optim.optimizer import required
from tensor.wire import pack, unpack

KINDS = {
    "sgd": lambda params: optim.SGD(params, lr=0.1),
    "momentum": lambda params: optim.SGD(params, lr=0.1, momentum=0.9),
    "adam": lambda params: optim.Adam(params, lr=0.1),
    "amsgrad": lambda params: optim.Adam(params, lr=0.1, amsgrad=True),
    "adamw": lambda params: optim.AdamW(params, lr=0.1),
    "rmsprop": lambda params: optim.RMSprop(params, lr=0.1, momentum=0.5, centered=True),
    "adagrad": lambda params: optim.Adagrad(params, lr=0.5),
    "nadam": lambda params: optim.NAdam(params, lr=0.1),
    "radam": lambda params: optim.RAdam(params, lr=0.1),
    "adamax": lambda params: optim.Adamax(params, lr=0.1),
    "adadelta": lambda params: optim.Adadelta(params, lr=20.0),
    "asgd": lambda params: optim.ASGD(params, lr=0.1, t0=1),
    "rprop": lambda params: optim.Rprop(params, lr=0.1),
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
    assert isinstance(optimizer, optim.Adagrad) or still not in optimizer.state


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
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    optimizer.load_state_dict(optim.SGD(net.parameters(), lr=0.5).state_dict())
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]


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
        ([np.ones(2)], TypeError, "optimizer can only optimize Tensors, but parameter 0 is a ndarray"),
        ([("a", parameter()), parameter()], ValueError, "Some param names are missing"),
        ([{"params": [("a", parameter())]}, {"params": [parameter()]}], ValueError, "without names to the optimizer"),
        ([{"params": [parameter()], "differentiable": True}], NotImplementedError, "differentiable=True"),
        ([{"params": {parameter()}}], TypeError, "a set has no order"),
        ([tensor.ones(2, requires_grad=True) * 2], ValueError, "can't optimize a non-leaf Tensor"),
        ([(twice := parameter()), twice], ValueError, "twice"),
        ([{"params": [again := parameter()]}, {"params": [again]}], ValueError, "more than one parameter group"),
    ],
)
def test_what_cannot_be_trained_is_refused(params, error, message):
    with pytest.raises(error, match=message):
        optim.SGD(params, lr=0.1)


def test_a_rule_must_be_given():
    class Idle(optim.Optimizer):
        pass

    target = parameter()
    optimizer = Idle([target], {})
    target.sum().backward()
    with pytest.raises(NotImplementedError, match="Idle has no update rule"):
        optimizer.step()


def test_options_can_be_required():
    for options, message in (({}, "required optimization parameter lr"), ({"lr": 1.0}, None)):
        group = {"params": [parameter()], **options}
        if message is None:
            assert optim.Optimizer([group], {"lr": required}).param_groups[0]["lr"] == 1.0
        else:
            with pytest.raises(ValueError, match=message):
                optim.Optimizer([group], {"lr": required})


def test_whatever_it_remembers_may_not_become_inference_only(make):
    """Each entry of state, and each option that is a number, is looked at before anything is written."""
    with tensor.inference_mode():
        marked = tensor.ones(2)
    target = parameter()
    optimizer = make([target])
    descend(optimizer, target)
    before = target.tolist()
    for where in (optimizer.state.get(target, {}), optimizer.param_groups[0]):
        for name, value in list(where.items()):
            if name == "params" or isinstance(value, str | bool | None):
                continue
            where[name] = marked if isinstance(value, tensor.Tensor) and value.ndim else marked[0]
            with pytest.raises(InferenceTensorError, match=name):
                optimizer.step()
            state = optimizer.state_dict()
            with pytest.raises(InferenceTensorError, match=name):
                optimizer.load_state_dict(state)
            where[name] = value
    assert target.tolist() == before


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
    with pytest.raises(ValueError, match=r"groups are of \[2\] parameters, this optimizer's of \[1\]"):
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
        "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n    foreach: None\n    fused: None\n"
        "    lr: 0.1\n    maximize: False\n    momentum: 0\n    nesterov: False\n    weight_decay: 0\n)"
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


# --- Forms of memory --------------------------------------------------------------------------------------------------


LAYOUTS = {
    "turned": (300, 200),
    "strided": (300, 200),
    "turned gradient": (300, 200),
    "long": (3, 40_000),
    "scalar": (),
    "empty": (0, 2),
}


def test_the_layout_of_memory_does_not_matter(make):
    """Pieces of flat memory, rows, and whole arrays lead to the same values."""
    for layout, shape in LAYOUTS.items():
        values, gradients = (np.random.default_rng(seed).normal(size=shape).astype(np.float32) for seed in (0, 1))
        memory = values.copy()
        if layout == "turned":
            memory = values.T.copy().T
        elif layout == "strided":
            memory = np.repeat(values, 2, axis=1)[:, ::2]
        plain, odd = nn.Parameter(tensor.tensor(values)), nn.Parameter(tensor.from_numpy(memory))
        plain.grad = tensor.tensor(gradients)
        odd.grad = tensor.from_numpy(gradients.T.copy().T if layout.startswith("turned") else gradients)
        for target in (plain, odd):
            optimizer = make([target])
            optimizer.step()
            optimizer.step()
        np.testing.assert_array_equal(odd.detach().numpy(), plain.detach().numpy(), err_msg=layout)


def test_half_precision_is_kept_and_rounded_once(make):
    for dtype in (tensor.float16, tensor.bfloat16):
        wide, half = nn.Parameter(tensor.ones(3)), nn.Parameter(tensor.ones(3, dtype=dtype))
        for target in (wide, half):
            target.grad = tensor.full((3,), 0.25, dtype=target.dtype)
            optimizer = make([target])
            optimizer.step()
        assert half.dtype is dtype
        assert {v.dtype for v in optimizer.state.get(half, {}).values() if v.ndim} <= {dtype}
        assert half.tolist() == pytest.approx(wide.tolist(), rel=0.01)


def test_infinite_gradients_are_no_errors(make):
    target = parameter(1.0, 2.0)
    optimizer = make([target])
    target.grad = tensor.tensor([float("inf"), float("nan")])
    optimizer.step()


# --- Options and layout -----------------------------------------------------------------------------------------------


def test_numbers_of_state_are_float32_tensors():
    target = parameter()
    optimizer = optim.NAdam([target])
    descend(optimizer, target, steps=2)
    state = optimizer.state_dict()["state"][0]
    assert list(state) == ["step", "mu_product", "exp_avg", "exp_avg_sq"]
    assert (state["step"].dtype, state["step"].ndim, state["step"].item()) == (tensor.float32, 0, 2.0)


def test_counts_of_steps_can_be_plain_numbers_when_loaded():
    target = parameter()
    optimizer = optim.Adam([target])
    descend(optimizer, target, steps=3)
    state = optimizer.state_dict()
    state["state"][0]["step"] = 3
    optimizer.load_state_dict(state)
    descend(optimizer, target)
    assert optimizer.state[target]["step"].item() == 4


def test_numbers_of_state_are_loaded_in_the_dtype_of_the_parameter():
    target = nn.Parameter(tensor.ones(2, dtype=tensor.float64))
    optimizer = optim.ASGD([target])
    descend(optimizer, target)
    optimizer.load_state_dict(optimizer.state_dict())
    dtypes = {name: value.dtype for name, value in optimizer.state[target].items()}
    assert dtypes == {"step": tensor.float32} | dict.fromkeys(("eta", "mu", "ax"), tensor.float64)


def test_options_that_old_checkpoints_lack_are_those_of_the_optimiser():
    optimizer = optim.Adam([parameter()], maximize=True)
    state = optimizer.state_dict()
    for name in ("maximize", "foreach", "fused", "capturable", "differentiable", "decoupled_weight_decay"):
        del state["param_groups"][0][name]
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["maximize"] is True


@pytest.mark.parametrize("option", ["differentiable", "capturable"])
def test_what_a_cpu_in_place_update_cannot_do_is_refused(option):
    with pytest.raises(tensor.UnsupportedError, match=f"{option}=True"):
        optim.Adam([parameter()], **{option: True})


def test_one_kernel_is_chosen_at_most():
    with pytest.raises(RuntimeError, match="cannot be `True` together"):
        optim.SGD([parameter()], fused=True, foreach=True)


def test_options_that_are_no_numbers_are_refused():
    target = parameter()
    optimizer = optim.Adam([target])
    optimizer.param_groups[0]["betas"] = iter((0.9, 0.99))
    target.grad = tensor.ones(2)
    with pytest.raises(TypeError, match="betas is a tuple_iterator"):
        optimizer.step()


# --- Hooks ------------------------------------------------------------------------------------------------------------


def test_hooks_are_called_around_steps():
    target, calls = parameter(), []
    optimizer = optim.SGD([target], lr=0.1)
    target.grad = tensor.ones(2)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: calls.append(("before", target.tolist(), args)))
    after = optimizer.register_step_post_hook(lambda o, args, kwargs: calls.append(("after", kwargs)))
    optimizer.register_step_pre_hook(lambda o, args, kwargs: ((), {"closure": lambda: 7}))
    assert optimizer.step(lambda: 1) == 7
    assert [each[0] for each in calls] == ["before", "after"]
    assert calls[0][1] == [1, 2]
    after.remove()
    optimizer.step()
    assert [each[0] for each in calls] == ["before", "after", "before"]
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match="must return None or"):
        optimizer.step()


def test_hooks_are_called_once_around_steps_of_subclasses():
    class Noisy(optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    target, calls = parameter(), []
    optimizer = Noisy([target], lr=0.1)
    optimizer.register_step_pre_hook(lambda *call: calls.append("before"))
    optimizer.register_step_post_hook(lambda *call: calls.append("after"))
    optimizer.step()
    assert calls == ["before", "after"]


def test_hooks_see_and_replace_state_dicts():
    optimizer, calls = optim.SGD([parameter()], lr=0.1), []
    optimizer.register_state_dict_pre_hook(lambda o: calls.append("first"))
    optimizer.register_state_dict_pre_hook(lambda o: calls.append("zeroth"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda o, state: {**state, "extra": 1})
    state = optimizer.state_dict()
    assert state["extra"] == 1
    optimizer.register_load_state_dict_pre_hook(lambda o, s: {**s, "param_groups": [{**s["param_groups"][0], "lr": 5}]})
    optimizer.register_load_state_dict_post_hook(lambda o: calls.append(o.param_groups[0]["lr"]))
    optimizer.load_state_dict(state)
    assert calls == ["zeroth", "first", 5]
    assert state["param_groups"][0]["lr"] == 0.1


def test_an_optimiser_is_copied_and_pickled_without_its_hooks(make):
    target = parameter()
    optimizer = make([target])
    descend(optimizer, target)
    optimizer.register_step_pre_hook(lambda *call: None)
    again = pickle.loads(pickle.dumps(optimizer))
    (copied,) = again.param_groups[0]["params"]
    assert descend(again, copied, 3) == descend(optimizer, target, 3)


def test_rules_of_ones_own_can_be_written_as_for_torch():
    class Sign(optim.Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        @tensor.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    state = self.state[p]
                    state["seen"] = state.get("seen", 0) + 1
                    p.add_(p.grad.sign(), alpha=-group["lr"])

    target = parameter(1.0, -2.0)
    optimizer = Sign([target])
    target.grad = tensor.tensor([3.0, -3.0])
    optimizer.step()
    assert target.tolist() == pytest.approx([0.9, -1.9])
    assert optimizer.state_dict()["state"] == {0: {"seen": 1}}
