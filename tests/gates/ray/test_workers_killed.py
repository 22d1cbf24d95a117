"""Actors that are killed from outside, and what else ends with them."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest

from cluster import BatchPolicy, Pool, RayBackend, UsageError
from tests import predictors
from tests.waiting import alive, until

pytestmark = pytest.mark.gate

ROWS = 1600  # seven shards


@pytest.fixture
def rows():
    return {"x": np.arange(ROWS, dtype=np.float32)}


@pytest.fixture
def on_ray(ray_head):
    """Makes backends on the running cluster."""
    return lambda: RayBackend(ray_head.address, num_cpus=0.5)


def test_actors_killed_from_outside_every_few_batches_lose_no_row(on_ray, rows, tmp_path):
    """Three kills in a job of 50 batches, on whichever worker is at it."""
    with Pool(predictors.Double, replicas=1, backend="inline") as pool:
        expected = pool.run(rows, tmp_path / "undisturbed").digest
    kills = []
    init = {"pid_folder": str(tmp_path)}
    with Pool(predictors.SlowDouble, init=init, replicas=2, max_attempts=9, backend=on_ray()) as pool:

        def kill_now_and_then():
            for _ in range(3):
                pid = until(lambda: next(iter({int(p.name) for p in tmp_path.glob("[0-9]*")} - set(kills)), None))
                os.kill(pid, signal.SIGKILL)
                kills.append(pid)

        killer = threading.Thread(target=kill_now_and_then)
        killer.start()
        report = pool.run(rows, tmp_path / "out", batch=BatchPolicy(max_rows=32))
        killer.join()
    assert (report.rows, report.digest) == (ROWS, expected)
    assert report.workers_lost == len(kills) == 3


def test_what_a_worker_had_started_ends_with_it(on_ray, rows, tmp_path):
    pid_file = tmp_path / "pids"
    pool = Pool(predictors.SpawnsAndWaits, init={"pid_file": str(pid_file)}, replicas=1, backend=on_ray())

    def predict():
        with pytest.raises(UsageError, match="closed"):
            pool.predict(rows)

    caller = threading.Thread(target=predict)
    caller.start()
    worker, grandchild = map(int, until(lambda: pid_file.exists() and pid_file.read_text().split()))
    pool.close()
    caller.join()
    until(lambda: not alive(worker) and not alive(grandchild))


def test_swapping_weights_and_losing_a_worker_afterwards(on_ray, tmp_path):
    rows = {"x": np.ones((300, 2), np.float32)}
    first, second = ({"weight": np.full((1, 2), w, np.float32), "bias": np.zeros(1, np.float32)} for w in (1, 2))
    with Pool(predictors.Line, weights=first, replicas=1, backend=on_ray()) as pool:
        assert float(pool.predict(rows)["y"][0, 0]) == 2
        pool.swap(second)
        pool._engine.fleet.kill_all()
        assert float(pool.predict(rows)["y"][0, 0]) == 4
