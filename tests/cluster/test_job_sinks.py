"""The `[sink]` table of job files."""

import numpy as np
import pytest

from cluster import UsageError, read_results
from cluster.jobs import Job
from workers.sinks import JsonlSink, NpySink, ParquetSink

JOB = 'predictor = "predict:Double"\noutput = "out"\nbackend = "inline"\nreplicas = 1\nshard_rows = 3\n%s\n'
SOURCE = '[source]\npath = "x.npy"\ncolumn = "x"\n'


def job_with(folder, sink):
    (folder / "predict.py").write_text(
        "class Double:\n    def __call__(self, batch):\n        return {'y': batch['x'] * 2}\n"
    )
    np.save(folder / "x.npy", np.arange(5, dtype=np.float32))
    (folder / "job.toml").write_text(JOB % (f"{SOURCE}{sink}" if sink.startswith("[") else f"{sink}\n{SOURCE}"))
    return folder / "job.toml"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", ParquetSink()),
        ('sink = "npy"', NpySink()),
        ('[sink]\nformat = "jsonl"\ncompression = "gzip"\nkeep = "*"', JsonlSink(compression="gzip", keep="*")),
        (
            '[sink]\ncompression = "none"\nrow_group_rows = 7\nkeep = ["x"]',
            ParquetSink(compression=None, row_group_rows=7, keep=["x"]),
        ),
        ("[sink]\ncompression_level = 9", ParquetSink(compression_level=9)),
    ],
)
def test_tables_are_sinks(tmp_path, table, expected):
    assert Job.from_file(job_with(tmp_path, table)).sink.sink() == expected


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('sink = "csv"', "sink.format: expected 'parquet', 'npy' or 'jsonl', got 'csv'"),
        ('[sink]\nformat = "npy"\ncompression = "zstd"', "'compression' does not apply to the format 'npy'"),
        ('[sink]\ncompression = "lzma"', "must be one of 'zstd'.*got 'lzma'"),
        ('[sink]\nkeep = "x"', "sink.keep: expected a list, got 'x'"),
        ('[sink]\nkep = "x"', "sink.kep: unknown key; did you mean 'keep'"),
    ],
)
def test_tables_that_make_no_sink_are_refused(tmp_path, table, message):
    with pytest.raises(UsageError, match=message):
        Job.from_file(job_with(tmp_path, table))


def test_a_job_writes_what_its_table_says(tmp_path):
    Job.from_file(job_with(tmp_path, '[sink]\nformat = "npy"\nkeep = ["x"]')).run(progress=False)
    names = [f"part-00000{shard}.{column}.npy" for shard in (0, 1) for column in ("x", "y")]
    assert sorted(file.name for file in (tmp_path / "out").glob("part-*")) == names
    assert np.load(tmp_path / "out" / "part-000001.y.npy").tolist() == [6, 8]
    results = read_results(tmp_path / "out")
    assert results["y"].is_inference()
    np.testing.assert_array_equal(np.asarray(results["y"]), 2 * np.arange(5, dtype=np.float32))
