"""Adam and AdamW against their papers' formulas, written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tensor
from tensor import nn, optim

GRADIENTS = [1.0, -2.0, 0.5, 0.0]


def steps(kind: type[optim.Adam], **options) -> list[float]:
    """The parameter's value after each step along given gradients."""
    parameter = nn.Parameter(tensor.tensor([1.0], dtype=tensor.float64))
    optimizer = kind([parameter], **options)
    values = []
    for gradient in GRADIENTS:
        parameter.grad = tensor.tensor([gradient], dtype=tensor.float64)
        optimizer.step()
        values.append(parameter.item())
    return values


def formula(
    lr=1e-3, betas=(0.9, 0.999), eps=1e-8, l2=0.0, decay=0.0, amsgrad=False, sign=1.0
) -> list[float]:  # fmt: skip
    x, mean, square, largest, values = 1.0, 0.0, 0.0, 0.0, []
    for t, gradient in enumerate(GRADIENTS, start=1):
        g = sign * gradient + l2 * x
        x -= lr * decay * x
        mean = betas[0] * mean + (1 - betas[0]) * g
        square = betas[1] * square + (1 - betas[1]) * g * g
        largest = max(largest, square)
        used = largest if amsgrad else square
        x -= lr * mean / (1 - betas[0] ** t) / (math.sqrt(used / (1 - betas[1] ** t)) + eps)
        values.append(x)
    return values


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {}),
        ({"lr": 0.1, "betas": (0.5, 0.6), "eps": 0.1}, {"lr": 0.1, "betas": (0.5, 0.6), "eps": 0.1}),
        ({"lr": 0.1, "weight_decay": 0.3}, {"lr": 0.1, "l2": 0.3}),
        ({"lr": 0.1, "amsgrad": True}, {"lr": 0.1, "amsgrad": True}),
        ({"lr": 0.1, "maximize": True}, {"lr": 0.1, "sign": -1.0}),
    ],
)
def test_adam_is_its_formula(options, expected):
    np.testing.assert_allclose(steps(optim.Adam, **options), formula(**expected), rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"decay": 0.01}),
        ({"lr": 0.1, "weight_decay": 0.5, "amsgrad": True}, {"lr": 0.1, "decay": 0.5, "amsgrad": True}),
    ],
)
def test_adamw_decays_apart_from_the_gradient(options, expected):
    np.testing.assert_allclose(steps(optim.AdamW, **options), formula(**expected), rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": -1}, "Invalid learning rate: -1"),
        ({"lr": tensor.ones(2)}, "Tensor lr must be 1-element"),
        ({"lr": tensor.tensor(0.1), "foreach": True}, "lr as a Tensor is not supported"),
        ({"eps": -1}, "Invalid epsilon value: -1"),
        ({"weight_decay": -1}, "Invalid weight_decay value: -1"),
        ({"betas": (1.0, 0.9)}, "Invalid beta parameter at index 0: 1.0"),
        ({"betas": (0.9, tensor.ones(2))}, r"Tensor betas\[1\] must be 1-element"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    for kind in (optim.Adam, optim.AdamW):
        with pytest.raises(ValueError, match=message):
            steps(kind, **options)


def test_betas_can_be_in_tensors():
    betas = tuple(tensor.tensor(each, dtype=tensor.float64) for each in (0.5, 0.6))
    assert optim.Adam([nn.Parameter(tensor.ones(1))], betas=betas).defaults["betas"] == (0.5, 0.6)


def test_adamw_stays_adamw_with_the_state_of_an_adam():
    weight = nn.Parameter(tensor.ones(2))
    optimizer = optim.AdamW([weight])
    optimizer.load_state_dict(optim.Adam([weight]).state_dict())
    assert optimizer.param_groups[0]["decoupled_weight_decay"] is True


def test_gradients_are_not_written_to():
    parameter = nn.Parameter(tensor.ones(2))
    parameter.grad = tensor.ones(2)
    optim.Adam([parameter], weight_decay=0.5, maximize=True, amsgrad=True).step()
    assert parameter.grad.tolist() == [1, 1]
