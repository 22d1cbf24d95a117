"""R10: a parameter made inside inference mode is frozen and marked, so a replica built there needs no extra step."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tensor
from tensor import marks, nn
from tensor.errors import InferenceModeError, InferenceTensorError


@pytest.mark.parametrize("arguments", [{}, {"requires_grad": True}, {"requires_grad": False}])
def test_made_inside_it_is_frozen_and_marked_whatever_it_asks_for(arguments):
    with tensor.inference_mode():
        parameter = nn.Parameter(tensor.ones(3), **arguments)
    assert type(parameter) is nn.Parameter
    assert parameter.is_inference()
    assert not parameter.requires_grad
    assert parameter.is_leaf
    assert parameter.grad_fn is None


def test_made_inside_of_an_unmarked_tensor_it_is_marked_and_shares_memory():
    data = tensor.zeros(3)
    with tensor.inference_mode():
        parameter = nn.Parameter(data)
    data[0] = 7
    assert parameter.is_inference()
    assert not data.is_inference()
    assert parameter[0].item() == 7


def test_a_model_built_inside_is_frozen_and_marked_throughout():
    with tensor.inference_mode():
        model = nn.Sequential(nn.Embedding(5, 4, padding_idx=0), nn.LayerNorm(4), nn.Linear(4, 2), nn.ReLU())
        out = model(tensor.tensor([0, 3]))
    assert out.is_inference()
    assert all(parameter.is_inference() and not parameter.requires_grad for parameter in model.parameters())
    assert len(list(model.parameters())) == 5


def test_a_later_wish_for_gradients_raises_inside_and_outside():
    with tensor.inference_mode():
        parameter = nn.Parameter(tensor.ones(3))
        with pytest.raises(RuntimeError, match="inference-only"):
            parameter.requires_grad_(True)
    with pytest.raises(InferenceTensorError):
        parameter.requires_grad_(True)
    with pytest.raises(InferenceTensorError):
        parameter.requires_grad = True
    assert not parameter.requires_grad


def test_the_model_cannot_be_thawed():
    with tensor.inference_mode():
        model = nn.Linear(2, 2)
    with pytest.raises(InferenceTensorError):
        model.requires_grad_(True)
    model.requires_grad_(False)


def test_factories_with_requires_grad_raise_inside():
    with tensor.inference_mode(), pytest.raises(InferenceModeError):
        tensor.ones(2, requires_grad=True)


def test_outside_a_marked_tensor_makes_a_frozen_parameter_only():
    with tensor.inference_mode(), marks.origin(job="nightly", shard=4):
        marked = tensor.ones(2)
    for arguments in ({}, {"requires_grad": True}):
        with pytest.raises(InferenceTensorError, match=r"(?s)nightly.*as_training_data"):
            nn.Parameter(marked, **arguments)
    frozen = nn.Parameter(marked, requires_grad=False)
    assert frozen.is_inference()
    assert frozen.origin == marked.origin


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_are_as_frozen(copied):
    with tensor.inference_mode():
        parameter = nn.Parameter(tensor.arange(3.0))
    twin = copied(parameter)
    assert type(twin) is nn.Parameter
    assert twin.is_inference()
    assert not twin.requires_grad
    np.testing.assert_array_equal(twin.numpy(), [0, 1, 2])


def test_a_model_built_outside_is_trainable_after_inference_with_it():
    model = nn.Linear(3, 1)
    with tensor.inference_mode():
        assert model(tensor.ones(2, 3)).is_inference()
    model(tensor.ones(2, 3)).sum().backward()
    assert model.weight.grad is not None


def test_an_optimizer_refuses_the_parameters_of_a_replica():
    with tensor.inference_mode():
        model = nn.Linear(3, 1)
    for make in (tensor.optim.SGD, tensor.optim.Adam, tensor.optim.AdamW):
        with pytest.raises(InferenceTensorError, match=r"parameter 0 .* inference-only"):
            make(model.parameters())


@pytest.mark.parametrize("convert", [lambda m: m.half(), lambda m: m.to(tensor.float64)])
def test_a_trained_model_is_not_converted_inside(convert):
    model = nn.Linear(2, 2)
    before = dict(model.named_parameters())
    with (
        tensor.inference_mode(),
        pytest.raises(tensor.InferenceTensorError, match=r"weight cannot be converted inside"),
    ):
        convert(model)
    assert dict(model.named_parameters()) == before
    assert model.weight.dtype is tensor.float32
    with tensor.inference_mode():
        model.float()  # changes nothing
        assert nn.Linear(2, 2).half().weight.dtype is tensor.float16
    assert model.weight.requires_grad
