"""The raylet of the driver's own node is killed in the middle of a job; the head and another node live on."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from cluster import BackendFailed, BatchPolicy, Pool, RayBackend
from tests import predictors
from tests.gates.ray.clusters import add_node, running_cluster
from tests.waiting import alive, until

pytestmark = pytest.mark.gate

ROWS = 12_800  # 50 shards of 256 rows


def test_the_driver_says_so_and_goes_on_from_another_node(tmp_path):
    rows, out = {"x": np.arange(ROWS, dtype=np.float32)}, tmp_path / "out"
    batch = BatchPolicy(max_rows=64)
    with Pool(predictors.Double, replicas=1, backend="inline") as pool:
        expected = pool.run(rows, tmp_path / "undisturbed", batch=batch, shard_rows=256).digest

    def run(address):
        init = {"pid_folder": str(tmp_path)}
        with Pool(predictors.SlowDouble, init=init, replicas=2, backend=RayBackend(address)) as pool:
            return pool.run(rows, out, batch=batch, shard_rows=256)

    with running_cluster(num_cpus=0) as cluster:  # a driver is on the head's node where it has the choice
        add_node(cluster, num_cpus=2)

        def kill_when_something_is_committed():
            until(lambda: list(out.glob("part-*")))
            cluster.head_node.kill_raylet()

        killer = threading.Thread(target=kill_when_something_is_committed)
        killer.start()
        with pytest.raises(BackendFailed, match=r"the driver's own node of the Ray cluster at \S+ is gone"):
            run(cluster.address)
        killer.join()
        until(lambda: not any(alive(int(path.name)) for path in tmp_path.glob("[0-9]*")))  # nobody waits for its answer
        report = run(cluster.address)
    assert (report.rows, report.digest) == (ROWS, expected)
    assert 0 < report.resumed_rows < ROWS
