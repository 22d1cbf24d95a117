"""Clusters of several nodes, each a raylet of its own on this machine: Ray's own utility for it."""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from ray.cluster_utils import Cluster

from cluster import Pool, RayBackend
from tests import predictors
from tests.ray_head import PIDS
from tests.waiting import until

ROWS = 1600


@pytest.fixture(scope="module")
def two_nodes():
    """A head without room for workers, and a node with room for two; the last test removes it."""
    folder = tempfile.mkdtemp(prefix="shoal-test-", dir="/tmp")
    Path(folder, "ray").mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAY_TMPDIR", folder)  # else the utility overwrites what this machine's cluster is
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        node = made.add_node(num_cpus=2)
        yield made, node
        made.shutdown()
    shutil.rmtree(folder)


def test_weights_and_rows_reach_workers_that_cannot_open_the_drivers_memory(two_nodes):
    """On the second node there is a store of its own: what the driver put into its own is brought there."""
    cluster, _ = two_nodes
    weights = {"weight": np.full((1, 2), 2, np.float32), "bias": np.zeros(1, np.float32)}
    with Pool(predictors.Line, weights=weights, replicas=2, backend=RayBackend(cluster.address)) as pool:
        assert (np.asarray(pool.predict({"x": np.ones((600, 2), np.float32)})["y"]) == 4).all()


def test_g8_a_node_removed_in_the_middle_of_a_job(two_nodes, tmp_path):
    """Its two workers are lost; others start on the node that is left, and no row is lost or doubled."""
    cluster, node = two_nodes
    rows = {"x": np.arange(ROWS, dtype=np.float32)}
    with Pool(predictors.Double, replicas=1, backend="inline") as pool:
        expected = pool.run(rows, tmp_path / "undisturbed").digest

    def run():
        init = {"pid_folder": str(tmp_path)}
        with Pool(predictors.WaitsAtGate, init=init, replicas=2, backend=RayBackend(cluster.address)) as pool:
            return pool.run(rows, tmp_path / "out")

    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(run)
        until(lambda: len(list(tmp_path.glob("[0-9]*"))) == 2)  # both workers are at it, and wait for the gate
        added = cluster.add_node(num_cpus=2)  # from this thread: Ray's processes die with the one that starts them
        PIDS.update(found.process.pid for kind in added.all_processes.values() for found in kind)
        cluster.remove_node(node, allow_graceful=False)
        (tmp_path / "gate").touch()
        report = running.result()
    assert (report.rows, report.digest, report.workers_lost) == (ROWS, expected, 2)
