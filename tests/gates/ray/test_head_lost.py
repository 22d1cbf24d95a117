"""The cluster's head is killed in the middle of a job, and another one is started."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from cluster import BackendFailed, BatchPolicy, Pool, RayBackend
from cluster.ray import watch
from tests import predictors
from tests.ray_head import PIDS, ray_head
from tests.waiting import until

pytestmark = pytest.mark.gate

ROWS = 12_800  # 50 shards of 256 rows


MESSAGES = {
    "head": r"the head of the Ray cluster at \S+ has not answered for \d+ s",
    "machine": r"the Ray cluster at \S+ is gone: neither its head nor the driver's own node answers",
}


@pytest.mark.parametrize("lost", MESSAGES)
def test_a_job_ends_clearly_with_the_head_and_goes_on_with_the_next_one(tmp_path, monkeypatch, lost):
    monkeypatch.setattr(watch, "_SILENT_S", 1.0)
    rows, out = {"x": np.arange(ROWS, dtype=np.float32)}, tmp_path / "out"
    batch = BatchPolicy(max_rows=64)
    with Pool(predictors.Double, replicas=1, backend="inline") as pool:
        expected = pool.run(rows, tmp_path / "undisturbed", batch=batch, shard_rows=256).digest

    def run(head):
        init = {"pid_folder": str(tmp_path)}
        with Pool(predictors.SlowDouble, init=init, replicas=2, backend=RayBackend(head.address)) as pool:
            return pool.run(rows, out, batch=batch, shard_rows=256)

    others = set(PIDS)
    with ray_head(cpus=2) as head:
        (root,) = PIDS - others
        programs = {name_of(pid): pid for pid in tree(root)}

        def kill_when_something_is_committed():
            until(lambda: list(out.glob("part-*")))
            if lost == "head":
                os.kill(programs["ray"], signal.SIGSTOP)  # else it takes the node down as well
                kill([programs["gcs_server"]])
            else:
                kill(tree(root))

        killer = threading.Thread(target=kill_when_something_is_committed)
        killer.start()
        with pytest.raises(BackendFailed, match=MESSAGES[lost]):
            run(head)
        killer.join()
        kill(tree(root))
    with ray_head(cpus=2) as head:
        report = run(head)
    assert (report.rows, report.digest) == (ROWS, expected)
    assert 0 < report.resumed_rows < ROWS


def tree(root):
    """A process and all that it has started."""
    found = [root]
    for pid in found:
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def name_of(pid):
    return Path(f"/proc/{pid}/comm").read_text().strip()


def kill(pids):
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
