"""Modules: what assignment registers, the walks, the settings, the text."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tensor
from tensor import nn
from tensor.nn import functional as F


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.scale = nn.Parameter(tensor.ones(2))
        self.register_buffer("mean", tensor.zeros(2))
        self.register_buffer("scratch", tensor.zeros(1), persistent=False)
        self.register_parameter("shift", None)

    def forward(self, x):
        return self.linear(x) * self.scale - self.mean


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block()
        self.last = nn.Linear(2, 1, bias=False)

    def forward(self, x, *, flip=False):
        x = F.relu(self.first(x))
        return self.last(-x if flip else x)


def names(pairs) -> list[str]:
    return [name for name, _ in pairs]


# --- Registration -----------------------------------------------------------------------------------------------------


def test_walks_give_dotted_names_in_order_of_registration():
    net = Net()
    assert names(net.named_parameters()) == ["first.scale", "first.linear.weight", "first.linear.bias", "last.weight"]
    assert names(net.named_buffers()) == ["first.mean", "first.scratch"]
    assert names(net.named_modules()) == ["", "first", "first.linear", "last"]
    assert names(net.named_children()) == ["first", "last"]
    assert names(net.named_parameters(recurse=False)) == []
    assert names(net.first.named_parameters("block", recurse=False)) == ["block.scale"]
    assert names(net.first.named_buffers(recurse=False)) == ["mean", "scratch"]
    assert [type(module) for module in net.modules()] == [Net, Block, nn.Linear, nn.Linear]
    assert list(net.children()) == [net.first, net.last]
    assert sum(1 for _ in net.parameters()) == 4
    assert sum(1 for _ in net.buffers()) == 2


def test_what_stands_in_two_places_comes_once_unless_asked_for():
    net = Net()
    net.again = net.first.linear
    net.tied = net.last.weight
    assert names(net.named_modules()) == ["", "first", "first.linear", "last"]
    assert names(net.named_modules(remove_duplicate=False))[-1] == "again"
    assert len(list(net.parameters())) == 4
    assert len(list(net.named_parameters(remove_duplicate=False))) == 7


def test_assignment_moves_a_name_between_tables():
    net = nn.Module()
    net.x = 3
    net.x = nn.Parameter(tensor.ones(1))
    assert names(net.named_parameters()) == ["x"]
    net.x = nn.Linear(1, 1)
    assert names(net.named_parameters()) == ["x.weight", "x.bias"]
    assert names(net.named_children()) == ["x"]
    del net.x
    assert names(net.named_children()) == []
    assert not hasattr(net, "x")


def test_reassignment_keeps_a_names_place():
    net = nn.Module()
    net.a, net.b = nn.Parameter(tensor.ones(1)), nn.Parameter(tensor.ones(1))
    net.a = nn.Parameter(tensor.zeros(2))
    assert names(net.named_parameters()) == ["a", "b"]


def test_none_keeps_a_name_registered():
    linear = nn.Linear(2, 2)
    linear.bias = None
    assert names(linear.named_parameters()) == ["weight"]
    linear.bias = nn.Parameter(tensor.zeros(2))
    assert names(linear.named_parameters()) == ["weight", "bias"]


def test_a_buffer_takes_another_tensor():
    block = Block()
    block.mean = tensor.ones(2)
    assert block.state_dict()["mean"].sum().item() == 2
    block.scratch = tensor.ones(1)
    assert "scratch" not in block.state_dict()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("scale", tensor.ones(2), r"cannot assign 'Tensor' as 'scale' \(nn\.Parameter or None expected\)"),
        ("linear", 3, r"cannot assign 'int' as 'linear' \(nn\.Module or None expected\)"),
        ("mean", [1.0], r"cannot assign 'list' as 'mean' \(Tensor or None expected\)"),
    ],
)
def test_a_registered_name_takes_only_its_own_kind(name, value, message):
    with pytest.raises(TypeError, match=message):
        setattr(Block(), name, value)


@pytest.mark.parametrize(
    ("register", "error", "message"),
    [
        (lambda m: m.register_parameter("a.b", None), KeyError, r"neither empty nor contain"),
        (lambda m: m.register_buffer("", None), KeyError, r"neither empty nor contain"),
        (lambda m: m.add_module(3, None), TypeError, "a name should be a string, got int"),
        (lambda m: m.register_parameter("forward", None), KeyError, "attribute 'forward' already exists"),
        (lambda m: m.register_buffer("scale", None), KeyError, "attribute 'scale' already exists"),
        (lambda m: m.register_parameter("p", tensor.ones(1)), TypeError, "nn.Parameter or None required"),
        (lambda m: m.register_buffer("b", np.ones(1)), TypeError, "Tensor or None required"),
        (lambda m: m.add_module("c", nn.Linear), TypeError, "is not a Module subclass"),
    ],
)
def test_what_cannot_be_registered_is_refused(register, error, message):
    with pytest.raises(error, match=message):
        register(Block())


@pytest.mark.parametrize("value", [nn.Parameter(tensor.ones(1)), nn.ReLU()])
def test_assignment_before_init_says_what_is_missing(value):
    class Hasty(nn.Module):
        def __init__(self):
            self.x = value
            super().__init__()

    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
        Hasty()


def test_an_unknown_attribute_says_so():
    with pytest.raises(AttributeError, match=r"'Block' object has no attribute 'missing'$"):
        Block().missing

    class Bare(nn.Module):
        def __init__(self):
            pass

    with pytest.raises(AttributeError, match=r"has not called super\(\)\.__init__\(\)"):
        Bare().weight


def test_members_are_listed_by_dir():
    assert {"scale", "mean", "linear"} <= set(dir(Block()))


def test_members_are_found_by_dotted_names():
    net = Net()
    assert net.get_submodule("first.linear") is net.first.linear
    assert net.get_submodule("") is net
    assert net.get_parameter("first.scale") is net.first.scale
    assert net.get_buffer("first.mean") is net.first.mean
    for get, name in (
        (net.get_submodule, "first.scale"),
        (net.get_submodule, "first.none"),
        (net.get_parameter, "first.mean"),
        (net.get_buffer, "first.scale"),
    ):
        with pytest.raises(AttributeError):
            get(name)


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_train_and_eval_reach_all_modules():
    net = Net()
    assert net.training
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.train()
    assert all(module.training for module in net.modules())
    with pytest.raises(ValueError, match="boolean"):
        net.train("yes")


def test_apply_visits_inner_modules_first():
    seen = []
    net = Net()
    assert net.apply(seen.append) is net
    assert seen == [net.first.linear, net.first, net.last, net]


def test_requires_grad_freezes_and_thaws():
    net = Net().requires_grad_(False)
    assert not any(parameter.requires_grad for parameter in net.parameters())
    assert all(parameter.requires_grad for parameter in net.requires_grad_().parameters())


def test_zero_grad_drops_or_zeroes_gradients():
    net = Net()
    net(tensor.ones(1, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all((parameter.grad == 0).all().item() for parameter in net.parameters())
    net.zero_grad()
    assert all(parameter.grad is None for parameter in net.parameters())


def test_conversion_keeps_parameters_the_same_objects():
    net = Net()
    net.register_buffer("count", tensor.tensor(3))
    net(tensor.ones(1, 2)).sum().backward()
    before = list(net.parameters())
    assert net.double() is net
    assert all(now is then for now, then in zip(net.parameters(), before, strict=True))
    assert {parameter.dtype for parameter in net.parameters()} == {tensor.float64}
    assert {parameter.grad.dtype for parameter in net.parameters() if parameter.grad is not None} == {tensor.float64}
    assert net.first.mean.dtype == tensor.float64
    assert net.count.dtype == tensor.int64
    assert net.float().last.weight.dtype == tensor.float32
    assert net.half().last.weight.dtype == tensor.float16
    assert net.to(tensor.float64).last.weight.dtype == tensor.float64
    assert net.to(tensor.ones(1)).last.weight.dtype == tensor.float32
    assert net.to("cpu").cpu().last.weight.dtype == tensor.float32
    net(tensor.ones(1, 2)).sum().backward()


def test_conversion_inside_inference_mode():
    with tensor.inference_mode():
        net = Net()
        net.tied = net.last.weight
        net.double()
        assert net(tensor.ones(1, 2, dtype=tensor.float64)).dtype == tensor.float64
    assert all(parameter.is_inference() for parameter in net.parameters())
    assert net.tied is net.last.weight


def test_conversion_to_integers_or_another_device_is_refused():
    with pytest.raises(TypeError, match="floating point"):
        Net().to(tensor.int64)
    with pytest.raises(RuntimeError):
        Net().to("cuda")


# --- Calls and hooks --------------------------------------------------------------------------------------------------


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r"Module \[Module\] is missing the required"):
        nn.Module()(1)


class Double(nn.Module):
    def forward(self, x, by=2):
        return x * by


def test_hooks_see_and_replace_arguments_and_outputs():
    module, seen = Double(), []
    module.register_forward_pre_hook(lambda m, args: seen.append(("pre", m, args)))
    module.register_forward_pre_hook(lambda m, args: args[0] + 1)
    module.register_forward_hook(lambda m, args, out: seen.append(("post", m, args, out)))
    module.register_forward_hook(lambda m, args, out: out * 10)
    assert module(3) == 80
    assert seen == [("pre", module, (3,)), ("post", module, (4,), 8)]


def test_hooks_may_see_keywords():
    module = Double()
    module.register_forward_pre_hook(lambda m, args, kwargs: (args, {"by": kwargs["by"] + 1}), with_kwargs=True)
    module.register_forward_hook(lambda m, args, kwargs, out: (out, kwargs), with_kwargs=True)
    assert module(3, by=3) == (12, {"by": 4})


def test_hooks_run_in_order_and_can_be_put_first_and_removed():
    module, seen = Double(), []
    last = module.register_forward_hook(lambda *_: seen.append("last"))
    module.register_forward_hook(lambda *_: seen.append("first"), prepend=True)
    with module.register_forward_hook(lambda *_: seen.append("brief")):
        module(1)
    last.remove()
    last.remove()
    module(1)
    assert seen == ["first", "last", "brief", "first"]


# --- Copies and text --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_apart_and_equal(copied):
    net = Net().eval()
    net.tied = net.last.weight
    twin = copied(net)
    assert twin.tied is twin.last.weight
    assert not twin.training
    x = tensor.ones(3, 2)
    np.testing.assert_array_equal(twin(x).detach().numpy(), net(x).detach().numpy())
    with tensor.no_grad():
        twin.last.weight.fill_(0)
    assert (net.last.weight != 0).any().item()


def test_the_text_is_pytorchs():
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Dropout(0.1)), nn.ModuleList(), nn.GELU())
    assert repr(net) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Dropout(p=0.1, inplace=False)\n"
        "  )\n"
        "  (2): ModuleList()\n"
        "  (3): GELU(approximate='none')\n"
        ")"
    )
    assert repr(nn.ReLU()) == "ReLU()"


def test_extra_text_stands_before_the_children():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.ReLU()

        def extra_repr(self):
            return "scale=2"

    assert repr(Scaled()) == "Scaled(\n  scale=2\n  (inner): ReLU()\n)"
