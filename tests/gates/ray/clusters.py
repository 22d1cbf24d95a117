"""Clusters of several nodes, each a raylet of its own on this machine: Ray's own utility for it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ray.cluster_utils import Cluster

from tests.ray_head import PIDS
from tests.waiting import until


@contextmanager
def running_cluster(**head: Any) -> Iterator[Cluster]:
    """A cluster of one node; options are Ray's."""
    folder = Path(tempfile.mkdtemp(prefix="shoal-test-", dir="/tmp"))
    (folder / "ray").mkdir()
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("RAY_TMPDIR", str(folder))  # else the utility overwrites what this machine's cluster is
            made = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **head})
            try:
                yield made
            finally:
                made.shutdown()
    finally:
        until(lambda: _removed(folder))  # a process that ends may still write there


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def add_node(cluster: Cluster, **options: Any) -> Any:
    """Add a node that ends with the cluster, later than the test that adds it.

    Ray's processes die with the thread that starts them: call this from the test's own.
    """
    added = cluster.add_node(**options)
    PIDS.update(found.process.pid for kind in added.all_processes.values() for found in kind)
    return added
