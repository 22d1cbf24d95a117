"""Initial values of a model built inside inference mode are computed when they are first read, or never."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest

import tensor
from tensor import nn
from tensor.nn.deferred import DeferredParameter, amend, array_of


def waits(parameter: nn.Parameter) -> bool:
    return type(parameter) is DeferredParameter


def build(*shape: int) -> nn.Parameter:
    parameter = nn.Parameter(tensor.empty(*shape))
    nn.init.ones_(parameter)
    return parameter


def test_inside_initial_values_wait_until_they_are_read():
    with tensor.inference_mode():
        parameter = build(3)
        assert waits(parameter)
        assert isinstance(parameter, nn.Parameter)
        assert parameter.is_inference()
        assert parameter.sum().item() == 3
    assert type(parameter) is nn.Parameter


def test_outside_nothing_waits():
    assert type(build(3)) is nn.Parameter


@pytest.mark.parametrize(
    "read",
    [
        lambda p: p + 0,
        lambda p: tensor.stack([p, p]),
        lambda p: p.numpy(),
        lambda p: p[0],
        lambda p: p.tolist(),
        lambda p: repr(p),
        lambda p: p.detach(),
        lambda p: p.data,
        lambda p: np.asarray(p),
        lambda p: np.from_dlpack(p),
        lambda p: nn.Parameter(p),
        lambda p: p.fill_(1.0),
    ],
)
def test_every_way_of_reading_finds_the_values(read):
    with tensor.inference_mode():
        parameter = build(4)
        assert waits(parameter)
        read(parameter)
        assert array_of(parameter).tolist() == [1, 1, 1, 1]


def test_shape_and_dtype_can_be_asked_for_without_values():
    with tensor.inference_mode():
        parameter = build(4, 3)
        assert (tuple(parameter.shape), parameter.dim(), parameter.ndim, len(parameter)) == ((4, 3), 2, 2, 4)
        assert (parameter.numel(), parameter.nelement(), parameter.nbytes, parameter.element_size()) == (12, 12, 48, 4)
        assert (parameter.size(0), parameter.stride(), parameter.is_contiguous()) == (4, (3, 1), True)
        assert parameter.dtype is tensor.float32
        assert parameter.is_floating_point()
        assert parameter.is_inference()
        assert not parameter.requires_grad
        assert waits(parameter)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_have_the_values(copied):
    with tensor.inference_mode():
        parameter = build(4)
        twin = copied(parameter)
    assert twin.is_inference()
    assert twin.tolist() == [1, 1, 1, 1]
    assert type(twin) is nn.Parameter


def test_deep_copies_wait_for_the_same_values():
    with tensor.inference_mode():
        first = nn.init.normal_(nn.Parameter(tensor.empty(100)))
        first.note = [1]
        second = copy.deepcopy(first)
        third, fourth = copy.deepcopy([second, second])
        assert all(waits(each) for each in (first, second, third))
        assert third is fourth
        amend(third, lambda array: array.fill(3))
        second.mul_(2)
        assert (second == 2 * first).all().item()
        assert third.tolist() == [3] * 100
    assert second.note == [1]
    assert second.note is not first.note


def test_deep_copies_outside_have_values():
    with tensor.inference_mode():
        parameter = build(3)
    twin = copy.deepcopy(parameter)
    assert type(twin) is nn.Parameter
    assert twin.is_inference()


def test_they_are_found_outside_too():
    with tensor.inference_mode():
        parameter = build(4)
    assert (parameter * 2).tolist() == [2, 2, 2, 2]


def test_a_later_initialiser_takes_the_place_of_an_earlier_one():
    with tensor.inference_mode():
        parameter = build(2)
        nn.init.normal_(parameter)
        nn.init.constant_(parameter, 5)
        assert waits(parameter)
        assert parameter.tolist() == [5, 5]


@pytest.mark.parametrize(
    "module", [lambda: nn.Linear(4, 3), lambda: nn.LayerNorm(4), lambda: nn.Embedding(4, 3, padding_idx=0)]
)
def test_layers_built_inside_wait(module):
    with tensor.inference_mode():
        assert all(waits(parameter) for parameter in module().parameters())


def test_padding_is_cleared_when_values_come():
    with tensor.inference_mode():
        table = nn.Embedding(4, 3, padding_idx=1)
        assert table.weight[1].tolist() == [0, 0, 0]
        assert (table.weight[0] != 0).any().item()


def test_loading_shared_weights_computes_no_initial_values(tmp_path):
    path = tmp_path / "x.safetensors"
    tensor.save(nn.Linear(4, 3).state_dict(), path)

    def compute(array):
        raise AssertionError("nobody reads these")

    with tensor.inference_mode():
        net = nn.Linear(4, 3)
        for parameter in net.parameters():
            amend(parameter, compute)
        net.load_state_dict(tensor.load(path))
        assert not any(waits(parameter) for parameter in net.parameters())
        net.weight.tolist()


def test_memory_that_something_else_can_see_is_filled_at_once():
    with tensor.inference_mode():
        memory = tensor.empty(3)
        nn.init.ones_(nn.Parameter(memory))
        assert memory.tolist() == [1, 1, 1]
        part = nn.Parameter(tensor.empty(2, 3)[0])
        nn.init.ones_(part)
        assert type(part) is nn.Parameter
        first = build(3)
        second = nn.Parameter(first)
        nn.init.zeros_(second)
        assert first.tolist() == [0, 0, 0]


def test_a_model_built_outside_is_filled_at_once():
    parameter = nn.Parameter(tensor.zeros(3))
    loss = (parameter * parameter).sum()
    with tensor.inference_mode():
        nn.init.ones_(parameter)
    assert type(parameter) is nn.Parameter
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_threads_that_read_at_once_see_the_same_values():
    with tensor.inference_mode():
        net = nn.Linear(200, 200)
    start = threading.Barrier(4)
    seen = []

    def read():
        start.wait()
        seen.append(net.weight.sum().item())

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1
