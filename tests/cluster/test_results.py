import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tensor
from cluster.errors import JobFolderError
from cluster.folder import JobFolder, Record
from cluster.results import read_dead_letters, read_results
from tensor import Tensor
from tests.resources import is_mapped, open_files
from workers.columns import as_columns, slice_rows
from workers.errors import ColumnsError
from workers.messages import DeadRow, Failure, Stage
from workers.ragged import Ragged
from workers.shards import NpyFragment, Shard
from workers.sinks import JsonlSink, NpySink, ParquetSink
from workers.staging import open_stage

FRAGMENT = NpyFragment(path="/data/x.npy", column="data", size_bytes=1, mtime_ns=1)
ROWS = as_columns(
    {
        "logits": np.arange(60, dtype=np.float32).reshape(20, 3),
        "label": [None if row % 7 == 0 else f"l{row}" for row in range(20)],
        "tokens": Ragged.from_rows([np.arange(row % 4) for row in range(20)]),
        "time": np.arange(20).astype("M8[s]"),
    }
)


def commit(job, index, rows, *, sink=ParquetSink(), dead=()):
    shard = Shard(index=index, id=f"{index:06d}-abc", fragment=FRAGMENT, start=0, stop=5)
    writer = open_stage(Stage(job.staged_prefix(index, attempt=1, replica="w0"), sink), job="job-1", shard=shard)
    if rows is not None:
        writer.write(rows)
    if dead:
        writer.write_dead(slice_rows(ROWS, 0, len(dead)), dead)
    return job.commit(
        Record.of(
            shard,
            writer.finish(),
            job=job.job,
            run=job.run,
            attempt=1,
            replica="w0",
            weights_epoch=0,
            weights_digest="",
        )
    )


def run(folder, shards=(3, 0, 2, 1), sink=ParquetSink()):
    job = JobFolder.open(folder, {}, shards=4)
    for shard in shards:
        commit(job, shard, slice_rows(ROWS, 5 * shard, 5 * shard + 5), sink=sink)
    return job


def test_rows_come_back_in_input_order_and_marked(tmp_path):
    run(tmp_path)
    before = open_files()
    results = read_results(tmp_path)
    assert open_files() == before
    assert not is_mapped(str(tmp_path))
    check(results)
    for value in (results["logits"], results["tokens"].values):
        assert isinstance(value, Tensor)
        assert value.is_inference()
        assert not value.requires_grad


def check(results, rows=ROWS):
    assert results["logits"].numpy().tolist() == rows["logits"].tolist()
    assert results["label"].tolist() == rows["label"].tolist()
    assert results["time"].tolist() == rows["time"].tolist()
    assert [row.tolist() for row in results["tokens"]] == [row.tolist() for row in rows["tokens"]]
    assert results["logits"].is_inference()


@pytest.mark.parametrize("sink", [ParquetSink(), JsonlSink()], ids=lambda sink: type(sink).__name__)
def test_every_format_comes_back(tmp_path, sink):
    run(tmp_path, sink=sink)
    check(read_results(tmp_path))


def test_arrays_come_back(tmp_path):
    rows = {name: ROWS[name] for name in ("logits", "tokens")}
    job = JobFolder.open(tmp_path, {}, shards=2)
    for shard in (1, 0):
        commit(job, shard, slice_rows(rows, 10 * shard, 10 * shard + 10), sink=NpySink())
    results = read_results(tmp_path)
    assert results["logits"].numpy().tolist() == rows["logits"].tolist()
    assert [row.tolist() for row in results["tokens"]] == [row.tolist() for row in rows["tokens"]]
    assert results["logits"].is_inference()


def test_results_in_an_object_store(bucket):
    run(f"{bucket}/out")
    check(read_results(f"{bucket}/out"))


def test_rows_that_died(tmp_path):
    job = JobFolder.open(tmp_path, {}, shards=3)
    died = DeadRow(2, Failure("Embed.__call__", "ValueError", "too long"), 2)
    commit(job, 2, None, dead=[DeadRow(row, died.failure, 1) for row in range(5)])
    record = commit(job, 0, slice_rows(ROWS, 0, 4), dead=[died])
    commit(job, 1, None)
    assert [letter.row for letter in read_dead_letters(tmp_path)] == [2, 0, 1, 2, 3, 4]
    assert str(read_dead_letters(tmp_path)[0]) == (
        "row 2 of /data/x.npy (shard 0): ValueError: too long, in Embed.__call__"
    )
    assert record.dead_rows == 1
    check(read_results(tmp_path), slice_rows(ROWS, 0, 4))
    (tmp_path / "_shoal" / "dead_letters" / "000000.parquet").write_bytes(b"PAR1")
    with pytest.raises(JobFolderError, match=r"000000\.parquet cannot be read, although"):
        read_dead_letters(tmp_path)


def test_nobody_can_train_on_them_and_the_error_says_where_they_are_from(tmp_path):
    run(tmp_path)
    logits = read_results(tmp_path)["logits"]
    weight = tensor.ones(3, requires_grad=True)
    with pytest.raises(tensor.InferenceTensorError, match="job-1"):
        (logits * weight).sum()


def test_only_what_records_name_is_read(tmp_path):
    job = run(tmp_path)
    pq.write_table(pa.table({"logits": [1]}), tmp_path / "part-000004.parquet")
    (tmp_path / "_shoal" / "staged" / f"000000-2-w1-{job.run}.parquet.staged").touch()
    assert len(read_results(tmp_path)["label"]) == 20


def test_a_committed_file_is_read_where_a_crash_left_it(tmp_path):
    job = run(tmp_path)
    [file] = job.committed()[2].files
    (tmp_path / file.name).rename(tmp_path / "_shoal" / "staged" / file.staged)
    assert read_results(tmp_path)["logits"].numpy().tolist() == ROWS["logits"].tolist()


def test_an_incomplete_job_says_so(tmp_path):
    run(tmp_path, shards=(2, 0))
    with pytest.raises(JobFolderError, match=r"holds 2 of the 4 shards of job-.*; missing: 1, 3\. .* partial=True"):
        read_results(tmp_path)
    part = read_results(tmp_path, partial=True)
    assert part["logits"].numpy().tolist() == ROWS["logits"][[0, 1, 2, 3, 4, 10, 11, 12, 13, 14]].tolist()


def test_a_job_without_rows_has_no_columns(tmp_path):
    JobFolder.open(tmp_path, {}, shards=0)
    assert read_results(tmp_path) == {}


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(JobFolderError, match="is no job folder"):
        read_results(tmp_path)


def test_shards_that_disagree_are_said(tmp_path):
    job = JobFolder.open(tmp_path, {}, shards=2)
    commit(job, 0, {"logits": np.zeros((5, 3))})
    commit(job, 1, {"logits": np.zeros((5, 4))})
    with pytest.raises(ColumnsError, match=r"'logits' was float64\[3\] and is now float64\[4\]"):
        read_results(tmp_path)


def test_a_file_that_was_changed_is_refused(tmp_path):
    run(tmp_path)
    path = tmp_path / "part-000001.parquet"
    original = path.read_bytes()
    with pq.ParquetFile(path) as parquet:
        table = parquet.read()
    pq.write_table(table.slice(1), path)
    with pytest.raises(JobFolderError, match=r"part-000001\.parquet has 4 rows, its record says 5"):
        read_results(tmp_path)
    pq.write_table(table.replace_schema_metadata(), path)
    with pytest.raises(JobFolderError, match=r"no 'shoal\.inference_only' in its metadata"):
        read_results(tmp_path)
    path.write_bytes(original[:-20])
    with pytest.raises(JobFolderError, match="cannot be read, although its shard is committed"):
        read_results(tmp_path)
    path.unlink()
    with pytest.raises(JobFolderError, match=r"part-000001\.parquet is missing, although its shard is committed"):
        read_results(tmp_path)


def test_the_mark_is_in_the_file(tmp_path):
    run(tmp_path)
    metadata = pq.read_schema(tmp_path / "part-000000.parquet").metadata
    assert json.loads(metadata[b"shoal.inference_only"]) == {"job": "job-1"}
