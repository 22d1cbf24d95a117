"""Lazy layers: what can be done with them before their first input, and what that input makes of them."""

from __future__ import annotations

import copy
import pickle

import pytest

import tensor
from tensor import nn
from tensor.errors import ArgumentError, InferenceTensorError, ShapeError
from tensor.nn.modules.lazy import LazyModuleMixin
from tensor.nn.uninitialized import is_lazy


def network():
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))


IMAGES = tensor.ones(2, 3, 4, 4)


def test_the_first_input_gives_the_shapes_and_the_values():
    model = network()
    weight = model[0].weight
    assert repr(weight) == f"{weight}" == "<UninitializedParameter>"
    assert model(IMAGES).shape == (2, 2)
    assert [type(layer) for layer in model] == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.Flatten, nn.Linear]
    assert model[0].weight is weight
    assert type(weight) is nn.Parameter
    assert weight.shape == (4, 3, 3, 3)
    assert weight.abs().max() > 0
    assert (model[1].weight == 1).all()
    assert model[1].running_mean.shape == (4,)
    assert model[4].in_features == 16
    assert not any(layer._forward_pre_hooks for layer in model)
    kept = weight.tolist()
    model(IMAGES)
    assert weight.tolist() == kept


@pytest.mark.parametrize(
    "use",
    [
        lambda weight: weight.shape,
        lambda weight: weight + 1,
        lambda weight: weight.tolist(),
        lambda weight: nn.init.zeros_(weight),
        lambda weight: weight.sum(),
        lambda weight: tensor.stack([weight, weight]),
    ],
)
def test_uninitialised_parameters_have_no_values(use):
    with pytest.raises(ArgumentError, match="call the module with an input"):
        use(nn.LazyLinear(2).weight)
    with pytest.raises(ArgumentError, match="UninitializedBuffer: call the module"):
        use(nn.LazyBatchNorm1d().running_mean)


def test_models_can_be_converted_copied_and_optimised_before_their_first_input():
    model = network().double()
    assert {parameter.dtype for parameter in model.parameters()} == {tensor.float64}
    assert model[1].running_var.dtype is tensor.float64
    assert model[0].weight.data.shape == (0,)
    optimizer = tensor.optim.SGD(model.parameters(), lr=0.1)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other(IMAGES.double()).dtype is tensor.float64
        assert type(other[4]) is nn.Linear
    assert is_lazy(model[4].bias)
    model(IMAGES.double()).sum().backward()
    before = model[4].bias.tolist()
    optimizer.step()
    assert model[4].bias.tolist() == pytest.approx([each - 0.2 for each in before])


def test_half_precision_is_computed_as_such_afterwards():
    layer = nn.LazyLinear(2, dtype=tensor.float32).to(tensor.bfloat16)
    assert layer(tensor.ones(1, 3, dtype=tensor.bfloat16)).dtype is tensor.bfloat16
    assert (layer.weight + 0.001).dtype is tensor.bfloat16


def test_weights_that_are_loaded_are_kept():
    trained = network()
    trained(IMAGES)
    model = network()
    model.load_state_dict(trained.state_dict())
    assert model[0].weight.tolist() == trained[0].weight.tolist()
    assert model.eval()(IMAGES).tolist() == trained.eval()(IMAGES).tolist()
    assert repr(model) == repr(trained)


def test_a_state_without_shapes_says_so_when_it_is_loaded():
    trained = network()
    trained(IMAGES)
    with pytest.raises(ArgumentError, match="call the module with an input"):
        trained.load_state_dict(network().state_dict())


@pytest.mark.parametrize(
    ("layer", "shape", "error", "said"),
    [
        (nn.LazyConv2d(4, 3), (3, 4), ShapeError, "Expected 3D .unbatched. or 4D .batched. input to LazyConv2d"),
        (nn.LazyConv2d(4, 3, groups=2), (1, 3, 4, 4), ArgumentError, "divisible by groups, got 3 and 2"),
        (nn.LazyBatchNorm2d(), (1, 3, 4), ShapeError, "expected 4D input"),
    ],
    ids=str,
)
def test_an_input_that_does_not_fit_gives_no_shapes(layer, shape, error, said):
    with pytest.raises(error, match=said):
        layer(tensor.ones(*shape))
    assert is_lazy(layer.weight)


def test_a_lazy_layer_may_wait_for_its_input_in_inference_mode():
    outside = network().eval()
    with tensor.inference_mode():
        assert outside(IMAGES).is_inference()
        inside = network().eval()
        assert inside(IMAGES).shape == (2, 2)
        waiting = nn.LazyLinear(2)
    assert not any(each.is_inference() for each in (*outside.parameters(), *outside.buffers()))
    outside.train()(IMAGES).sum().backward()
    assert all(each.is_inference() for each in (*inside.parameters(), *inside.buffers()))
    assert copy.deepcopy(waiting).weight.is_inference()
    with pytest.raises(InferenceTensorError, match="made inside inference_mode"):
        waiting(tensor.ones(1, 3))
    assert is_lazy(waiting.weight)


def test_layers_of_ones_own():
    class LazyScale(LazyModuleMixin):
        def __init__(self):
            super().__init__()
            self.weight = nn.UninitializedParameter()

        def initialize_parameters(self, x):
            if self.has_uninitialized_params():
                self.weight.materialize(x.shape[-1:])
                nn.init.ones_(self.weight)

        def forward(self, x):
            return x * self.weight

    layer = LazyScale()
    assert layer(tensor.ones(2, 3)).tolist() == [[1.0] * 3] * 2
    assert layer(tensor.ones(2, 3)).shape == (2, 3)
    with pytest.raises(NotImplementedError, match="initialize_parameters is not implemented for LazyModuleMixin"):
        LazyModuleMixin()()
    layer = LazyScale()
    layer.initialize_parameters = lambda x: None
    with pytest.raises(ArgumentError, match="has not been fully initialized"):
        layer(tensor.ones(2, 3))
    with pytest.raises(ArgumentError, match="is not trained"):
        nn.UninitializedBuffer(requires_grad=True)
