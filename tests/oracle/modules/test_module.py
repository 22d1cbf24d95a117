"""Modules themselves beside torch's: containers, texts, hooks and states, in the words of a model file."""

from __future__ import annotations

import warnings
from collections import OrderedDict

import pytest

import tensor
from tests.oracle.twins import check, flat, floats

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

LIBRARIES = [(torch, torch.nn), (tensor, tensor.nn)]


def both(program):
    """What a program of `(torch, nn)` tells, by each library; with numbers in lists."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, actual = (program(*library) for library in LIBRARIES)
    assert _plain(actual) == _plain(expected)
    return actual


def _plain(value):
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "detach"):
        return value.detach().tolist()
    return value.replace("torch.", "").replace("tensor.", "") if isinstance(value, str) else value


def blocks(nn, count):
    return [nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(count)]


CONTAINERS = {
    "ordered": lambda torch, nn: nn.Sequential(OrderedDict(a=nn.Linear(2, 3), b=nn.Tanh(), c=nn.Linear(3, 2))),
    "sum": lambda torch, nn: nn.Sequential(nn.Linear(2, 3), nn.Tanh()) + nn.Sequential(nn.Linear(3, 1)),
    "times": lambda torch, nn: nn.Sequential(nn.Linear(2, 2), nn.Tanh()) * 3,
    "inserted": lambda torch, nn: nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2)).insert(1, nn.Tanh()),
    "extended": lambda torch, nn: nn.Sequential(nn.Linear(2, 2)).extend(blocks(nn, 2)),
    "sliced": lambda torch, nn: nn.Sequential(*blocks(nn, 3))[1:],
    "nested": lambda torch, nn: nn.Sequential(*blocks(nn, 2), nn.Identity()),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_sequences_of_modules(name):
    check(CONTAINERS[name], floats(3, 2))


def test_what_is_taken_out_of_a_sequence():
    def program(torch, nn):
        made = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 2), nn.Tanh())
        popped = repr(made.pop(1))
        del made[-1]
        made += nn.Sequential(nn.Sigmoid())
        return popped, repr(made), list(made.state_dict()), len(made)

    both(program)


def test_lists_and_dicts_of_modules():
    def program(torch, nn):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.ModuleList([*blocks(nn, 3), nn.Linear(2, 2), nn.Linear(2, 2)])
                self.heads = nn.ModuleDict({"a": nn.Linear(2, 1), "b": nn.ModuleList()})
                self.heads.update([("c", nn.Tanh())])

        net = Net()
        told = [repr(net), list(net.state_dict()), [name for name, _ in net.named_modules()]]
        net.blocks += [nn.ReLU()]
        net.blocks.insert(0, nn.Sigmoid())
        del net.blocks[1:3]
        told += [
            repr(net.blocks),
            repr(net.blocks.__add__([nn.Tanh()])),
            repr(net.blocks.pop(-1)),
            repr(net.blocks[-2:]),
        ]
        told += [repr(net.heads.pop("a")), list(net.heads), "c" in net.heads, len(net.heads)]
        net.heads.clear()
        return [*told, repr(net)]

    both(program)


def test_lists_and_dicts_of_parameters():
    def program(torch, nn):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.list = nn.ParameterList([nn.Parameter(torch.ones(2, 3)), torch.zeros(1)])
                self.dict = nn.ParameterDict({"a": nn.Parameter(torch.ones(2)), "b": torch.zeros(3, 1)})

        net = Net()
        net.list.append(nn.Parameter(torch.full((2,), 5.0)))
        net.list[1] = nn.Parameter(torch.full((1,), 2.0))
        net.list += [torch.ones(1)]
        net.dict["c"] = nn.Parameter(torch.ones(1))
        told = [repr(net.list), dict(net.state_dict()), len(net.list), len(net.dict), list(net.dict.keys())]
        told += [list(net.list), list(net.list[1:]), net.dict.pop("a"), "a" in net.dict, net.dict.get("z", 3)]
        return [*told, [name for name, _ in net.named_parameters()], sum(p.sum() for p in net.dict.values())]

    both(program)


def test_train_and_eval_call_what_children_override():
    def program(torch, nn):
        class Frozen(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = nn.Dropout()

            def train(self, mode=True):
                super().train(False)
                return self

        net = nn.Sequential(Frozen(), nn.Dropout()).train()
        return [module.training for module in net.modules()]

    assert both(program) == [True, False, False, True]


@pytest.mark.parametrize("grad_input", [True, False])
def test_backward_hooks_see_gradients(grad_input):
    def program(torch, nn):
        told = []
        net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.copy_(torch.arange(float(parameter.numel())).reshape(parameter.shape) / 4)
        for module in net:
            module.register_full_backward_hook(lambda m, i, o: told.append([type(m).__name__, list(i), list(o)]))
        net[1].register_full_backward_pre_hook(lambda m, o: (o[0] * 2,))
        net[2].register_full_backward_hook(lambda m, i, o: (i[0] * 3,), prepend=True)
        x = torch.tensor([[1.0, -2.0]], requires_grad=grad_input)
        net(x).sum().backward()
        rounded = [
            [name, *([None if g is None else torch.round(g * 1e4) for g in gs] for gs in rest)] for name, *rest in told
        ]
        return rounded, torch.round(net[0].weight.grad * 1e4), None if x.grad is None else torch.round(x.grad * 1e4)

    both(program)


def test_backward_hooks_of_modules_with_many_arguments():
    def program(torch, nn):
        class Two(nn.Module):
            def forward(self, a, b, scale, flag=None):
                return a * scale, (a * b).sum()

        told = []
        net = Two()
        handle = net.register_full_backward_hook(lambda m, i, o: told.append([list(i), list(o)]))
        a, b = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 4.0])
        first, second = net(a, b, 3.0, flag=True)
        (first.sum() + second).backward()
        net(a, b, 2.0)[0].sum().backward()
        handle.remove()
        net(a, b, 2.0)[0].sum().backward()
        return told, a.grad

    both(program)


def test_a_hook_that_is_always_called():
    def program(torch, nn):
        class Fails(nn.Module):
            def forward(self, x):
                raise ValueError("no")

        told = []
        net = Fails()
        net.register_forward_hook(lambda m, i, o: told.append("plain"))
        net.register_forward_hook(lambda m, i, o: told.append(["always", o]), always_call=True)
        with pytest.raises(ValueError, match="no"):
            net(1)
        return told

    both(program)


def test_hooks_of_states():
    def program(torch, nn):
        told = []

        class Renames(nn.Linear):
            def _load_from_state_dict(self, state_dict, prefix, *args):
                if prefix + "kernel" in state_dict:
                    state_dict[prefix + "weight"] = state_dict.pop(prefix + "kernel")
                super()._load_from_state_dict(state_dict, prefix, *args)

        net = nn.Sequential(Renames(1, 1), nn.Linear(1, 1))
        net[1]._register_load_state_dict_pre_hook(
            lambda state, prefix, *rest: told.append(["before", prefix, len(rest)])
        )
        net.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
        net[0].register_state_dict_pre_hook(lambda module, prefix, keep_vars: told.append([prefix, keep_vars]))
        net[1]._register_state_dict_hook(lambda module, state, prefix, meta: state.pop(prefix + "bias"))
        state = net.state_dict()
        told.append(list(state))
        given = {"0.kernel": torch.ones(1, 1), "0.bias": torch.ones(1), "1.weight": torch.ones(1, 1)}
        told.append(str(net.load_state_dict(given)))
        return told, net[0].weight, list(given)

    both(program)


def test_extra_state():
    def program(torch, nn):
        class Counts(nn.Linear):
            count = 0

            def get_extra_state(self):
                return {"count": self.count}

            def set_extra_state(self, state):
                self.count = state["count"]

        net, other = nn.Sequential(Counts(1, 1)), nn.Sequential(Counts(1, 1))
        net[0].count = 7
        state = net.state_dict()
        other.load_state_dict(state)
        del state["0._extra_state"]
        return list(net.state_dict()), other[0].count, list(other.load_state_dict(state, strict=False).missing_keys)

    both(program)


def test_submodules_are_replaced_by_name():
    def program(torch, nn):
        net = nn.Sequential(nn.Sequential(nn.Linear(1, 1)), nn.ReLU())
        net.set_submodule("0.0", nn.Tanh())
        net._modules.pop("1")
        return repr(net), net._get_name()

    both(program)


def test_conversions():
    def program(torch, nn):
        net = nn.Linear(2, 1)
        net.register_buffer("count", torch.tensor(3))
        names = [
            str(net.bfloat16().weight.dtype),
            str(net.type(torch.float64).weight.dtype),
            str(net.half().bias.dtype),
        ]
        return names, str(net.count.dtype), str(net.to(torch.zeros(1, dtype=torch.float64)).weight.dtype)

    both(program)


def test_a_state_goes_into_a_given_dict():
    def program(torch, nn):
        found = {"kept": 1}
        returned = nn.Sequential(nn.Linear(1, 1)).state_dict(destination=found, prefix="net.")
        return list(found), returned is found

    both(program)


def test_nested_results_are_flattened():
    assert len(flat({"a": [torch.ones(1), (None, torch.ones(2))], "b": 3})) == 3


def test_buffers_by_assignment():
    def program(torch, nn):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.kept = nn.Buffer(torch.ones(2))
                self.dropped = nn.Buffer(torch.zeros(1), persistent=False)

        net = Net()
        net.kept = torch.full((2,), 3.0)
        return dict(net.state_dict()), [name for name, _ in net.named_buffers()]

    both(program)


def test_hooks_are_found_in_their_tables():
    def program(torch, nn):
        def hook(module, args, kwargs):
            return None

        net = nn.Linear(1, 1)
        handle = net.register_forward_pre_hook(hook, with_kwargs=True)
        there = hook in net._forward_pre_hooks.values()
        handle.remove()
        return there, len(net._forward_pre_hooks)

    both(program)


def test_data_parallel_without_a_gpu():
    check(lambda torch, nn: nn.DataParallel(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), device_ids=[0]), floats(4, 2))


def test_keys_that_did_not_match_are_told():
    both(lambda torch, nn: list(nn.Linear(1, 1).load_state_dict({"weight": torch.ones(1, 1)}, strict=False)))
