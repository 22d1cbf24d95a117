"""SGD against its formula, written out."""

from __future__ import annotations

import numpy as np
import pytest

import tensor
from tensor import nn, optim


def steps(gradients: list[float], start: float = 1.0, **options) -> list[float]:
    """The parameter's value after each step along given gradients."""
    parameter = nn.Parameter(tensor.tensor([start], dtype=tensor.float64))
    optimizer = optim.SGD([parameter], **options)
    values = []
    for gradient in gradients:
        parameter.grad = tensor.tensor([gradient], dtype=tensor.float64)
        optimizer.step()
        values.append(parameter.item())
    return values


def test_it_follows_the_gradient():
    np.testing.assert_allclose(steps([1, -2], lr=0.1), [0.9, 1.1])
    np.testing.assert_allclose(steps([1, -2], lr=0.1, maximize=True), [1.1, 0.9])
    np.testing.assert_allclose(steps([1]), [0.999])


def test_momentum_keeps_part_of_the_last_step():
    np.testing.assert_allclose(steps([1, 1], lr=0.1, momentum=0.5), [0.9, 0.9 - 0.15])


def test_dampening_spares_the_first_step():
    np.testing.assert_allclose(steps([1, 1], lr=0.1, momentum=0.5, dampening=0.2), [0.9, 0.9 - 0.13])


def test_nesterov_looks_ahead():
    np.testing.assert_allclose(steps([1, 1], lr=0.1, momentum=0.5, nesterov=True), [0.85, 0.85 - 0.175])


def test_weight_decay_adds_to_the_gradient():
    np.testing.assert_allclose(steps([1], lr=0.1, weight_decay=0.5), [0.85])


@pytest.mark.parametrize(
    "options",
    [{"lr": -1}, {"momentum": -0.1}, {"weight_decay": float("nan")}, {"nesterov": True}],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=r"Invalid learning rate|Invalid (momentum|weight_decay) value|Nesterov"):
        steps([1], **options)


def test_gradients_are_not_written_to():
    parameter = nn.Parameter(tensor.ones(2))
    parameter.grad = tensor.ones(2)
    optim.SGD([parameter], lr=0.1, momentum=0.9, weight_decay=0.5, maximize=True).step()
    assert parameter.grad.tolist() == [1, 1]
