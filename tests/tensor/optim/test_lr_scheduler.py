"""Schedules of learning rates: what they say in numbers, how they go on, what they refuse."""

from __future__ import annotations

import copy
import math

import pytest

import tensor
from tensor import nn, optim
from tensor.optim import lr_scheduler as schedulers


@pytest.fixture
def optimizer():
    parameter = nn.Parameter(tensor.ones(2))
    parameter.grad = tensor.zeros(2)
    return optim.SGD([parameter], lr=1.0, momentum=0.9)


def rates(optimizer: optim.Optimizer, scheduler: schedulers.LRScheduler, epochs: int = 6) -> list[float]:
    """The learning rate in each epoch."""
    found = [optimizer.param_groups[0]["lr"]]
    for _ in range(epochs - 1):
        optimizer.step()
        scheduler.step()
        found.append(optimizer.param_groups[0]["lr"])
    return found


CURVES = {
    "LambdaLR": (lambda o: schedulers.LambdaLR(o, lambda e: 1 / (1 + e)), [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6]),
    "MultiplicativeLR": (
        lambda o: schedulers.MultiplicativeLR(o, lambda e: 0.5),
        [1, 0.5, 0.25, 0.125, 1 / 16, 1 / 32],
    ),
    "StepLR": (lambda o: schedulers.StepLR(o, 2), [1, 1, 0.1, 0.1, 0.01, 0.01]),
    "MultiStepLR": (lambda o: schedulers.MultiStepLR(o, [1, 4, 4]), [1, 0.1, 0.1, 0.1, 0.001, 0.001]),
    "ConstantLR": (lambda o: schedulers.ConstantLR(o, 0.5, 3), [0.5, 0.5, 0.5, 1, 1, 1]),
    "LinearLR": (lambda o: schedulers.LinearLR(o, 0.2, 1.0, 4), [0.2, 0.4, 0.6, 0.8, 1, 1]),
    "ExponentialLR": (lambda o: schedulers.ExponentialLR(o, 0.5), [1, 0.5, 0.25, 0.125, 1 / 16, 1 / 32]),
    "PolynomialLR": (lambda o: schedulers.PolynomialLR(o, 4, 2.0), [1, 9 / 16, 4 / 16, 1 / 16, 0, 0]),
    "CosineAnnealingLR": (lambda o: schedulers.CosineAnnealingLR(o, 4), [1, 0.8535534, 0.5, 0.1464466, 0, 0.1464466]),
    "CosineAnnealingWarmRestarts": (
        lambda o: schedulers.CosineAnnealingWarmRestarts(o, 2, 2),
        [1, 0.5, 1, 0.8535534, 0.5, 0.1464466],
    ),
    "CyclicLR": (lambda o: schedulers.CyclicLR(o, 0.1, 0.5, 2), [0.1, 0.3, 0.5, 0.3, 0.1, 0.3]),
    "OneCycleLR": (
        lambda o: schedulers.OneCycleLR(o, 1.0, 6, anneal_strategy="linear", pct_start=0.5, div_factor=2.0),
        [0.5, 0.75, 1, 0.6666833, 0.3333667, 0.00005],
    ),
    "SequentialLR": (
        lambda o: schedulers.SequentialLR(o, [schedulers.ConstantLR(o, 0.1, 9), schedulers.ExponentialLR(o, 0.5)], [2]),
        [0.1, 0.1, 1, 0.5, 0.25, 0.125],
    ),
    "ChainedScheduler": (
        lambda o: schedulers.ChainedScheduler([schedulers.ConstantLR(o, 0.5, 2), schedulers.ExponentialLR(o, 0.5)]),
        [0.5, 0.25, 0.25, 0.125, 1 / 16, 1 / 32],
    ),
}


@pytest.mark.parametrize("name", CURVES)
def test_curves(optimizer, name):
    make, expected = CURVES[name]
    scheduler = make(optimizer)
    assert rates(optimizer, scheduler) == pytest.approx(expected, rel=1e-4, abs=1e-12)
    assert scheduler.get_last_lr() == [optimizer.param_groups[0]["lr"]]


@pytest.mark.parametrize("name", CURVES)
def test_saved_schedules_go_on(optimizer, name):
    make, _ = CURVES[name]
    scheduler = make(optimizer)
    rates(optimizer, scheduler, 3)
    saved = copy.deepcopy((scheduler.state_dict(), optimizer.state_dict()))
    expected = rates(optimizer, scheduler, 3)

    again = make(optimizer)
    again.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    assert rates(optimizer, again, 3) == expected


def test_all_have_a_curve_here():
    assert set(schedulers.__all__) - set(CURVES) == {"LRScheduler", "ReduceLROnPlateau", "_LRScheduler"}


def test_momentum_goes_the_other_way(optimizer):
    scheduler = schedulers.OneCycleLR(optimizer, 1.0, 10, base_momentum=0.5, max_momentum=0.8)
    found = []
    for _ in range(9):
        found.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        scheduler.step()
    assert found[0] == 0.8
    assert min(found) == found[2] == 0.5


def test_the_first_of_betas_is_the_momentum_of_adam():
    optimizer = optim.AdamW([nn.Parameter(tensor.ones(2))])
    schedulers.CyclicLR(optimizer, 0.1, 0.5, base_momentum=0.6, max_momentum=0.7)
    assert optimizer.param_groups[0]["betas"] == (0.7, 0.999)


def test_a_metric_that_does_not_improve_reduces_the_rate(optimizer):
    scheduler = schedulers.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=1, min_lr=0.2)
    found = []
    for metric in (1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, tensor.tensor(0.5)):
        scheduler.step(metric)
        found.append(optimizer.param_groups[0]["lr"])
    assert found == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2]
    assert scheduler.in_cooldown is False
    assert scheduler.get_last_lr() == [0.2]


def test_smallest_rates_fit_groups_that_came_later(optimizer):
    for options, error in (({"min_lr": 0.5}, None), ({"min_lr": [0.5]}, RuntimeError)):
        scheduler = schedulers.ReduceLROnPlateau(optimizer, patience=0, **options)
        optimizer.add_param_group({"params": [nn.Parameter(tensor.ones(1))]})
        scheduler.step(1.0)
        if error is None:
            scheduler.step(1.0)
            assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.5]
            optimizer.param_groups.pop()
        else:
            optimizer.param_groups[0]["lr"] = 1.0
            with pytest.raises(error, match="differs from when"):
                scheduler.step(1.0)


def test_a_schedule_is_resumed_from_the_groups(optimizer):
    with pytest.raises(KeyError, match="initial_lr"):
        schedulers.StepLR(optimizer, 3, last_epoch=5)
    optimizer.param_groups[0]["initial_lr"] = 2.0
    scheduler = schedulers.LambdaLR(optimizer, lambda epoch: epoch, last_epoch=5)
    assert optimizer.param_groups[0]["lr"] == 12.0
    assert scheduler.last_epoch == 6


def test_a_schedule_of_ones_own(optimizer):
    class Halving(schedulers._LRScheduler):
        def get_lr(self):
            return [base * 0.5**self.last_epoch for base in self.base_lrs]

    scheduler = Halving(optimizer)
    assert rates(optimizer, scheduler, 4) == [1, 0.5, 0.25, 0.125]
    with pytest.warns(UserWarning, match="deprecated"):
        scheduler.step(1)
    assert scheduler.get_last_lr() == [0.5]

    class Empty(schedulers.LRScheduler):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no schedule"):
        Empty(optimizer)


def test_rates_in_tensors_are_written_in_place():
    parameter = nn.Parameter(tensor.ones(2))
    rate = tensor.tensor(1.0)
    optimizer = optim.SGD([parameter], lr=rate)
    scheduler = schedulers.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == 0.5
    (last,) = scheduler.get_last_lr()
    last.fill_(9)
    assert rate.item() == 0.5


def test_rates_that_are_inference_only_reach_no_parameter():
    with tensor.inference_mode():
        marked = tensor.tensor(0.5)
    for rate in (1.0, tensor.tensor(1.0)):
        parameter = nn.Parameter(tensor.ones(2))
        parameter.grad = tensor.ones(2)
        optimizer = optim.SGD([parameter], lr=rate)
        with pytest.raises(tensor.InferenceTensorError):
            rates(optimizer, schedulers.LambdaLR(optimizer, lambda epoch: marked), 3)
        assert parameter.tolist() == [1, 1]


def test_steps_in_the_wrong_order_are_warned_of(optimizer):
    scheduler = schedulers.StepLR(optimizer, 3)
    with pytest.warns(UserWarning, match=r"before `optimizer.step\(\)`"):
        scheduler.step()
    scheduler = schedulers.StepLR(optimizer, 3)
    optimizer.step()
    scheduler.step()
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()
    scheduler = schedulers.StepLR(optimizer, 3)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match="overridden"):
        scheduler.step()


class Doubling:
    """A callable object, whose attributes are saved."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, epoch: float) -> float:
        self.calls += 1
        return 2.0**epoch


def test_attributes_of_callable_objects_are_saved(optimizer):
    for make in (
        lambda function: schedulers.LambdaLR(optimizer, function),
        lambda function: schedulers.CyclicLR(optimizer, 0.1, 0.2, scale_fn=function),
    ):
        one, other = Doubling(), Doubling()
        scheduler = make(one)
        optimizer.step()
        scheduler.step()
        state = scheduler.state_dict()
        again = make(other)
        again.load_state_dict(state)
        assert other.calls == one.calls == 2


REFUSALS = [
    (lambda o: schedulers.StepLR([1], 3), TypeError, "list is not an Optimizer"),
    (lambda o: schedulers.LambdaLR(o, [math.sqrt, math.sqrt]), ValueError, "Expected 1 lr_lambdas, but got 2"),
    (lambda o: schedulers.LambdaLR(o, 0.5), TypeError, "lr_lambda should be a function, but got float"),
    (lambda o: schedulers.ConstantLR(o, 2), ValueError, "between 0 and 1. It is 2"),
    (lambda o: schedulers.LinearLR(o, 0), ValueError, "Starting multiplicative factor"),
    (lambda o: schedulers.LinearLR(o, 1, -1), ValueError, "Ending multiplicative factor"),
    (lambda o: schedulers.CosineAnnealingWarmRestarts(o, 1.5), ValueError, "positive integer T_0, but got 1.5"),
    (lambda o: schedulers.CosineAnnealingWarmRestarts(o, 2, 0), ValueError, "positive integer T_mult, but got 0"),
    (lambda o: schedulers.CosineAnnealingWarmRestarts(o, 2).step(-1), ValueError, "non-negative epoch"),
    (lambda o: schedulers.OneCycleLR(o, 1.0), ValueError, "either total_steps OR"),
    (lambda o: schedulers.OneCycleLR(o, 1.0, epochs=2, steps_per_epoch=0), ValueError, "steps_per_epoch, but got 0"),
    (lambda o: schedulers.OneCycleLR(o, 1.0, 5, pct_start=1.5), ValueError, "pct_start, but got 1.5"),
    (lambda o: schedulers.OneCycleLR(o, 1.0, 5, anneal_strategy="log"), ValueError, "instead got log"),
    (lambda o: schedulers.OneCycleLR(o, [1.0, 2.0], 5), ValueError, "max_lr has 2 values, param_groups has 1"),
    (lambda o: schedulers.CyclicLR(o, 0.1, 0.2, mode="square"), ValueError, "mode is invalid"),
    (lambda o: schedulers.ReduceLROnPlateau(o, factor=1), ValueError, "Factor should be < 1.0"),
    (lambda o: schedulers.ReduceLROnPlateau(o, mode="up"), ValueError, "mode up is unknown"),
    (lambda o: schedulers.ReduceLROnPlateau(o, threshold_mode="up"), ValueError, "threshold mode up is unknown"),
    (lambda o: schedulers.ReduceLROnPlateau(o, min_lr=[1, 2]), ValueError, "expected 1 min_lrs, got 2"),
    (lambda o: schedulers.SequentialLR(o, [], []), ValueError, "at least one scheduler"),
    (lambda o: schedulers.SequentialLR(o, [schedulers.StepLR(o, 2)], [4]), ValueError, "one more than the number"),
    (lambda o: schedulers.ChainedScheduler([schedulers.ReduceLROnPlateau(o)]), ValueError, "ReduceLROnPlateau"),
    (lambda o: schedulers.ChainedScheduler([7], o), TypeError, "should have `optimizer`"),
    (
        lambda o: schedulers.SequentialLR(optim.SGD([nn.Parameter(tensor.ones(1))]), [schedulers.StepLR(o, 2)], []),
        ValueError,
        "belong to the same optimizer",
    ),
    (
        lambda o: schedulers.OneCycleLR(optim.Adagrad([nn.Parameter(tensor.ones(1))]), 1.0, 5),
        ValueError,
        "must support momentum or beta1",
    ),
]


@pytest.mark.parametrize(("make", "error", "message"), REFUSALS)
def test_what_makes_no_sense_is_refused(optimizer, make, error, message):
    with pytest.raises(error, match=message):
        make(optimizer)
    with pytest.raises(ValueError, match="Tried to step 4 times"):
        rates(optimizer, schedulers.OneCycleLR(optimizer, 1.0, 3), 6)
