"""G8: a node is removed in the middle of a job."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cluster import NpySource, Pool, RayBackend
from tests import predictors
from tests.gates.ray.clusters import add_node, running_cluster
from tests.waiting import alive, until

pytestmark = pytest.mark.gate

ROWS = 1600


@pytest.fixture(scope="module")
def head():
    """A node without room for workers."""
    with running_cluster(num_cpus=0) as made:
        yield made


def living(folder):
    """How many of the workers that said who they are still run: they outlive their node by a moment."""
    return sum(alive(int(path.name)) for path in folder.glob("[0-9]*"))


@pytest.mark.parametrize("kind", ["memory", "files"])
def test_g8_a_job_survives_its_node(head, tmp_path, kind):
    """Both workers are lost; others start on the node that is left, and no row is lost or doubled."""
    rows = {"x": np.arange(ROWS, dtype=np.float32)}
    if kind == "files":
        np.save(tmp_path / "x.npy", rows["x"])
    source = rows if kind == "memory" else NpySource(tmp_path / "x.npy", "x")
    with Pool(predictors.Double, replicas=1, backend="inline") as pool:
        expected = pool.run(source, tmp_path / "undisturbed").digest
    removed = add_node(head, num_cpus=2)

    def run():
        init = {"pid_folder": str(tmp_path)}
        with Pool(predictors.WaitsAtGate, init=init, replicas=2, backend=RayBackend(head.address)) as pool:
            return pool.run(source, tmp_path / "out")

    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(run)
        until(lambda: len(list(tmp_path.glob("[0-9]*"))) == 2)  # both workers are at it, and wait for the gate
        left = add_node(head, num_cpus=2)
        head.remove_node(removed, allow_graceful=False)
        until(lambda: not living(tmp_path))
        (tmp_path / "gate").touch()
        report = running.result()
    head.remove_node(left)
    assert (report.rows, report.digest, report.workers_lost) == (ROWS, expected, 2)


def test_a_job_on_two_nodes_goes_on_with_one(head, tmp_path):
    """What the lost one had under way is computed again on the node that is left."""
    rows = {"x": np.arange(ROWS, dtype=np.float32)}
    with Pool(predictors.Double, replicas=1, backend="inline") as pool:
        expected = pool.run(rows, tmp_path / "undisturbed").digest
    nodes = [add_node(head, num_cpus=1) for _ in range(2)]

    def run():
        init = {"pid_folder": str(tmp_path)}
        backend = RayBackend(head.address)
        # Else the job may be through, by second attempts, before Ray says that the node is gone.
        with Pool(predictors.WaitsAtGate, init=init, replicas=2, speculate=False, backend=backend) as pool:
            return pool.run(rows, tmp_path / "out")

    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(run)
        until(lambda: len(list(tmp_path.glob("[0-9]*"))) == 2)
        head.remove_node(nodes.pop(), allow_graceful=False)
        until(lambda: living(tmp_path) == 1)
        (tmp_path / "gate").touch()
        report = running.result()
    head.remove_node(nodes.pop())
    assert (report.rows, report.digest, report.workers_lost) == (ROWS, expected, 1)
