import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensor
from tests.resources import open_files
from tests.strategies import columns, cuts, numbers
from workers import storage
from workers.columns import as_columns, digest_rows, row_count, slice_rows
from workers.dead_letters import read_dead_letters
from workers.errors import PredictorError, StagingError
from workers.messages import DeadRow, Failure, Stage
from workers.ragged import Ragged
from workers.schema import schema_of
from workers.shards import NpyFragment, Shard
from workers.sinks import JsonlSink, NpySink, ParquetSink
from workers.sinks.reading import read_files
from workers.staging import open_stage

SHARD = Shard(
    index=3,
    id="3",
    fragment=NpyFragment(path="/data/rows.npy", column="data", size_bytes=0, mtime_ns=0),
    start=1000,
    stop=1500,
)
NUMBERS = as_columns(
    {
        "embedding": np.random.default_rng(0).standard_normal((500, 8)).astype(np.float32),
        "label": np.arange(500) % 7,
        "tokens": Ragged.from_rows([np.arange(row % 5) for row in range(500)]),
        "at": np.arange(500).astype("M8[s]"),
    }
)
ROWS = {**NUMBERS, **as_columns({"text": [None if row % 7 == 0 else "x" * (row % 50) for row in range(500)]})}
SINKS = [
    ParquetSink(),
    ParquetSink(compression=None),
    ParquetSink(compression="gzip", compression_level=1, row_group_rows=100),
    NpySink(),
    JsonlSink(),
    JsonlSink(compression="gzip"),
    JsonlSink(compression="zstd"),
]
sinks = pytest.mark.parametrize("sink", SINKS, ids=repr)


def rows_for(sink):
    return NUMBERS if isinstance(sink, NpySink) else ROWS


def writer_at(prefix, sink=ParquetSink(), job="job-1"):
    return open_stage(Stage(str(prefix), sink), job=job, shard=SHARD)


def stage(prefix, rows, pieces, sink=ParquetSink(), job="job-1"):
    writer = writer_at(prefix, sink, job)
    for start, stop in pieces:
        writer.write(slice_rows(rows, start, stop))
    staged = writer.finish()
    writer.discard()
    return staged


def read_back(staged):
    opened = {file.suffix: storage.open_input(file.path) for file in staged.files}
    try:
        return read_files(opened, staged.schema)[0]
    finally:
        for file in opened.values():
            file.close()


def content(staged):
    return {file.suffix: Path(file.path).read_bytes() for file in staged.files}


def dead_row(row):
    failure = Failure(where="P.__call__", type="ValueError", message="bad", line="p.py:3", traceback="Traceback …")
    return DeadRow(row, failure, attempts=2)


@sinks
def test_what_was_staged_is_described_and_read_back_as_it_was(tmp_path, sink):
    before = open_files()
    rows = rows_for(sink)
    staged = stage(tmp_path / "000003-1-w0", rows, [(0, 200), (200, 500)], sink)
    assert open_files() == before
    assert sorted(file.path for file in staged.files) == sorted(map(str, tmp_path.iterdir()))
    assert all(file.path == f"{tmp_path}/000003-1-w0{file.suffix}.staged" for file in staged.files)
    assert all(file.size_bytes == Path(file.path).stat().st_size for file in staged.files)
    assert {file.rows for file in staged.files} == {staged.rows} == {500}
    assert staged.digest == digest_rows(rows)
    assert json.loads(staged.schema) == schema_of(rows)
    assert staged.dead is None
    found = read_back(staged)
    assert set(found) == set(rows)
    assert digest_rows(found) == staged.digest
    assert open_files() == before


@given(columns(), st.data())
def test_files_follow_from_the_rows_not_from_their_cuts(tmp_path_factory, rows, data):
    sink = data.draw(st.sampled_from(SINKS))
    if isinstance(sink, NpySink):
        rows = {"y": data.draw(numbers((row_count(rows), 2), "f4")), "r": Ragged(np.arange(3), [0, 1, 3])[:0]}
        rows["r"] = Ragged(np.arange(row_count({"y": rows["y"]})), np.arange(len(rows["y"]) + 1))
    if isinstance(sink, ParquetSink) and any("binary" in kind for kind in schema_of(rows).values()):
        sink = JsonlSink()  # see test_a_column_that_was_none_for_long_is_taken_for_strings
    folder = tmp_path_factory.mktemp("staged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.sinks.writing.GROUP_BYTES", data.draw(st.integers(1, 200)))
        patch.setattr("workers.sinks.writing.GROUP_ROWS", data.draw(st.integers(1, 9)))
        whole = stage(folder / "whole", rows, [(0, row_count(rows))], sink)
        cut = stage(folder / "cut", rows, data.draw(cuts(row_count(rows))), sink)
    assert content(whole) == content(cut)
    assert cut.digest == whole.digest == digest_rows(rows)


@sinks
def test_the_order_of_columns_is_the_first_batchs(tmp_path, sink):
    rows = rows_for(sink)
    writer = writer_at(tmp_path / "mixed", sink)
    writer.write(slice_rows(rows, 0, 250))
    writer.write(dict(reversed(slice_rows(rows, 250, 500).items())))
    assert content(writer.finish()) == content(stage(tmp_path / "whole", rows, [(0, 500)], sink))


@sinks
def test_memory_that_a_predictor_reuses_is_not_seen(tmp_path, sink):
    scratch = np.zeros((2, 3))
    writer = writer_at(tmp_path / "x", sink)
    for value in range(3):
        scratch[:] = value
        writer.write({"y": scratch})
    staged = writer.finish()
    assert staged.digest == digest_rows({"y": np.repeat([0.0, 1.0, 2.0], 6).reshape(6, 3)})
    assert digest_rows(read_back(staged)) == staged.digest


def test_marked_tensors_are_staged_as_they_are(tmp_path):
    writer = writer_at(tmp_path / "x")
    with tensor.inference_mode():
        writer.write({"y": tensor.arange(6).reshape(3, 2), "r": Ragged(tensor.arange(3), [0, 1, 1, 3])})
    expected = {"y": np.arange(6).reshape(3, 2), "r": Ragged(np.arange(3), [0, 1, 1, 3])}
    assert writer.finish().digest == digest_rows(expected)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"a": np.zeros(3)}, "'a' was int64 and is now float64"),
        ({"a": np.zeros((3, 2), int)}, r"'a' was int64 and is now int64\[2\]"),
        ({"a": np.zeros(3, int), "b": np.zeros(3)}, r"'b' \(float64\) is new"),
        ({"a": np.zeros(3, complex)}, "complex128, which shoal does not carry"),
    ],
)
@sinks
def test_a_predictor_that_changes_its_columns_is_told_and_its_files_removed(
    tmp_path, monkeypatch, sink, second, message
):
    monkeypatch.setattr("workers.sinks.writing.GROUP_ROWS", 1)
    before = open_files()
    writer = writer_at(tmp_path / "x", sink)
    writer.write({"a": np.zeros(100, int)})
    assert list(tmp_path.iterdir())
    with pytest.raises(PredictorError, match=message):
        writer.write(second)
    assert not list(tmp_path.iterdir())
    assert open_files() == before


def test_a_column_that_was_none_for_long_is_taken_for_strings(tmp_path, monkeypatch):
    monkeypatch.setattr("workers.sinks.writing.GROUP_ROWS", 1)
    writer = writer_at(tmp_path / "x")
    writer.write({"a": np.array([None], object)})
    with pytest.raises(PredictorError, match="changed their types between batches"):
        writer.write({"a": np.array([b"bytes"], object)})


@sinks
def test_a_batch_without_rows_still_says_which_columns_there_are(tmp_path, sink):
    rows = slice_rows(rows_for(sink), 0, 0)
    staged = stage(tmp_path / "x", rows, [(0, 0), (0, 0)], sink)
    assert staged.rows == 0
    assert staged.files
    if "text" in rows:  # nothing says that it held strings
        assert json.loads(staged.schema)["text"] == "null"
    assert digest_rows(read_back(staged)) == staged.digest == digest_rows(rows)


@sinks
def test_a_shard_whose_rows_are_all_dead_has_no_data_files(tmp_path, sink):
    writer = writer_at(tmp_path / "x", sink)
    writer.write_dead(slice_rows(ROWS, 0, 2), [dead_row(0), dead_row(1)])
    staged = writer.finish()
    assert (staged.files, staged.rows, staged.schema) == ((), 0, "")
    assert staged.dead is not None
    assert [file.name for file in tmp_path.iterdir()] == ["x.dead.parquet.staged"]


def test_dead_letters_are_a_file_of_their_own(tmp_path):
    before = open_files()
    writer = writer_at(tmp_path / "x")
    writer.write(slice_rows(ROWS, 0, 400))
    writer.write_dead(slice_rows(ROWS, 7, 9), [dead_row(7), dead_row(8)])
    staged = writer.finish()
    assert [file.rows for file in staged.files] == [400]
    assert staged.dead.suffix == ".dead.parquet"
    assert staged.dead.rows == 2
    assert staged.dead.size_bytes == Path(staged.dead.path).stat().st_size
    with Path(staged.dead.path).open("rb") as file:
        first, second = read_dead_letters(file)
    assert (first.source, first.row, first.shard, first.attempts) == ("/data/rows.npy", 1007, 3, 2)
    assert json.loads(second.values)["text"] == "x" * 8
    assert open_files() == before


def test_nothing_at_all_is_staged_as_nothing(tmp_path):
    staged = writer_at(tmp_path / "x").finish()
    assert (staged.files, staged.rows, staged.schema, staged.dead) == ((), 0, "", None)


@sinks
def test_an_attempt_that_is_given_up_leaves_nothing(tmp_path, monkeypatch, sink):
    monkeypatch.setattr("workers.sinks.writing.GROUP_ROWS", 1)
    before = open_files()
    writer = writer_at(tmp_path / "x", sink)
    writer.discard()
    writer.write(slice_rows(rows_for(sink), 0, 300))
    writer.write_dead(slice_rows(ROWS, 7, 8), [dead_row(7)])
    assert (tmp_path / "x.dead.parquet.staged").exists()
    writer.discard()
    writer.discard()
    assert not list(tmp_path.iterdir())
    assert open_files() == before


@sinks
def test_what_is_finished_stays(tmp_path, sink):
    writer = writer_at(tmp_path / "x", sink)
    writer.write(rows_for(sink))
    staged = writer.finish()
    writer.discard()
    assert len(list(tmp_path.iterdir())) == len(staged.files)


def test_a_file_that_is_there_is_not_overwritten_and_the_others_are_removed(tmp_path):
    (tmp_path / "x.label.npy.staged").write_bytes(b"another attempt's")
    with pytest.raises(StagingError, match="exists"):
        stage(tmp_path / "x", NUMBERS, [(0, 500)], NpySink())
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"x.label.npy.staged": b"another attempt's"}


def test_a_file_that_cannot_be_finished_takes_the_finished_ones_along(tmp_path, monkeypatch):
    synced = []

    def fsync(descriptor):
        if len(synced) == 2:
            raise OSError(5, "Input/output error")
        synced.append(descriptor)

    monkeypatch.setattr("os.fsync", fsync)
    with pytest.raises(StagingError, match="Input/output error"):
        stage(tmp_path / "x", NUMBERS, [(0, 500)], NpySink())
    assert not list(tmp_path.iterdir())


@sinks
def test_a_folder_that_is_gone_is_not_the_users_fault(tmp_path, sink):
    with pytest.raises(StagingError, match=r"cannot write the output to .*no/x.*: .*No such file"):
        stage(tmp_path / "no" / "x", rows_for(sink), [(0, 500)], sink)


@sinks
def test_a_full_disk_is_not_the_users_fault(tmp_path, monkeypatch, sink):
    before = open_files()
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda path, mode: opened(Path("/dev/full"), "wb"))
    monkeypatch.setattr(Path, "unlink", lambda path, missing_ok: None)
    with pytest.raises(StagingError, match="No space left on device"):
        stage(tmp_path / "x", rows_for(sink), [(0, 500)], sink)
    monkeypatch.undo()
    assert open_files() == before


@pytest.mark.parametrize("sink", [ParquetSink(), NpySink(), JsonlSink(compression="zstd")], ids=repr)
def test_object_stores_get_the_same_bytes_and_nothing_of_what_was_given_up(tmp_path, bucket, sink):
    rows = rows_for(sink)
    given_up = writer_at(f"{bucket}/staged/given-up", sink)
    given_up.write(rows)
    given_up.write_dead(slice_rows(ROWS, 7, 8), [dead_row(7)])
    given_up.discard()
    staged = stage(f"{bucket}/staged/kept", rows, [(0, 500)], sink)
    assert sorted(file.place for file in storage.list_files(bucket)) == sorted(file.path for file in staged.files)
    assert all(storage.stat(file.path).size_bytes == file.size_bytes for file in staged.files)
    assert digest_rows(read_back(staged)) == staged.digest
    local = content(stage(tmp_path / "local", rows, [(0, 500)], sink))
    for file in staged.files:
        with storage.open_input(file.path) as opened:
            assert opened.read() == local[file.suffix]
