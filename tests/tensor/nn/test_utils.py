"""Tools for modules: gradients, norms of weights, parametrizations, calls with other parameters."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tensor
from tensor import func, nn
from tensor.nn.utils import parametrizations, parametrize


def trained() -> nn.Linear:
    layer = nn.Linear(3, 2)
    layer.weight.grad = tensor.full((2, 3), 3.0)
    layer.bias.grad = tensor.full((2,), 4.0)
    return layer


def test_gradients_are_scaled_to_a_norm():
    layer = trained()
    total = nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
    assert total.item() == pytest.approx(np.sqrt(6 * 9 + 2 * 16))
    assert nn.utils.get_total_norm([each.grad for each in layer.parameters()]).item() == pytest.approx(1, abs=1e-5)
    assert not total.requires_grad


def test_gradients_within_the_norm_stay():
    layer = trained()
    nn.utils.clip_grad_norm_(layer.parameters(), 100, float("inf"))
    assert layer.weight.grad.tolist() == [[3.0] * 3] * 2
    nn.utils.clip_grad_value_(layer.parameters(), 3.5)
    assert layer.bias.grad.tolist() == [3.5, 3.5]


def test_a_norm_that_is_not_finite_changes_nothing():
    layer = trained()
    layer.bias.grad[0] = float("inf")
    with pytest.raises(tensor.GradientError, match="inf, which is non-finite"):
        nn.utils.clip_grad_norm_(layer.parameters(), 1.0, error_if_nonfinite=True)
    assert layer.weight.grad.tolist() == [[3.0] * 3] * 2


def test_limits_that_are_inference_only_reach_no_gradient():
    with tensor.inference_mode():
        limit = tensor.tensor(0.1)
    layer = trained()
    for call in (
        lambda: nn.utils.clip_grad_norm_(layer.parameters(), limit),
        lambda: nn.utils.clip_grad_norm_(layer.parameters(), 1.0, limit),
        lambda: nn.utils.clip_grads_with_norm_(layer.parameters(), 1.0, limit),
        lambda: nn.utils.clip_grad_value_(layer.parameters(), limit),
    ):
        with pytest.raises(tensor.TensorError):
            call()
    assert layer.weight.grad.tolist() == [[3.0] * 3] * 2
    nn.utils.clip_grad_value_(layer.parameters(), tensor.tensor(2.0))
    assert layer.weight.grad.tolist() == [[2.0] * 3] * 2


def test_vectors_of_parameters():
    layer = nn.Linear(3, 2)
    nn.utils.vector_to_parameters(tensor.arange(8.0), layer.parameters())
    assert layer.bias.tolist() == [6, 7]
    assert nn.utils.parameters_to_vector(layer.parameters()).tolist() == [*range(8)]
    with pytest.raises(tensor.ShapeError, match="expected a vector of 8 elements, got shape \\(7,\\)"):
        nn.utils.vector_to_parameters(tensor.zeros(7), layer.parameters())
    with pytest.raises(tensor.DtypeError, match="expected a Tensor, got a list"):
        nn.utils.vector_to_parameters([0.0], layer.parameters())
    assert layer.bias.tolist() == [6, 7]


def test_norms_by_hooks_leave_the_weight_as_it_was():
    layer = nn.Linear(3, 2)
    weight = layer.weight.detach().clone()
    with pytest.warns(FutureWarning, match="deprecated in favor of"):
        nn.utils.weight_norm(layer)
    assert tensor.allclose(layer.weight, weight)
    assert not isinstance(layer.weight, nn.Parameter)
    nn.utils.remove_weight_norm(layer)
    assert isinstance(layer.weight, nn.Parameter)
    assert not layer._forward_pre_hooks
    assert tensor.allclose(layer.weight, weight)


def test_the_singular_value_is_approached_in_training_only():
    tensor.manual_seed(0)
    layer = nn.utils.spectral_norm(nn.Linear(3, 2))
    before = layer.weight_u.clone()
    layer.eval()(tensor.ones(3))
    assert (layer.weight_u == before).all()
    layer.train()
    for _ in range(50):
        layer(tensor.ones(3))
    assert np.linalg.svd(layer.weight.detach().numpy())[1][0] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "norm", [parametrizations.weight_norm, parametrizations.spectral_norm, parametrizations.orthogonal]
)
def test_parametrized_models_are_replicated_inside_inference_mode(norm):
    model = norm(nn.Linear(3, 3)).eval()
    expected = model(tensor.ones(2, 3)).detach().numpy()
    with tensor.inference_mode():
        replica = norm(nn.Linear(3, 3)).eval()
        replica.load_state_dict(model.state_dict())
        found = replica(tensor.ones(2, 3))
        assert found.is_inference()
        parametrize.remove_parametrizations(replica, "weight")
        assert [*dict(replica.named_parameters())] == ["bias", "weight"]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5, atol=1e-6)


def test_copies_of_parametrized_modules_go_their_own_way():
    layer = parametrizations.weight_norm(nn.Linear(3, 2))
    twin = copy.deepcopy(layer)
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear
    assert parametrize.is_parametrized(twin, "weight")
    assert tensor.equal(twin.weight, layer.weight)
    with tensor.no_grad():
        layer.weight.zero_()
    assert twin.weight.abs().sum().item() > 0


def test_parametrized_modules_are_not_pickled():
    with pytest.raises(tensor.UnsupportedError, match="Save their state_dict"):
        pickle.dumps(parametrizations.weight_norm(nn.Linear(3, 2)))


class Halved(nn.Module):
    def forward(self, x: tensor.Tensor) -> tensor.Tensor:
        return x[:1]


class Doubled(nn.Module):
    def forward(self, x: tensor.Tensor) -> tensor.Tensor:
        return x.double()


class Listed(nn.Module):
    def forward(self, x: tensor.Tensor) -> tensor.Tensor:
        return x

    def right_inverse(self, x: tensor.Tensor) -> object:
        return 3


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Halved, "may not change the shape, unless `unsafe` is set: it was (2, 3), became (1, 3)"),
        (Doubled, "may not change the dtype"),
        (Listed, "'right_inverse' must return a Tensor or a sequence of tensors, got a int"),
    ],
)
def test_parametrizations_that_do_not_fit(kind, words):
    layer = nn.Linear(3, 2)
    with pytest.raises(ValueError) as caught:
        parametrize.register_parametrization(layer, "weight", kind())
    assert words in str(caught.value)
    assert layer.weight.shape == (2, 3)
    assert type(layer) is nn.Linear
    parametrize.register_parametrization(layer, "weight", nn.Identity())
    with pytest.raises(ValueError, match=r"may not change|expected a tensor"):
        parametrize.register_parametrization(layer, "weight", kind())


def test_parametrizations_that_are_refused():
    layer = nn.Linear(3, 2)
    for call, words in (
        (lambda: parametrize.register_parametrization(layer, "weights", Doubled()), "does not have a parameter"),
        (lambda: parametrize.remove_parametrizations(layer, "weight"), "does not have a parametrization on weight"),
        (lambda: parametrize.ParametrizationList([], layer.weight), "one or more modules"),
        (lambda: parametrizations.orthogonal(layer, "bias"), "matrix or batch of matrices, got 1 dimensions"),
        (lambda: parametrizations.orthogonal(layer, orthogonal_map="qr"), "one of matrix_exp, cayley, householder"),
        (lambda: parametrizations.spectral_norm(layer, "weights"), "no parameter or buffer with name 'weights'"),
        (lambda: parametrizations.spectral_norm(layer, n_power_iterations=0), "to be positive"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(IndexError, match=r"shape \(2, 3\) has no dimension 2"):
        parametrizations.spectral_norm(layer, dim=2)
    parametrize.register_parametrization(layer, "weight", Halved(), unsafe=True)
    assert layer.weight.shape == (1, 3)
    with pytest.raises(tensor.TensorError, match="Halved does not implement right_inverse"):
        layer.weight = tensor.zeros(1, 3)


def test_reading_once_in_a_block():
    layer = parametrizations.weight_norm(nn.Linear(3, 2))
    with parametrize.cached(), parametrize.cached():
        first = layer.weight
        assert layer.weight is first
    assert layer.weight is not first


def test_modules_without_initial_values_draw_none():
    before = tensor.get_rng_state()
    layer = nn.utils.skip_init(nn.Linear, 3, 2)
    assert tensor.get_rng_state() == before
    assert isinstance(layer.weight, nn.Parameter)
    nn.Linear(3, 2)
    assert tensor.get_rng_state() != before


def test_calls_with_other_parameters():
    layer = nn.Linear(2, 2)
    own = layer.weight
    given = [{"weight": tensor.eye(2)}, {"bias": tensor.ones(2)}]
    assert func.functional_call(layer, given, tensor.arange(2.0)).tolist() == [1, 2]
    assert layer.weight is own
    with pytest.raises(tensor.TensorError, match="Missing key"):
        func.functional_call(layer, given[0], tensor.arange(2.0), strict=True)
    with pytest.raises(tensor.ArgumentError, match="list or tuple of dicts, got a str"):
        func.functional_call(layer, "weight", tensor.arange(2.0))
