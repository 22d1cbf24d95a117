import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tensor
from tests.resources import open_files
from tests.strategies import columns, cuts
from workers.arrow import to_columns
from workers.columns import as_columns, digest_rows, row_count, slice_rows
from workers.errors import PredictorError, StagingError
from workers.ragged import Ragged
from workers.schema import schema_of
from workers.staging import INFERENCE_ONLY_KEY, StagedWriter

ROWS = as_columns(
    {
        "embedding": np.random.default_rng(0).standard_normal((500, 8)).astype(np.float32),
        "text": [None if row % 7 == 0 else "x" * (row % 50) for row in range(500)],
        "tokens": Ragged.from_rows([np.arange(row % 5) for row in range(500)]),
    }
)


def stage(path, rows, pieces, job="job-1"):
    writer = StagedWriter(path, job=job)
    for start, stop in pieces:
        writer.write(slice_rows(rows, start, stop))
    staged = writer.finish()
    writer.discard()
    return staged


def test_what_was_staged_is_described(tmp_path):
    before = open_files()
    path = tmp_path / "000000-1-w0.staged"
    staged = stage(path, ROWS, [(0, 200), (200, 500)])
    assert open_files() == before
    assert staged.path == str(path)
    assert staged.rows == 500
    assert staged.size_bytes == path.stat().st_size
    assert staged.digest == digest_rows(ROWS)
    assert json.loads(staged.schema) == {"embedding": "float32[8]", "text": "string", "tokens": "ragged<int64>"}
    with pq.ParquetFile(path) as parquet:
        assert digest_rows(to_columns(parquet.read())) == staged.digest
        assert json.loads(parquet.schema_arrow.metadata[INFERENCE_ONLY_KEY]) == {"job": "job-1"}


@given(columns(), st.data())
def test_the_bytes_follow_from_the_rows_not_from_their_cuts(tmp_path_factory, rows, data):
    # Bytes after a whole row group of None: see test_a_column_that_was_none_for_long_is_taken_for_strings.
    assume(not any("binary" in kind for kind in schema_of(rows).values()))
    folder = tmp_path_factory.mktemp("staged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.staging._GROUP_BYTES", data.draw(st.integers(1, 200)))
        patch.setattr("workers.staging._GROUP_ROWS", data.draw(st.integers(1, 9)))
        whole = stage(folder / "whole", rows, [(0, row_count(rows))])
        cut = stage(folder / "cut", rows, data.draw(cuts(row_count(rows))))
    assert (folder / "whole").read_bytes() == (folder / "cut").read_bytes()
    assert cut.digest == whole.digest == digest_rows(rows)


def test_row_groups_are_bounded_by_bytes_and_by_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("workers.staging._GROUP_BYTES", 320)  # ten rows of eight floats
    monkeypatch.setattr("workers.staging._GROUP_ROWS", 40)
    rows = {"wide": ROWS["embedding"][:100]}
    stage(tmp_path / "wide", rows, [(0, 95), (95, 100)])
    stage(tmp_path / "narrow", {"narrow": np.arange(100, dtype=np.int8)}, [(0, 100)])
    for name, expected in {"wide": [10] * 10, "narrow": [40, 40, 20]}.items():
        metadata = pq.read_metadata(tmp_path / name)
        assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == expected


def test_memory_that_a_predictor_reuses_is_not_seen(tmp_path):
    scratch = np.zeros((2, 3))
    writer = StagedWriter(tmp_path / "x", job="job-1")
    for value in range(3):
        scratch[:] = value
        writer.write({"y": scratch})
    staged = writer.finish()
    assert staged.digest == digest_rows({"y": np.repeat([0.0, 1.0, 2.0], 6).reshape(6, 3)})
    with pq.ParquetFile(tmp_path / "x") as parquet:
        assert digest_rows(to_columns(parquet.read())) == staged.digest


def test_marked_tensors_are_staged_as_they_are(tmp_path):
    writer = StagedWriter(tmp_path / "x", job="job-1")
    with tensor.inference_mode():
        writer.write({"y": tensor.arange(6).reshape(3, 2), "r": Ragged(tensor.arange(3), [0, 1, 1, 3])})
    expected = {"y": np.arange(6).reshape(3, 2), "r": Ragged(np.arange(3), [0, 1, 1, 3])}
    assert writer.finish().digest == digest_rows(expected)


def test_another_job_is_another_file(tmp_path):
    stage(tmp_path / "a", ROWS, [(0, 500)], job="job-1")
    stage(tmp_path / "b", ROWS, [(0, 500)], job="job-2")
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"a": np.zeros(3)}, "'a' was int64 and is now float64"),
        ({"a": np.zeros((3, 2), int)}, r"'a' was int64 and is now int64\[2\]"),
        ({"a": np.zeros(3, int), "b": np.zeros(3)}, r"'b' \(float64\) is new"),
        ({"a": np.zeros(3, complex)}, "complex128, which shoal does not carry"),
        ({"a": np.zeros((3, 0))}, "'a' was int64 and is now int64|is now float64"),
    ],
)
def test_a_predictor_that_changes_its_columns_is_told_and_its_file_removed(tmp_path, monkeypatch, second, message):
    monkeypatch.setattr("workers.staging._GROUP_ROWS", 1)
    before = open_files()
    writer = StagedWriter(tmp_path / "x", job="job-1")
    writer.write({"a": np.zeros(3, int)})
    assert (tmp_path / "x").exists()
    with pytest.raises(PredictorError, match=message):
        writer.write(second)
    assert not (tmp_path / "x").exists()
    assert open_files() == before


def test_a_column_that_was_none_for_long_is_taken_for_strings(tmp_path, monkeypatch):
    monkeypatch.setattr("workers.staging._GROUP_ROWS", 1)
    writer = StagedWriter(tmp_path / "x", job="job-1")
    writer.write({"a": np.array([None], object)})
    with pytest.raises(PredictorError, match="changed their types between batches"):
        writer.write({"a": np.array([b"bytes"], object)})


def test_a_batch_without_rows_still_says_which_columns_there_are(tmp_path):
    staged = stage(tmp_path / "x", ROWS, [(0, 0), (0, 0)])
    assert staged.rows == 0
    with pq.ParquetFile(tmp_path / "x") as parquet:
        assert digest_rows(to_columns(parquet.read())) == staged.digest == digest_rows(slice_rows(ROWS, 0, 0))


def test_nothing_at_all_cannot_be_staged(tmp_path):
    with pytest.raises(PredictorError, match="no batches"):
        StagedWriter(tmp_path / "x", job="job-1").finish()
    assert not (tmp_path / "x").exists()


def test_an_attempt_that_is_given_up_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("workers.staging._GROUP_ROWS", 1)
    before = open_files()
    writer = StagedWriter(tmp_path / "x", job="job-1")
    writer.discard()
    writer.write(slice_rows(ROWS, 0, 3))
    assert (tmp_path / "x").exists()
    writer.discard()
    writer.discard()
    assert not (tmp_path / "x").exists()
    assert open_files() == before


def test_what_is_finished_stays(tmp_path):
    writer = StagedWriter(tmp_path / "x", job="job-1")
    writer.write(ROWS)
    writer.finish()
    writer.discard()
    assert (tmp_path / "x").exists()


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "x").write_bytes(b"another attempt's")
    with pytest.raises(StagingError, match="File exists"):
        stage(tmp_path / "x", ROWS, [(0, 500)])
    assert (tmp_path / "x").read_bytes() == b"another attempt's"


def test_a_folder_that_is_gone_is_not_the_users_fault(tmp_path):
    with pytest.raises(StagingError, match=r"cannot write the output to .*no/x: .*No such file"):
        stage(tmp_path / "no" / "x", ROWS, [(0, 500)])


def test_a_full_disk_is_not_the_users_fault(tmp_path, monkeypatch):
    before = open_files()
    full = Path("/dev/full").open("wb")  # noqa: SIM115  (the writer closes it)
    monkeypatch.setattr(Path, "open", lambda path, mode: full)
    with pytest.raises(StagingError, match="No space left on device"):
        stage(tmp_path / "x", ROWS, [(0, 500)])
    monkeypatch.undo()
    assert open_files() == before
