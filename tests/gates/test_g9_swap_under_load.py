"""G9: weights are swapped while jobs run and workers are killed: no job, and no file, mixes two of them."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow.parquet as pq
import pytest

from cluster import Pool, UsageError
from tests.gates import chaos
from tests.gates.faults import Scaled, fired, write_plan
from tests.waiting import until

pytestmark = pytest.mark.gate

JOBS, ROWS = 4, 512


def weights_of(number):
    return {"scale": np.array([number], np.float32)}


def test_g9_no_file_mixes_epochs(backend, tmp_path):
    chosen = random.Random(9)
    once = {chosen.randrange(ROWS) + job * ROWS: chosen.choice(chaos.HOWS) for job in range(JOBS) for _ in range(3)}
    plan = write_plan(tmp_path / "plan", once=once)
    settings = {"weights": weights_of(0), "init": {"plan": plan}, "replicas": 2, "max_attempts": 9}
    with Pool(Scaled, backend=backend, **settings) as pool, ThreadPoolExecutor(1) as thread:
        jobs = thread.submit(run_all, pool, tmp_path)
        for job in range(JOBS - 1):
            records = tmp_path / f"{job}/_shoal/records"
            until(lambda records=records: jobs.done() or list(records.glob("*")))  # it is in the middle of its work
            pool.swap(weights_of(job + 1))
        jobs.result()
    assert len(fired(plan)) == len(once)
    epochs = set()
    for job in range(JOBS):
        records = [json.loads(path.read_text()) for path in (tmp_path / f"{job}/_shoal/records").glob("*.json")]
        assert len({(record["weights_epoch"], record["weights_digest"]) for record in records}) == 1
        files = [pq.read_table(path) for path in sorted((tmp_path / str(job)).glob("*.parquet"))]
        assert len(files) == len(records) == ROWS // chaos.SHARD_ROWS
        epochs.add(records[0]["weights_digest"])
        assert len({scale for table in files for scale in table["scale"].to_pylist()}) == 1
        assert [row for table in files for row in table["id"].to_pylist()] == list(range(job * ROWS, (job + 1) * ROWS))
    assert len(epochs) > 1


def run_all(pool, folder):
    for job in range(JOBS):
        source = {"id": np.arange(ROWS) + job * ROWS, "x": np.zeros(ROWS, np.float32)}
        while not is_run(pool, source, folder / str(job)):
            pass


def is_run(pool, source, out):
    try:
        pool.run(source, out, batch=chaos.POLICY, shard_rows=chaos.SHARD_ROWS, progress=False)
    except UsageError as error:  # swapped while it waited: nothing was committed, so it begins anew, on other weights
        if "weights were swapped" not in str(error):
            raise
        return False
    return True
