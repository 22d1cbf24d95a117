"""Attempts by writing: into unmarked tensors, their data and gradients, in every mode and through every view."""

import contextlib
import copy

import numpy as np
import pytest

import tensor as T
from tensor import nn
from tensor.bases import storage_of
from tests.samples import SAMPLES, Declared, Draw
from tests.tensor.contract.laundering.attempts import assert_cannot_train, assert_still_marked, refused

MODES = {"grad": contextlib.nullcontext, "no_grad": T.no_grad, "inference": T.inference_mode}
in_every_mode = pytest.mark.parametrize("mode", MODES.values(), ids=MODES)

WRITES = {
    "add_": lambda u, m: u.add_(m),
    "add_ with a marked alpha": lambda u, m: u.add_(T.ones(4), alpha=m[1]),
    "iadd": lambda u, m: u.__iadd__(m),
    "copy_": lambda u, m: u.copy_(m),
    "lerp_, as averaging does": lambda u, m: u.lerp_(m, 0.5),
    "lerp_ with a marked weight": lambda u, m: u.lerp_(T.ones(4), m[1]),
    "addcmul_": lambda u, m: u.addcmul_(T.ones(4), m),
    "fill_": lambda u, m: u.fill_(m[1]),
    "clamp_ between marked bounds": lambda u, m: u.clamp_(min=m),
    "setitem": lambda u, m: u.__setitem__(slice(None), m),
    "setitem of its array": lambda u, m: u.__setitem__(slice(None), m.numpy()),
    "setitem of a view of its array": lambda u, m: u.__setitem__(0, m.numpy()[1:2].reshape(())),
    "setitem where it says": lambda u, m: u.__setitem__(m > 2, 1.0),
    "setitem at marked indices": lambda u, m: u.__setitem__((m - 1).long(), 1.0),
    "setitem at a list of marked indices": lambda u, m: u.__setitem__([m[0].long()], 1.0),
    "masked_fill_ with a marked mask": lambda u, m: u.masked_fill_(m > 2, 1.0),
    "masked_fill_ with a marked value": lambda u, m: u.masked_fill_(T.ones(4).bool(), m[1]),
    "masked_scatter_": lambda u, m: u.masked_scatter_(T.ones(4).bool(), m),
    "index_put_": lambda u, m: u.index_put_((T.tensor([0]),), m[:1]),
    "index_copy_": lambda u, m: u.index_copy_(0, T.arange(4), m),
    "index_fill_ at marked indices": lambda u, m: u.index_fill_(0, (m - 1).long(), 1.0),
    "index_add_": lambda u, m: u.index_add_(0, T.arange(4), m),
    "scatter_": lambda u, m: u.scatter_(0, T.arange(4), m),
    "put_": lambda u, m: u.put_(T.arange(4), m),
    "normal_ around it": lambda u, m: u.normal_(m[1], 0.1),
    "uniform_ up to it": lambda u, m: u.uniform_(0.0, m[1]),
    "bernoulli_ with its probabilities": lambda u, m: u.bernoulli_(m / 4),
    "comparison": lambda u, m: u.lt_(m),
    "init": lambda u, m: nn.init.constant_(u, m[1]),
}


@in_every_mode
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_write_it_into_an_unmarked_tensor(marked, write, mode):
    target = T.zeros(4)
    with mode(), refused(target):
        write(target, marked)


ALIASES = {
    "slice": lambda u: u[:],
    "view": lambda u: u.view(2, 2).view(4),
    "view of a view": lambda u: u.reshape(2, 2).T.T.flatten(),
    "detach": lambda u: u.detach(),
    "data": lambda u: u.data,
    "contiguous": lambda u: u.contiguous(),
    "to": lambda u: u.to(T.float32),
    "copy": copy.copy,
    "expand": lambda u: u.expand(4),
    "as_strided": lambda u: u.as_strided((4,), (1,)),
    "unfold": lambda u: u.unfold(0, 4, 1)[0],
    "unbind": lambda u: u[None].unbind()[0],
    "iteration": lambda u: next(iter(u[None])),
    "chunk": lambda u: u.chunk(1)[0],
    "array": lambda u: T.from_numpy(u.numpy()),
    "parameter": lambda u: nn.Parameter(u),
    "parameter's data": lambda u: nn.Parameter(u).data,
    "dropout of nothing": lambda u: nn.functional.dropout(u, 0.0),
    "identity": lambda u: nn.Identity()(u),
    "meshgrid": lambda u: T.meshgrid(u, indexing="ij")[0],
    "data of another": lambda u: _with_data(T.ones(4), u),
}


def _with_data(tensor, data):
    tensor.data = data
    return tensor


@in_every_mode
@pytest.mark.parametrize("alias", ALIASES.values(), ids=ALIASES)
def test_write_it_through_what_shares_an_unmarked_tensors_memory(marked, alias, mode):
    target = T.zeros(4)
    with mode(), refused(target):
        alias(target).copy_(marked)


@pytest.mark.parametrize("alias", ALIASES.values(), ids=ALIASES)
def test_take_the_view_inside_and_write_outside(marked, alias):
    target = T.zeros(4)
    with T.inference_mode():
        view = alias(target)
    for mode in (contextlib.nullcontext, T.no_grad):
        with mode(), refused(target):
            view.copy_(marked)
        if view is not target:  # what needs no change is returned as it is
            with mode(), refused(target):
                view.add_(1)


@pytest.mark.parametrize("alias", ALIASES.values(), ids=ALIASES)
def test_take_the_view_outside_and_write_inside(marked, alias):
    target = T.zeros(4)
    with T.no_grad():
        view = alias(target)
    with T.inference_mode(), refused(target):
        view.copy_(marked)


@pytest.mark.parametrize("declared", SAMPLES, ids=str)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_find_an_operation_that_returns_its_operands_memory_as_if_it_were_new(declared: Declared):
    """Inside, what is taken for new memory may be written with marked data."""
    for seed in range(2):
        try:
            sample = declared.make(Draw.seeded(seed, "float32", max_side=3))
            operands = [T.tensor(each) for each in sample.arrays]
            with T.inference_mode():
                results = sample.fn(T, *operands)
        except (T.TensorError, ValueError):
            continue  # it shows an error
        for result in results if isinstance(results, tuple | list) else [results]:
            for operand in operands:
                if isinstance(result, T.Tensor) and np.shares_memory(result._data, operand._data):
                    assert result is operand or storage_of(result) is storage_of(operand)


@in_every_mode
def test_make_it_the_data_of_an_unmarked_tensor(marked, mode):
    target, parameter = T.zeros(4), nn.Parameter(T.zeros(4))
    for each in (target, parameter, parameter.data, target[:2]):
        with mode(), refused(target, parameter):
            each.data = marked[: len(each)]


def test_write_into_the_data_of_a_parameter(marked):
    parameter = nn.Parameter(T.zeros(4))
    for write in (lambda: parameter.data.copy_(marked), lambda: parameter.data.__setitem__(0, marked[1])):
        with refused(parameter):
            write()


def test_take_its_data_or_detach_it(marked):
    assert_cannot_train(marked.data, marked.detach(), marked.data.detach()[1:].data)
    assert_still_marked(marked.detach_(), marked.requires_grad_(False))


def test_give_it_the_data_of_an_unmarked_tensor_and_write_there(marked):
    target = T.zeros(4)
    with T.inference_mode():
        other = T.ones(4)
        other.data = target
        with refused(target):
            other.copy_(marked)


@in_every_mode
def test_make_it_a_gradient(marked, weight, mode):
    with mode(), refused(weight):
        weight.grad = marked


def test_write_it_into_a_gradient(marked, weight):
    (weight * 1).sum().backward()
    for write in (
        lambda: weight.grad.copy_(marked),
        lambda: weight.grad.mul_(marked[1]),
        lambda: weight.grad.data.__setitem__(0, marked[1]),
        lambda: setattr(weight.grad, "data", marked),
    ):
        for mode in MODES.values():
            with mode(), refused(weight):
                write()


def test_initialise_a_gradient_with_it(marked, weight):
    (weight * 1).sum().backward()
    with pytest.raises(T.UnsupportedError):
        weight.grad.__init__(marked)
    assert weight.grad.tolist() == [1] * 4


def test_let_a_function_write_its_result_into_an_unmarked_tensor(marked):
    target = T.zeros(4)
    for write in (
        lambda: T.add(marked, marked, out=target),
        lambda: T.where(marked > 0, marked, target, out=target),
        lambda: T.exp(marked, out=target),
        lambda: T.maximum(target, marked, out=target),
        lambda: T.cat([marked], out=target),
        lambda: T.clamp(marked, 0, out=target),
        lambda: T.sum(T.stack([marked, marked]), 0, out=target),
        lambda: T.max(T.stack([marked, marked]), 0, out=(target, T.zeros(4, dtype=T.int64))),
    ):
        for mode in (contextlib.nullcontext, T.no_grad, T.inference_mode):
            with mode(), refused(target):
                write()
    assert target.tolist() == [0] * 4


def test_fill_a_leaf_inside_that_is_trained_later(marked):
    leaf = T.zeros(4)
    with T.inference_mode(), refused(leaf):
        leaf[:] = marked
    leaf.requires_grad_()
    with T.inference_mode(), refused(leaf):
        leaf.add_(marked)


def test_write_unmarked_data_into_it_outside(marked):
    for mode in (contextlib.nullcontext, T.no_grad):
        with mode(), refused():
            marked.copy_(T.zeros(4))
        with mode(), refused():
            marked[:2].zero_()


def test_add_it_to_a_parameter_that_is_unrecorded(marked):
    parameter = nn.Parameter(T.zeros(4))
    with T.no_grad(), refused(parameter):
        parameter += marked
    with T.no_grad():
        assert_cannot_train(parameter + marked)
