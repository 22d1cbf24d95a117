"""A job from an object store to an object store, through the pool."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cluster import JobFolderError, Pool, read_results
from tests import predictors
from workers import storage

ROWS = 40


def test_rows_come_from_a_store_and_go_to_one(bucket):
    with storage.open_output(f"{bucket}/in/x.parquet") as file:
        pq.write_table(pa.table({"x": np.arange(ROWS, dtype=np.float32)}), file)
    with Pool(predictors.Double, replicas=1, backend="local") as pool:
        report = pool.run(f"{bucket}/in/x.parquet", f"{bucket}/out", shard_rows=16, progress=False)
        assert (report.rows, report.shards, report.output) == (ROWS, 3, f"{bucket}/out")
        again = pool.run(f"{bucket}/in/x.parquet", f"{bucket}/out", shard_rows=16, progress=False)
        assert (again.resumed_shards, again.digest) == (3, report.digest)
        with pytest.raises(JobFolderError, match="there is no bucket 'nowhere-at-all'"):
            pool.run(f"{bucket}/in/x.parquet", "s3://nowhere-at-all/out", progress=False)
    assert read_results(f"{bucket}/out")["y"].tolist() == [2 * row for row in range(ROWS)]
