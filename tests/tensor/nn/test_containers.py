"""Containers: order, names, slices."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import tensor
from tensor import nn


def layers(count: int) -> list[nn.Module]:
    return [nn.Linear(1, 1, bias=False) for _ in range(count)]


def names(module: nn.Module) -> list[str]:
    return [name for name, _ in module.named_children()]


def test_sequential_feeds_modules_in_order():
    double, add = nn.Identity(), nn.Identity()
    double.register_forward_hook(lambda m, args, out: out * 2)
    add.register_forward_hook(lambda m, args, out: out + 1)
    assert nn.Sequential(double, add)(tensor.tensor(3)).item() == 7
    assert nn.Sequential(add, double)(tensor.tensor(3)).item() == 8
    assert nn.Sequential()(tensor.tensor(3)).item() == 3


def test_sequential_takes_names():
    net = nn.Sequential(OrderedDict(first=nn.ReLU(), second=nn.Tanh()))
    assert names(net) == ["first", "second"]
    assert net.second is net[1]
    assert names(net[1:]) == ["second"]


def test_sequential_is_a_sequence():
    a, b, c = layers(3)
    net = nn.Sequential(a, b).append(c)
    assert len(net) == 3
    assert list(net) == [a, b, c]
    assert net[-1] is c
    assert isinstance(net[:2], nn.Sequential)
    assert list(net[:2]) == [a, b]
    net[0] = c
    assert net[0] is c
    assert list(net.state_dict()) == ["0.weight", "1.weight", "2.weight"]
    with pytest.raises(IndexError):
        net[3]


def test_module_list_is_a_list_that_registers():
    a, b, c, d = layers(4)
    modules = nn.ModuleList([a, b])
    modules.append(c).extend([d])
    assert list(modules) == [a, b, c, d]
    assert len(modules) == 4
    assert len(list(modules.parameters())) == 4
    assert a in modules
    del modules[1]
    assert list(modules) == [a, c, d]
    modules.insert(1, b)
    assert list(modules) == [a, b, c, d]
    assert names(modules) == ["0", "1", "2", "3"]
    assert isinstance(modules[1:3], nn.ModuleList)
    assert list(modules[1:3]) == [b, c]
    modules[-1] = a
    assert modules[3] is a
    assert b not in modules[2:]
    with pytest.raises(TypeError, match="not a Module subclass"):
        modules.append(3)


def test_module_list_cannot_be_called():
    with pytest.raises(NotImplementedError):
        nn.ModuleList()(1)


def test_module_dict_is_a_dict_that_registers():
    a, b, c = layers(3)
    modules = nn.ModuleDict({"a": a})
    modules["b"] = b
    modules.update([("c", c)])
    assert list(modules) == list(modules.keys()) == ["a", "b", "c"]
    assert list(modules.values()) == [a, b, c]
    assert list(modules.items()) == [("a", a), ("b", b), ("c", c)]
    assert "b" in modules
    assert len(modules) == 3
    assert len(list(modules.parameters())) == 3
    assert modules.pop("b") is b
    del modules["a"]
    assert list(modules) == ["c"]
    assert modules["c"] is c
    with pytest.raises(KeyError):
        modules["a"]
