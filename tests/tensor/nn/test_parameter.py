"""Parameters outside inference mode; inside it they are rule R10's business."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tensor
from tensor import nn


def test_a_parameter_is_a_leaf_that_requires_grad_and_shares_memory():
    data = tensor.zeros(3)
    parameter = nn.Parameter(data)
    assert parameter.requires_grad
    assert parameter.is_leaf
    data[0] = 5
    assert parameter[0].item() == 5


def test_a_frozen_parameter_does_not_require_grad():
    assert not nn.Parameter(tensor.zeros(3), requires_grad=False).requires_grad


def test_a_parameter_of_a_computed_tensor_is_cut_off_from_its_graph():
    computed = tensor.ones(2, requires_grad=True) * 2
    parameter = nn.Parameter(computed)
    assert parameter.is_leaf
    (parameter * 3).sum().backward()
    np.testing.assert_array_equal(parameter.grad.numpy(), [3, 3])


def test_without_data_a_parameter_is_empty():
    assert tuple(nn.Parameter().shape) == (0,)


def test_operations_on_parameters_give_tensors():
    assert type(nn.Parameter(tensor.ones(2)) + 1) is tensor.Tensor
    assert type(nn.Parameter(tensor.ones(2)).detach()) is tensor.Tensor


def test_its_text_says_what_it_is():
    assert repr(nn.Parameter(tensor.zeros(1))) == "Parameter containing:\ntensor([0.], requires_grad=True)"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
@pytest.mark.parametrize("requires_grad", [True, False])
def test_copies_are_parameters(copied, requires_grad):
    parameter = nn.Parameter(tensor.arange(3.0), requires_grad=requires_grad)
    twin = copied(parameter)
    assert type(twin) is nn.Parameter
    assert twin.requires_grad is requires_grad
    np.testing.assert_array_equal(twin.detach().numpy(), [0, 1, 2])


def test_a_deep_copy_has_memory_of_its_own_and_keeps_sharing_within():
    parameter = nn.Parameter(tensor.zeros(2))
    first, second = copy.deepcopy([parameter, parameter])
    assert first is second
    with tensor.no_grad():
        first.fill_(1)
    assert parameter.sum().item() == 0


@pytest.mark.parametrize("data", [np.zeros(2), [1.0], 3])
def test_what_is_no_tensor_is_refused(data):
    with pytest.raises(TypeError, match="a Parameter is made of a tensor, got a"):
        nn.Parameter(data)


def test_integers_can_be_frozen_parameters_only():
    with pytest.raises(tensor.errors.DtypeError, match="floating point"):
        nn.Parameter(tensor.arange(3))
    assert nn.Parameter(tensor.arange(3), requires_grad=False).dtype == tensor.int64


def test_notes_on_parameters_are_kept_by_copies():
    parameter = nn.Parameter(tensor.ones(2))
    parameter.no_weight_decay = True
    parameter.groups = ["head"]
    for again in (copy.deepcopy(parameter), pickle.loads(pickle.dumps(parameter))):
        assert type(again) is nn.Parameter
        assert again.no_weight_decay
        assert again.groups == ["head"]
        assert again.groups is not parameter.groups
    with tensor.inference_mode():
        layer = tensor.nn.Linear(2, 2)
        layer.weight.no_weight_decay = True
    assert layer.weight.tolist()
    assert layer.weight.no_weight_decay
