"""Averages of weights."""

from __future__ import annotations

import pytest

import tensor
from tensor import nn, optim
from tensor.errors import InferenceTensorError
from tensor.optim import swa_utils


def model_at(value: float) -> nn.Module:
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    with tensor.no_grad():
        model[0].weight.fill_(value)
        model[1].running_mean.fill_(value)
    return model


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 3.0),
        ({"avg_fn": swa_utils.get_swa_avg_fn()}, 3.0),
        ({"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(0.5)}, 3.75),
        ({"avg_fn": swa_utils.get_ema_avg_fn(0.5)}, 3.75),
        ({"avg_fn": lambda average, parameter, count: average + count}, 4.0),
    ],
)
@pytest.mark.parametrize("use_buffers", [False, True])
def test_averages(options, expected, use_buffers):
    average = swa_utils.AveragedModel(model_at(9.0), use_buffers=use_buffers, **options)
    for value in (1.0, 2.0, 6.0):
        average.update_parameters(model_at(value))
    assert average.n_averaged.item() == 3
    assert average.module[0].weight.item() == expected
    assert average.module[1].running_mean.item() == (expected if use_buffers else 6.0)
    assert average.eval()(tensor.ones(1, 1)).shape == (1, 1)


def test_weights_of_a_replica_are_refused():
    with tensor.inference_mode():
        frozen = model_at(1.0)
    average = swa_utils.AveragedModel(model_at(9.0))
    with pytest.raises(InferenceTensorError):
        average.update_parameters(frozen)
    assert average.module[0].weight.item() == 9.0


def test_statistics_are_computed_anew():
    model = model_at(2.0).eval()
    swa_utils.update_bn([tensor.tensor([[1.0], [3.0]]), (tensor.tensor([[5.0], [7.0]]), "label")], model)
    assert model[1].running_mean.item() == pytest.approx(8.0)
    assert (model.training, model[1].momentum) == (False, 0.1)
    swa_utils.update_bn([], nn.Linear(1, 1))  # without batch norms there is nothing to do


def test_the_rate_goes_to_that_of_averaging():
    optimizer = optim.SGD(model_at(1.0).parameters(), lr=1.0)
    scheduler = swa_utils.SWALR(optimizer, 0.5, anneal_epochs=2, anneal_strategy="linear")
    found = []
    for _ in range(4):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert found == pytest.approx([1.0, 0.75, 0.5, 0.5])


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="Invalid decay value 2"):
        swa_utils.get_ema_avg_fn(2)
    with pytest.raises(AssertionError, match="Only one of"):
        swa_utils.AveragedModel(nn.Linear(1, 1), avg_fn=len, multi_avg_fn=len)
    optimizer = optim.SGD(nn.Linear(1, 1).parameters())
    with pytest.raises(ValueError, match="instead got log"):
        swa_utils.SWALR(optimizer, 0.1, anneal_strategy="log")
    with pytest.raises(ValueError, match="anneal_epochs must be"):
        swa_utils.SWALR(optimizer, 0.1, anneal_epochs=-1)
