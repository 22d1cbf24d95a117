"""Classes that save, load or convert their own part differently, beside torch: each in the words of a model file."""

from __future__ import annotations

import copy

import pytest

from tests.oracle.modules.test_module import both

pytestmark = pytest.mark.oracle


def test_a_class_that_loads_by_itself():
    def program(torch, nn):
        class Doubles(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.zeros(2))

            def _load_from_state_dict(self, state_dict, prefix, *rest):
                self.weight.data.copy_(state_dict[prefix + "weight"] * 2)

        net = nn.Sequential(Doubles(), nn.Linear(1, 1))
        state = net.state_dict()
        state["0.weight"] = torch.ones(2)
        net.load_state_dict(state)
        return net[0].weight

    both(program)


def test_a_class_that_looks_at_what_it_loaded():
    def program(torch, nn):
        class Packs(nn.Linear):
            packed = None

            def _load_from_state_dict(self, state_dict, prefix, *rest):
                super()._load_from_state_dict(state_dict, prefix, *rest)
                self.packed = self.weight.detach() * 10

        net = nn.Sequential(Packs(1, 1))
        net.load_state_dict({"0.weight": torch.full((1, 1), 3.0), "0.bias": torch.zeros(1)})
        return net[0].packed

    both(program)


@pytest.mark.parametrize("strict", [True, False])
def test_a_class_that_forgives(strict):
    def program(torch, nn):
        class Forgives(nn.Linear):
            def _load_from_state_dict(self, state_dict, prefix, meta, strict, missing, unexpected, errors):
                super()._load_from_state_dict(state_dict, prefix, meta, strict, missing, unexpected, errors)
                if prefix + "bias" in missing:
                    missing.remove(prefix + "bias")
                if prefix + "old" in unexpected:
                    unexpected.remove(prefix + "old")

        net = nn.Sequential(nn.Sequential(Forgives(1, 1)))
        keys = net.load_state_dict({"0.0.weight": torch.ones(1, 1), "0.0.old": torch.ones(1)}, strict=strict)
        return list(keys), net[0][0].weight

    both(program)


def test_a_class_that_renames_below_itself():
    def program(torch, nn):
        class Renames(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = nn.Linear(1, 1, bias=False)

            def _load_from_state_dict(self, state_dict, prefix, *rest):
                for name in [name for name in state_dict if name.startswith(prefix + "outer.")]:
                    state_dict[name.replace("outer", "inner")] = state_dict.pop(name)
                super()._load_from_state_dict(state_dict, prefix, *rest)

        net = nn.Sequential(Renames())
        return list(net.load_state_dict({"0.outer.weight": torch.full((1, 1), 5.0)})), net[0].inner.weight

    both(program)


def test_classes_that_save_differently():
    def program(torch, nn):
        class Adds(nn.Linear):
            def _save_to_state_dict(self, destination, prefix, keep_vars):
                super()._save_to_state_dict(destination, prefix, keep_vars)
                destination[prefix + "more"] = torch.ones(1)

        class Wraps(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = nn.Linear(1, 1)

            def state_dict(self, *args, **kwargs):
                return self.inner.state_dict(*args, **kwargs)

        class Nothing(nn.Linear):
            def state_dict(self, destination=None, prefix="", keep_vars=False):
                return destination if destination is not None else {}

        net = nn.Sequential(Adds(1, 1), Wraps(), Nothing(1, 1))
        net._register_state_dict_hook(lambda module, state, prefix, meta: {f"net.{k}": v for k, v in state.items()})
        return list(net.state_dict()), list(net[1].state_dict()), list(net[0].state_dict(prefix="a."))

    both(program)


def test_a_class_that_converts_more():
    def program(torch, nn):
        class Has(nn.Linear):
            def __init__(self):
                super().__init__(1, 1)
                self.table = torch.ones(2)

            def _apply(self, fn, recurse=True):
                super()._apply(fn)
                self.table = fn(self.table)
                return self

        net = nn.Sequential(nn.Sequential(Has()))
        net.tied = net[0][0]
        net.double()
        return str(net[0][0].table.dtype), str(net[0][0].weight.dtype), net.tied.weight is net[0][0].weight

    both(program)


def test_what_is_no_state():
    def program(torch, nn):
        with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got <class 'list'>"):
            nn.Linear(1, 1).load_state_dict([1])

    both(program)


def test_copies_of_modules_have_no_gradients():
    def program(torch, nn):
        net = nn.Linear(2, 2)
        net(torch.ones(1, 2)).sum().backward()
        twin = copy.deepcopy(net)
        before = twin.bias.grad
        twin(torch.ones(1, 2)).sum().backward()
        return before, twin.bias.grad, net.bias.grad

    both(program)
