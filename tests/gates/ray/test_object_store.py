"""What a small object store must bear: results that nobody takes yet, and rows in memory."""

from __future__ import annotations

import numpy as np
import pytest
from ray._private.internal_api import memory_summary

from cluster import BatchPolicy, Pool, RayBackend
from tests import predictors
from tests.gates.ray.clusters import running_cluster
from tests.waiting import until

pytestmark = pytest.mark.gate

STORE_BYTES = 80 << 20
BATCHES, BATCH_ROWS, ROW_NUMBERS = 100, 64, 16_384
"""Of 4 MiB each: five times the store."""


@pytest.fixture(scope="module")
def cluster():
    with running_cluster(num_cpus=2, object_store_memory=STORE_BYTES) as made:
        yield made


def test_results_of_five_times_the_store_pass_through_it_and_a_slow_consumer_fills_nothing(cluster, tmp_path):
    rows = {"x": np.arange(BATCHES * BATCH_ROWS, dtype=np.float32)}
    init = {"numbers": ROW_NUMBERS, "folder": str(tmp_path)}
    with Pool(predictors.Widens, init=init, replicas=2, backend=RayBackend(cluster.address)) as pool:
        results = pool.map(rows, batch=BatchPolicy(max_rows=BATCH_ROWS), shard_rows=8 * BATCH_ROWS)
        taken = [float(next(results)["y"][0, 0])]
        # Workers go on with the shards that they have; nobody takes what they make.
        until(lambda: len(list(tmp_path.iterdir())) >= 16)
        until(lambda: used_mib(cluster) <= 16)  # Ray frees what was taken every second; two a worker may wait
        taken += [float(result["y"][0, 0]) for result in results]
        summary = memory_summary(cluster.address, stats_only=True)
    assert taken == [float(number) for number in range(0, BATCHES * BATCH_ROWS, BATCH_ROWS)]
    assert "Spilled" not in summary


def test_rows_and_weights_larger_than_half_the_store_are_there_once(cluster):
    """Six workers that each had their own copy would not fit."""
    weights = {
        "weight": np.ones((1, 2), np.float32),
        "bias": np.zeros(1, np.float32),
        "more": np.ones(5 << 20, np.float32),
    }
    rows = {"x": np.ones((1_000_000, 6), np.float32)}
    backend = RayBackend(cluster.address, num_cpus=0.3)
    with Pool(predictors.SumsWeights, weights=weights, replicas=6, backend=backend) as pool:
        assert len(pool.predict(rows)["y"]) == 1_000_000
        assert "Spilled" not in memory_summary(cluster.address, stats_only=True)


def used_mib(cluster):
    """What the objects in the cluster's stores take."""
    summary = memory_summary(cluster.address, stats_only=True)
    return float(summary.partition("Plasma memory usage ")[2].split()[0])
