"""Initialisers: spreads, bounds, seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tensor
from tensor import nn
from tensor.nn import init


def weight(*shape: int) -> tensor.Tensor:
    return nn.Parameter(tensor.empty(*shape))


def test_each_returns_the_tensor_it_filled_in_place():
    parameter = weight(4, 4)
    for fill in (
        init.uniform_, init.normal_, init.ones_, init.zeros_, init.eye_, init.xavier_uniform_, init.xavier_normal_,
        init.kaiming_uniform_, init.kaiming_normal_,
    ):  # fmt: skip
        assert fill(parameter) is parameter
    assert init.constant_(parameter, 3) is parameter
    assert parameter.requires_grad
    assert parameter.is_leaf


@pytest.mark.parametrize(
    ("fill", "std"),
    [
        (lambda w: init.uniform_(w, -1, 3), 4 / math.sqrt(12)),
        (lambda w: init.normal_(w, 1.0, 0.5), 0.5),
        (lambda w: init.xavier_uniform_(w, gain=2.0), 2 * math.sqrt(2 / 500)),
        (lambda w: init.xavier_normal_(w), math.sqrt(2 / 500)),
        (lambda w: init.kaiming_uniform_(w, a=math.sqrt(5)), math.sqrt(1 / 3 / 300)),
        (lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"), math.sqrt(2 / 200)),
    ],
)
@pytest.mark.parametrize("dtype", [tensor.float32, tensor.float64])
def test_the_spread_is_as_named(fill, std, dtype):
    tensor.manual_seed(0)
    values = fill(tensor.empty(200, 300, dtype=dtype)).numpy()
    assert values.dtype == dtype.numpy_dtype
    assert values.std() == pytest.approx(std, rel=0.02)


def test_uniform_and_normal_are_where_they_should_be():
    tensor.manual_seed(0)
    values = init.uniform_(tensor.empty(1000), 2, 3).numpy()
    assert 2 <= values.min() < 2.1
    assert 2.9 < values.max() <= 3
    assert init.normal_(tensor.empty(10_000), 5, 0.1).numpy().mean() == pytest.approx(5, abs=0.01)


def test_constants():
    assert init.ones_(tensor.empty(2)).tolist() == [1, 1]
    assert init.zeros_(tensor.empty(2)).tolist() == [0, 0]
    assert init.constant_(tensor.empty(2), 0.5).tolist() == [0.5, 0.5]
    assert init.eye_(tensor.empty(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]


def test_fans_count_the_receptive_field():
    assert init._calculate_fan_in_and_fan_out(tensor.empty(8, 4, 3, 3)) == (36, 72)


@pytest.mark.parametrize(
    "fill", [init.xavier_uniform_, init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_]
)
def test_fans_need_two_dimensions(fill):
    with pytest.raises(ValueError, match="at least 2 dimensions"):
        fill(tensor.empty(3))


def test_what_there_is_not_is_refused():
    with pytest.raises(ValueError, match="mode 'fan' not supported"):
        init.kaiming_uniform_(tensor.empty(2, 2), mode="fan")
    with pytest.raises(ValueError, match="unsupported nonlinearity 'swish'"):
        init.calculate_gain("swish")
    with pytest.raises(ValueError, match="only matrices"):
        init.eye_(tensor.empty(2))


@pytest.mark.parametrize(
    ("name", "gain"),
    [("linear", 1), ("conv2d", 1), ("sigmoid", 1), ("tanh", 5 / 3), ("relu", math.sqrt(2)), ("selu", 0.75)],
)
def test_gains(name, gain):
    assert init.calculate_gain(name) == gain
    assert init.calculate_gain("leaky_relu", 0.2) == pytest.approx(math.sqrt(2 / 1.04))


def test_the_seed_decides_and_a_generator_may():
    def draw(**arguments) -> list[float]:
        return init.normal_(tensor.empty(3), **arguments).tolist()

    tensor.manual_seed(7)
    first = draw()
    tensor.manual_seed(7)
    assert draw() == first
    assert draw() != first
    assert draw(generator=tensor.Generator().manual_seed(7)) == first


def test_a_fill_is_a_write_that_saved_graphs_notice():
    parameter = weight(2, 2)
    loss = (parameter * parameter).sum()
    init.ones_(parameter)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_read_only_memory_is_not_filled():
    array = np.zeros((2, 2), np.float32)
    array.flags.writeable = False
    with pytest.raises(tensor.errors.ReadOnlyError):
        init.ones_(tensor.from_numpy(array))
    with tensor.inference_mode(), pytest.raises(tensor.errors.ReadOnlyError):
        init.ones_(nn.Parameter(tensor.from_numpy(array)))


def test_weights_without_elements():
    for fill in (init.kaiming_uniform_, init.kaiming_normal_):
        with pytest.warns(UserWarning, match="zero-element tensors is a no-op"):
            fill(tensor.empty(0, 3))
    for fill in (init.xavier_uniform_, init.orthogonal_, init.trunc_normal_):
        fill(tensor.empty(0, 3))


def test_one_generator_one_result():
    fills = [
        init.uniform_, init.normal_, init.trunc_normal_, init.xavier_uniform_, init.xavier_normal_,
        init.kaiming_uniform_, init.kaiming_normal_, init.orthogonal_,
        lambda w, generator: init.sparse_(w, 0.5, generator=generator),
    ]  # fmt: skip
    for fill in fills:
        first, second = (
            fill(tensor.empty(4, 5), generator=tensor.Generator().manual_seed(4)).tolist() for _ in range(2)
        )
        assert first == second
        assert fill(tensor.empty(4, 5), generator=tensor.Generator().manual_seed(5)).tolist() != first


def test_inside_inference_mode_all_of_them_wait():
    with tensor.inference_mode():
        for fill in (init.trunc_normal_, init.orthogonal_, lambda w: init.sparse_(w, 0.5), init.eye_):
            parameter = nn.Parameter(tensor.empty(3, 4))
            fill(parameter)
            assert type(parameter) is not nn.Parameter
            assert np.isfinite(parameter.numpy()).all()
            assert type(parameter) is nn.Parameter


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: init.trunc_normal_(weight(3), a=1.0, b=-1.0), "a <= b"),
        (lambda: init.trunc_normal_(weight(3), std=0.0), "std > 0"),
        (lambda: init.trunc_normal_(weight(3), a=1.5, b=math.inf), "one of the bounds is infinite"),
        (lambda: init.dirac_(weight(3, 3)), "3, 4 or 5 dimensions"),
        (lambda: init.dirac_(weight(3, 3, 3), groups=2), "divisible by groups"),
        (lambda: init.orthogonal_(weight(3)), "2 or more dimensions"),
        (lambda: init.sparse_(weight(3), 0.1), "only matrices"),
        (lambda: init.calculate_gain("leaky_relu", True), "not a valid number"),
    ],
)
def test_what_cannot_be_filled(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_old_names():
    with pytest.warns(FutureWarning, match="call `nn.init.constant_`"):
        assert init.constant(weight(2), 3).tolist() == [3, 3]
