"""Averages of weights against PyTorch: plain, exponential and custom ones, with buffers and without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tensor

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

LIBRARIES = (tensor, torch)


def model_of(library: Any) -> Any:
    nn = library.nn
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    random = np.random.default_rng(0)
    with library.no_grad():
        for parameter in model.parameters():
            parameter.copy_(library.tensor(random.normal(size=tuple(parameter.shape)).astype(np.float32)))
    return model


def batches(library: Any, count: int) -> list[Any]:
    random = np.random.default_rng(1)
    return [library.tensor(random.normal(size=(8, 3)).astype(np.float32)) for _ in range(count)]


AVERAGES = {
    "plain": lambda s: {},
    "exponential": lambda s: {"multi_avg_fn": s.get_ema_multi_avg_fn(0.9), "use_buffers": True},
    "exponential, one by one": lambda s: {"avg_fn": s.get_ema_avg_fn(0.8)},
    "plain, one by one": lambda s: {"avg_fn": s.get_swa_avg_fn(), "use_buffers": True},
    "plain, all": lambda s: {"multi_avg_fn": s.get_swa_multi_avg_fn()},
    "custom": lambda s: {"avg_fn": lambda average, parameter, count: 0.5 * average + 0.5 * parameter},
}


def assert_same_states(mine: Any, theirs: Any) -> None:
    ours, others = mine.state_dict(), theirs.state_dict()
    assert list(ours) == list(others)
    for name, value in others.items():
        np.testing.assert_allclose(ours[name].numpy(), value.numpy(), rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("name", AVERAGES)
def test_averages_are_the_same(name):
    averaged = []
    for library in LIBRARIES:
        utils = library.optim.swa_utils
        model = model_of(library)
        average = utils.AveragedModel(model, **AVERAGES[name](utils))
        optimizer = library.optim.SGD(model.parameters(), lr=0.1)
        for batch in batches(library, 6):
            optimizer.zero_grad()
            (model(batch) ** 2).mean().backward()
            optimizer.step()
            average.update_parameters(model)
        averaged.append(average)
    assert_same_states(*averaged)


def test_batch_norms_are_computed_anew():
    models = []
    for library in LIBRARIES:
        model = model_of(library).eval()
        library.optim.swa_utils.update_bn(((batch, "label") for batch in batches(library, 5)), model)
        assert not model.training
        assert model[1].momentum == 0.1
        models.append(model)
    assert_same_states(*models)


def test_refusals_are_the_same():
    for library in LIBRARIES:
        utils = library.optim.swa_utils
        for make in (utils.get_ema_avg_fn, utils.get_ema_multi_avg_fn):
            with pytest.raises(ValueError, match="Invalid decay value"):
                make(1.5)
        with pytest.raises(AssertionError, match="Only one of"):
            utils.AveragedModel(library.nn.Linear(2, 2), avg_fn=len, multi_avg_fn=len)
        optimizer = library.optim.SGD(library.nn.Linear(2, 2).parameters())
        for options in ({"anneal_strategy": "log"}, {"anneal_epochs": -1}, {"anneal_epochs": 0.5}):
            with pytest.raises(ValueError, match="anneal"):
                utils.SWALR(optimizer, 0.1, **options)
