"""pandas, pyarrow and DuckDB read a job's folder at every moment of its life, and see committed rows alone."""

import duckdb
import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pytest

from cluster.folder import JobFolder, Record
from workers.messages import DeadRow, Failure, Stage
from workers.shards import NpyFragment, Shard
from workers.sinks import ParquetSink
from workers.staging import open_stage

FRAGMENT = NpyFragment(path="/data/x.npy", column="data", size_bytes=1, mtime_ns=1)
SHARD_ROWS = 5


def with_pandas(folder):
    return pd.read_parquet(folder)["id"].tolist()


def with_pyarrow(folder):
    return ds.dataset(folder, format="parquet").to_table(use_threads=False)["id"].to_pylist()


def with_duckdb(folder):
    with duckdb.connect() as connection:
        return [row for (row,) in connection.execute(f"select id from read_parquet('{folder}/*.parquet')").fetchall()]


def stage(job, index, *, attempt=1):
    shard = Shard(index=index, id=f"{index:06d}-abc", fragment=FRAGMENT, start=0, stop=SHARD_ROWS)
    ids = np.arange(SHARD_ROWS) + index * SHARD_ROWS
    stage = Stage(job.staged_prefix(index, attempt=attempt, replica="w0"), ParquetSink())
    writer = open_stage(stage, job=job.job, shard=shard)
    writer.write({"id": ids[:-1]})
    writer.write_dead({"id": ids[-1:]}, [DeadRow(SHARD_ROWS - 1, Failure("f", "ValueError", "no"), 1)])
    staged = writer.finish()
    return Record.of(
        shard, staged, job=job.job, run=job.run, attempt=attempt, replica="w0", weights_epoch=0, weights_digest=""
    )


@pytest.mark.parametrize("read", [with_pandas, with_pyarrow, with_duckdb], ids=lambda read: read.__name__)
def test_only_committed_rows_are_seen(tmp_path, read):
    folder, seen = tmp_path / "out", []

    def look(step):
        """A reader comes by, whenever anything has changed."""
        if list(folder.glob("part-*")):
            rows = sorted(read(folder))
            shards = sorted({row // SHARD_ROWS for row in rows})
            assert rows == [
                row for row in range(4 * SHARD_ROWS) if row // SHARD_ROWS in shards and row % SHARD_ROWS < 4
            ]
            assert set(shards) <= JobFolder.load(folder).committed().keys()
            seen.append(len(shards))

    job = JobFolder.open(folder, {}, shards=4, checkpoint=look)
    stage(job, 3, attempt=7)  # of a worker that died
    for index in (2, 0):
        record = stage(job, index)
        stage(job, index, attempt=2)
        job.commit(record)
    job = JobFolder.open(folder, {}, shards=4, checkpoint=look)
    for index in (1, 3):
        job.commit(stage(job, index))
    job.finish({})
    assert set(seen) == {1, 2, 3, 4}
