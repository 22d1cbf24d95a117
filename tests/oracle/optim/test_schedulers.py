"""Schedulers against PyTorch: the same curves, before and after their states travel; the same refusals and warnings."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensor

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

LIBRARIES = (tensor, torch)
STEPS = 100


class Halving:
    """A callable object with a state."""

    def __init__(self, every: int = 10) -> None:
        self.every = every

    def __call__(self, epoch: float) -> float:
        return 0.5 ** (epoch // self.every)


# Each makes a scheduler of the namespace `lr_scheduler` and an optimizer with two groups.
SCHEDULERS: dict[str, Callable[[Any, Any], Any]] = {
    "lambda": lambda s, o: s.LambdaLR(o, lambda epoch: 0.95**epoch),
    "lambdas": lambda s, o: s.LambdaLR(o, [lambda epoch: 1 / (1 + epoch), Halving()]),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.97),
    "step": lambda s, o: s.StepLR(o, step_size=7, gamma=0.5),
    "multi-step": lambda s, o: s.MultiStepLR(o, [10, 30, 30, 80], gamma=0.3),
    "constant": lambda s, o: s.ConstantLR(o, factor=0.2, total_iters=13),
    "linear": lambda s, o: s.LinearLR(o, start_factor=0.1, end_factor=0.9, total_iters=40),
    "exponential": lambda s, o: s.ExponentialLR(o, gamma=0.93),
    "polynomial": lambda s, o: s.PolynomialLR(o, total_iters=60, power=2.0),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, T_max=23, eta_min=0.001),
    "warm restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=9),
    "warm restarts, longer": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=5, T_mult=2, eta_min=0.002),
    "one cycle": lambda s, o: s.OneCycleLR(o, max_lr=[0.5, 0.2], total_steps=STEPS + 1),
    "one cycle, linear": lambda s, o: s.OneCycleLR(
        o, 0.5, epochs=11, steps_per_epoch=10, anneal_strategy="linear", pct_start=0.4, div_factor=10.0
    ),
    "one cycle, three phases": lambda s, o: s.OneCycleLR(
        o, 0.5, total_steps=105, three_phase=True, base_momentum=0.7, final_div_factor=100.0
    ),
    "cyclic": lambda s, o: s.CyclicLR(o, base_lr=0.01, max_lr=[0.1, 0.3], step_size_up=12, step_size_down=5),
    "cyclic, halved": lambda s, o: s.CyclicLR(o, 0.01, 0.1, step_size_up=9, mode="triangular2", base_momentum=0.5),
    "cyclic, decaying": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 7, mode="exp_range", gamma=0.98, cycle_momentum=False),
    "cyclic, custom": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 7, scale_fn=Halving(2), scale_mode="cycle"),
    "cyclic, function": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 7, scale_fn=lambda x: 0.99**x, scale_mode="iterations"),
    "sequential": lambda s, o: s.SequentialLR(
        o,
        [s.LinearLR(o, 0.1, total_iters=10), s.CosineAnnealingLR(o, T_max=50), s.ExponentialLR(o, 0.9)],
        milestones=[10, 60],
    ),
    "sequential of sequential": lambda s, o: s.SequentialLR(
        o,
        [
            s.SequentialLR(o, [s.ConstantLR(o, 0.3, total_iters=4), s.StepLR(o, 5)], milestones=[6]),
            s.CosineAnnealingWarmRestarts(o, 20),
        ],
        milestones=[25],
    ),
    "chained": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, total_iters=20), s.ExponentialLR(o, 0.9)]),
}
PLATEAUS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "fast": {"factor": 0.5, "patience": 2, "cooldown": 3, "min_lr": [0.001, 0.02]},
    "max, absolute": {"mode": "max", "patience": 1, "threshold": 0.05, "threshold_mode": "abs", "min_lr": 1e-3},
    "max, relative": {"mode": "max", "patience": 3, "threshold": 0.01, "factor": 0.7},
    "min, absolute": {"patience": 1, "threshold": 0.02, "threshold_mode": "abs", "eps": 1e-3},
}
METRICS = (1 + np.random.default_rng(3).normal(size=STEPS) * 0.1) * np.exp(-np.arange(STEPS) / 60)


def optimizer_of(library: Any, kind: str = "SGD", **options: Any) -> Any:
    first, second = (library.nn.Parameter(library.ones(2)) for _ in range(2))
    optimizer = getattr(library.optim, kind)([{"params": [first]}, {"params": [second], "lr": 0.03}], lr=0.1, **options)
    for parameter in (first, second):
        parameter.grad = library.ones(2)
    return optimizer


def point(optimizer: Any) -> list[float]:
    """The learning rates, and the momenta where a schedule sets them."""
    groups = optimizer.param_groups
    return [float(g["lr"]) for g in groups] + [float(g.get("momentum", g.get("betas", (0,))[0])) for g in groups]


def curve(optimizer: Any, scheduler: Any, steps: int = STEPS, metrics: Any = None) -> list[list[float]]:
    points = [point(optimizer)]
    for at in range(steps):
        optimizer.step()
        scheduler.step(*() if metrics is None else (metrics[at],))
        assert [float(each) for each in scheduler.get_last_lr()] == point(optimizer)[:2]
        points.append(point(optimizer))
    return points


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="The epoch parameter")
        # A SequentialLR in a SequentialLR begins twice, in both libraries.
        warnings.filterwarnings("ignore", message="Detected call of")
        yield


@pytest.mark.parametrize("kind", ["SGD", "AdamW"])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_curves_are_the_same(name, kind):
    options = {"momentum": 0.9} if kind == "SGD" else {}
    curves, states = [], []
    for library in LIBRARIES:
        optimizer = optimizer_of(library, kind, **options)
        scheduler = SCHEDULERS[name](library.optim.lr_scheduler, optimizer)
        curves.append(curve(optimizer, scheduler))
        states.append(scheduler.state_dict())
    np.testing.assert_allclose(*curves, rtol=1e-12, atol=1e-16)
    assert_same_state(*states)


def assert_same_state(mine: Any, theirs: Any) -> None:
    if isinstance(theirs, dict):
        assert mine.keys() == theirs.keys()
        for key in theirs:
            assert_same_state(mine[key], theirs[key])
    elif isinstance(theirs, list):
        for one, other in zip(mine, theirs, strict=True):
            assert_same_state(one, other)
    else:
        assert mine == (pytest.approx(theirs, rel=1e-12) if isinstance(theirs, float) else theirs)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_curves_go_on_where_a_state_was_saved(name):
    """By ours and by torch, each of which takes over the state of the other."""
    full = []
    halves = []
    saved = []
    for library in LIBRARIES:
        optimizer = optimizer_of(library, momentum=0.9)
        scheduler = SCHEDULERS[name](library.optim.lr_scheduler, optimizer)
        curve(optimizer, scheduler, 37)
        saved.append((without_tensors(optimizer.state_dict()), copy.deepcopy(scheduler.state_dict())))
        full.append(curve(optimizer, scheduler, STEPS - 37))
    for library in LIBRARIES:
        for optimizer_state, scheduler_state in saved:
            optimizer = optimizer_of(library, momentum=0.9)
            scheduler = SCHEDULERS[name](library.optim.lr_scheduler, optimizer)
            scheduler.load_state_dict(copy.deepcopy(scheduler_state))
            optimizer.load_state_dict(optimizer_state)
            halves.append(curve(optimizer, scheduler, STEPS - 37))
    for each in halves:
        np.testing.assert_allclose(each, full[1], rtol=1e-12, atol=1e-16)


def without_tensors(state: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy({"state": {}, "param_groups": state["param_groups"]})


@pytest.mark.parametrize("name", PLATEAUS)
def test_reductions_on_plateaus_are_the_same(name):
    curves, states = [], []
    for library in LIBRARIES:
        optimizer = optimizer_of(library)
        scheduler = library.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **PLATEAUS[name])
        first = curve(optimizer, scheduler, 50, METRICS)
        again = library.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode=PLATEAUS[name].get("mode", "min"))
        again.load_state_dict(scheduler.state_dict())
        curves.append(first + curve(optimizer, again, 50, METRICS[50:]))
        states.append(again.state_dict())
    np.testing.assert_allclose(*curves, rtol=1e-12)
    assert_same_state(*states)


@pytest.mark.parametrize(
    "name", ["step", "multi-step", "constant", "linear", "exponential", "polynomial", "cosine", "lambda", "one cycle"]
)
def test_schedules_are_resumed_by_last_epoch(name):
    curves = []
    for library in LIBRARIES:
        optimizer = optimizer_of(library, momentum=0.9)
        for group in optimizer.param_groups:
            group.update(initial_lr=0.2, max_lr=0.4, min_lr=0.001, max_momentum=0.9, base_momentum=0.8)
        scheduler = resumed(SCHEDULERS[name], library, optimizer)
        curves.append(curve(optimizer, scheduler, 30))
    np.testing.assert_allclose(*curves, rtol=1e-12, atol=1e-16)


def resumed(make: Callable[[Any, Any], Any], library: Any, optimizer: Any) -> Any:
    """What `make` makes, with `last_epoch=12`."""

    class Resuming:
        def __getattr__(self, name: str) -> Any:
            kind = getattr(library.optim.lr_scheduler, name)
            return lambda *args, **options: kind(*args, last_epoch=12, **options)

    return make(Resuming(), optimizer)


@pytest.mark.parametrize("options", [{"T_0": 5}, {"T_0": 3, "T_mult": 2, "eta_min": 0.01}])
def test_warm_restarts_go_to_fractions_of_epochs(options):
    curves = []
    for library in LIBRARIES:
        optimizer = optimizer_of(library)
        scheduler = library.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, **options)
        points = []
        for batch in range(120):
            optimizer.step()
            scheduler.step(batch / 4)
            points.append(point(optimizer))
        scheduler.step()
        curves.append([*points, point(optimizer)])
    np.testing.assert_allclose(*curves, rtol=1e-12)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_epochs_can_be_given(name):
    curves = []
    for library in LIBRARIES:
        optimizer = optimizer_of(library, momentum=0.9)
        scheduler = SCHEDULERS[name](library.optim.lr_scheduler, optimizer)
        if "epoch" not in inspect.signature(scheduler.step).parameters:
            return
        optimizer.step()
        for epoch in (1, 7, 30, 12):
            scheduler.step(epoch)
        curves.append(point(optimizer))
    np.testing.assert_allclose(*curves, rtol=1e-12)


@pytest.mark.parametrize("name", ["step", "cosine", "sequential", "one cycle", "lambda", "cyclic"])
def test_learning_rates_in_tensors_are_written_in_place(name):
    curves = []
    for library in LIBRARIES:
        parameter = library.nn.Parameter(library.ones(2))
        rate = library.tensor(0.1, dtype=library.float64)
        optimizer = library.optim.SGD([{"params": [parameter]}, {"params": [], "lr": 0.1}], lr=rate, momentum=0.9)
        scheduler = SCHEDULERS[name](library.optim.lr_scheduler, optimizer)
        points = curve(optimizer, scheduler, 40)
        assert optimizer.param_groups[0]["lr"] is rate
        curves.append(points)
    np.testing.assert_allclose(*curves, rtol=1e-6)


@pytest.mark.parametrize("kind", sorted(set(torch.optim.lr_scheduler.__all__)))
def test_signatures_are_the_same(kind):
    ours, theirs = (inspect.signature(getattr(library.optim.lr_scheduler, kind)).parameters for library in LIBRARIES)
    assert [(p.name, p.default, p.kind) for p in ours.values()] == [
        (p.name, p.default, p.kind) for p in theirs.values()
    ]


REFUSALS: dict[str, Callable[[Any, Any], Any]] = {
    "no optimizer": lambda s, o: s.StepLR([1], 3),
    "functions for other groups": lambda s, o: s.LambdaLR(o, [lambda e: 1]),
    "no function": lambda s, o: s.MultiplicativeLR(o, 3),
    "resumed without a start": lambda s, o: s.StepLR(o, 3, last_epoch=4),
    "constant factor": lambda s, o: s.ConstantLR(o, 2.0),
    "start factor": lambda s, o: s.LinearLR(o, 0),
    "end factor": lambda s, o: s.LinearLR(o, 0.5, 1.5),
    "T_0": lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
    "T_mult": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 0.5),
    "eta_min": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 1, "low"),
    "negative epoch": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2).step(-1),
    "no total": lambda s, o: s.OneCycleLR(o, 0.1),
    "bad total": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=-1),
    "bad epochs": lambda s, o: s.OneCycleLR(o, 0.1, epochs=0, steps_per_epoch=2),
    "pct_start": lambda s, o: s.OneCycleLR(o, 0.1, 10, pct_start=2.0),
    "anneal": lambda s, o: s.OneCycleLR(o, 0.1, 10, anneal_strategy="log"),
    "rates for other groups": lambda s, o: s.OneCycleLR(o, [0.1], 10),
    "mode": lambda s, o: s.CyclicLR(o, 0.1, 0.2, mode="square"),
    "plateau factor": lambda s, o: s.ReduceLROnPlateau(o, factor=1.0),
    "plateau mode": lambda s, o: s.ReduceLROnPlateau(o, mode="up"),
    "plateau threshold": lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="up"),
    "plateau rates": lambda s, o: s.ReduceLROnPlateau(o, min_lr=[1]),
    "nothing in sequence": lambda s, o: s.SequentialLR(o, [], []),
    "milestones": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 3)], [3]),
    "plateau in sequence": lambda s, o: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], []),
    "plateau in chain": lambda s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)]),
    "no scheduler": lambda s, o: s.ChainedScheduler([3], o),
    "verbose": lambda s, o: s.StepLR(o, 3, verbose=True),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_are_the_same(name):
    errors = []
    for library in LIBRARIES:
        with pytest.raises(Exception) as caught:
            REFUSALS[name](library.optim.lr_scheduler, optimizer_of(library))
        errors.append(caught.value)
    assert type(errors[0]) is type(errors[1])


def test_momentum_is_needed_to_cycle_it():
    for library in LIBRARIES:
        for make in (lambda s, o: s.OneCycleLR(o, 0.1, 10), lambda s, o: s.CyclicLR(o, 0.1, 0.2)):
            with pytest.raises(ValueError, match="must support momentum or beta1"):
                make(library.optim.lr_scheduler, optimizer_of(library, "Adagrad"))


@pytest.mark.parametrize("library", LIBRARIES)
def test_warnings_come_in_the_same_cases(library):
    lr_scheduler = library.optim.lr_scheduler
    optimizer = optimizer_of(library)
    optimizer.step()  # one before the scheduler was made does not count
    scheduler = lr_scheduler.StepLR(optimizer, 3)
    with pytest.warns(UserWarning, match=r"before `optimizer.step\(\)`"):
        scheduler.step()
    scheduler.step()  # only the first one warns
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()
    optimizer = optimizer_of(library)
    scheduler = lr_scheduler.StepLR(optimizer, 3)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match="overridden"):
        scheduler.step()


@pytest.mark.parametrize("options", [{}, {"anneal_epochs": 4, "anneal_strategy": "linear"}, {"anneal_epochs": 0}])
def test_swa_rates_are_the_same(options):
    curves, states = [], []
    for library in LIBRARIES:
        optimizer = optimizer_of(library)
        scheduler = library.optim.swa_utils.SWALR(optimizer, [0.01, 0.3], **options)
        curves.append(curve(optimizer, scheduler, 15))
        states.append(scheduler.state_dict())
    np.testing.assert_allclose(*curves, rtol=1e-12)
    assert_same_state(*states)
