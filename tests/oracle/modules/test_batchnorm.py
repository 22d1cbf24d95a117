"""Batch norms beside torch's: outputs, gradients, and running statistics afterwards."""

from __future__ import annotations

import pytest

from tests.oracle.twins import check, floats

pytestmark = pytest.mark.oracle

SETTINGS = [
    {},
    {"affine": False},
    {"bias": False},
    {"momentum": None},
    {"momentum": 0.5, "eps": 0.1},
    {"track_running_stats": False},
    {"affine": False, "track_running_stats": False},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_batch_norms(settings):
    check(lambda torch, nn: nn.BatchNorm1d(3, **settings), floats(4, 3))
    check(lambda torch, nn: nn.BatchNorm1d(3, **settings), floats(2, 3, 5))
    check(lambda torch, nn: nn.BatchNorm2d(3, **settings), floats(2, 3, 4, 5))
    check(lambda torch, nn: nn.BatchNorm3d(3, **settings), floats(2, 3, 2, 2, 3))


@pytest.mark.parametrize("settings", SETTINGS[:5], ids=str)
def test_running_statistics_of_several_batches(settings):
    def call(module, *batches):
        for batch in batches[:-1]:
            module(batch)
        return module(batches[-1]), module.eval()(batches[-1])

    batches = [3 * floats(4, 2, 3, seed=seed) + seed for seed in range(3)]
    check(lambda torch, nn: nn.BatchNorm1d(2, **settings), *batches, call=call)


def test_a_batch_norm_with_one_example_of_several_places():
    check(lambda torch, nn: nn.BatchNorm2d(3), floats(1, 3, 2, 2))


def test_converted_to_synchronised_ones_they_compute_the_same():
    def make(torch, nn):
        model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Sequential(nn.BatchNorm2d(4, bias=False)))
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)

    check(make, floats(2, 3, 5, 5))
