"""Rows that come by once: they are written down before they are cut."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tensor
from cluster.errors import UsageError
from cluster.planning import plan_digest, plan_shards
from cluster.sources import ArraySource, IterableSource, as_source, spilled
from cluster.sources import spilling as pieces
from tensor import Origin, marks
from tests.resources import open_files
from tests.strategies import columns
from workers.columns import concat_rows, digest_rows, row_count, slice_rows
from workers.errors import ColumnsError, SourceError
from workers.places import bytes_of
from workers.ragged import Ragged
from workers.reading import read_shard
from workers.schema import schema_of
from workers.sinks.marking import mark_of


def read_back(source, **options):
    return concat_rows([read_shard(shard) for shard in plan_shards(source.fragments(), **options)])


def numbers(count, start=0):
    """A generator: it can be gone through once."""
    for number in range(start, start + count):
        yield {"n": number, "text": None if number % 3 else f"t{number}", "tokens": [number] * (number % 4)}


@pytest.fixture(params=["temporary", "kept"])
def spill(request, tmp_path):
    """Both ways of writing rows down."""
    folder = None if request.param == "temporary" else str(tmp_path / "out" / "_shoal" / "rows")
    made = []

    def write(rows, **options):
        made.append(spilled(IterableSource(rows, **options), folder))
        return made[-1]

    yield write
    for source in made:
        source.close()


class TestRows:
    def test_every_row_comes_back(self, spill, monkeypatch):
        monkeypatch.setattr(pieces, "_PIECE_ROWS", 700)
        monkeypatch.setattr("cluster.sources.iterable._PART_ROWS", 300)
        source = spill(numbers(2000))
        listed = source.fragments()
        assert [part.rows for part in listed] == [600, 600, 600, 200]
        rows = read_back(source, shard_rows=150)
        assert rows["n"].tolist() == list(range(2000))
        assert rows["text"].tolist() == [row["text"] for row in numbers(2000)]
        assert [each.tolist() for each in rows["tokens"]] == [row["tokens"] for row in numbers(2000)]

    def test_without_rows(self, spill):
        assert plan_shards(spill(iter([])).fragments()) == []

    def test_tables_frames_and_batches(self, spill):
        table = pa.table({"x": [1.5, 2.5], "s": ["a", "b"]})
        items = [table, table.to_pandas(), {"s": ["c"], "x": np.array([3.5])}, *table.to_batches()]
        rows = read_back(spill(iter(items), batches=True))
        assert rows["x"].tolist() == [1.5, 2.5, 1.5, 2.5, 3.5, 1.5, 2.5]
        assert rows["s"].tolist() == list("ababcab")

    def test_arrays_in_rows(self, spill):
        rows = read_back(spill({"image": np.full((2, 3), row)} for row in range(5)))
        assert rows["image"].shape == (5, 2, 3)

    def test_marks_are_kept(self, spill):
        with tensor.inference_mode(), marks.origin(job="job-1"):
            computed = tensor.ones(3)
        for rows in ([{"v": computed}, {"v": np.ones(3)}], [{"v": [computed[0], 2.0]}]):
            assert spill(iter(rows)).mark() == Origin(job="job-1")

    @pytest.mark.parametrize(
        ("rows", "error", "message"),
        [
            ([{"a": 1}, {"b": 1}], ColumnsError, "one has 'a', and the one 1 rows later 'b'"),
            ([{"a": [1]}, {"a": 1}], ColumnsError, "'a' has lists in some rows and other values in others"),
            ([3], UsageError, "the iterable gave a int; expected a dict, which is a row, or a table"),
            ([pa.table({"a": [1]}), pa.table({"b": [1]})], UsageError, "had the columns a, and now have b"),
            ([pa.table({"a": [1]}), pa.table({"a": ["x"]})], UsageError, "'a' was int64 and is now string"),
        ],
    )
    def test_rows_that_do_not_fit_leave_nothing_behind(self, spill, tmp_path, rows, error, message):
        before = open_files()
        with pytest.raises(error, match=message):
            spill(iter(rows))
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
        assert open_files() == before

    def test_numbers_may_be_written_as_whole_ones(self, spill):
        rows = read_back(spill(iter([pa.table({"a": [0.5]}), pa.table({"a": [1]})])))
        assert rows["a"].tolist() == [0.5, 1.0]


@given(columns(min_rows=1), st.integers(1, 4))
def test_batches_of_any_columns_come_back(rows, step):
    assume(schema_of(slice_rows(rows, 0, step)) == schema_of(rows))  # None alone, at first, stands for strings
    count = row_count(rows)
    batches = [slice_rows(rows, start, min(start + step, count)) for start in range(0, count, step)]
    source = spilled(IterableSource(batches, batches=True))
    assert digest_rows(read_back(source, shard_rows=3)) == digest_rows(rows)
    source.close()


class TestTemporary:
    def test_it_goes_with_the_source(self):
        before = open_files()
        source = spilled(as_source(numbers(10)))
        (listed,) = source.fragments()
        assert len(bytes_of(listed.fragment)) == listed.fragment.stop_byte - listed.fragment.start_byte
        source.close()
        source.close()
        assert open_files() == before
        with pytest.raises(SourceError, match=r"is missing|changed"):
            read_back(source)

    def test_it_has_no_name_and_goes_with_the_process(self, tmp_path):
        code = (
            "import os, signal\n"
            "from cluster.sources import IterableSource, spilled\n"
            "source = spilled(IterableSource({'n': n} for n in range(10)))\n"
            "assert not os.listdir(os.environ['TMPDIR'])\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
        assert done.returncode == -9
        assert list(tmp_path.iterdir()) == []


class TestKept:
    def test_rows_that_are_complete_are_used_again(self, tmp_path):
        first = spilled(IterableSource(numbers(10)), str(tmp_path / "rows"))

        def again():
            raise AssertionError("not asked for")

        second = spilled(IterableSource(again), str(tmp_path / "rows"))
        assert second.identity() == first.identity()
        assert json.loads(json.dumps(first.identity())) == first.identity()
        digests = [plan_digest(plan_shards(source.fragments())) for source in (first, second)]
        assert digests[0] == digests[1]
        assert read_back(second)["n"].tolist() == list(range(10))

    def test_another_name_is_another_job(self, tmp_path):
        one, other = (spilled(IterableSource(numbers(3), name=name), str(tmp_path)) for name in ("a", "b"))
        assert {**one.identity(), "name": "b"} == other.identity() != one.identity()

    def test_rows_that_are_not_complete_are_written_anew(self, tmp_path):
        def failing():
            yield pa.table({"n": [1, 2]})
            raise OSError("the line broke")

        with pytest.raises(OSError, match="the line broke"):
            spilled(IterableSource(failing()), str(tmp_path))
        (tmp_path / "0123-000000.parquet").write_bytes(b"of a process that was killed")
        source = spilled(IterableSource(numbers(3)), str(tmp_path))
        assert {path.name for path in tmp_path.iterdir()} == {
            "rows.json",
            *(Path(listed.fragment.path).name for listed in source.fragments()),
        }

    def test_who_comes_second_uses_what_the_first_wrote(self, tmp_path):
        def overtaken():
            yield from numbers(3)
            spilled(IterableSource(numbers(5, start=100)), str(tmp_path))

        source = spilled(IterableSource(overtaken()), str(tmp_path))
        assert read_back(source)["n"].tolist() == list(range(100, 105))
        assert len(list(tmp_path.iterdir())) == 2

    def test_the_mark_is_in_the_files(self, tmp_path):
        with tensor.inference_mode(), marks.origin(job="job-1"):
            rows = [{"v": tensor.ones(3)}]
        source = spilled(IterableSource(rows), str(tmp_path))
        assert mark_of(pq.read_schema(source.fragments()[0].fragment.path)) == Origin(job="job-1")
        assert spilled(IterableSource([]), str(tmp_path)).mark() == Origin(job="job-1")

    def test_what_was_damaged_is_said(self, tmp_path):
        source = spilled(IterableSource(numbers(3)), str(tmp_path))
        Path(source.fragments()[0].fragment.path).unlink()
        with pytest.raises(UsageError, match=r"\.parquet is missing; its rows were \d+ bytes"):
            spilled(IterableSource([]), str(tmp_path))
        (tmp_path / "rows.json").write_text("{")
        with pytest.raises(UsageError, match=r"rows\.json is damaged"):
            spilled(IterableSource([]), str(tmp_path))


class TestWhatIsMeant:
    def test_a_list_of_rows_is_in_memory(self):
        with tensor.inference_mode(), marks.origin(job="job-1"):
            computed = tensor.ones(1)
        source = as_source([{"n": 1, "l": [1.0]}, {"n": 2, "l": [computed[0], 2.0]}])
        assert isinstance(source, ArraySource)
        assert source.mark() == Origin(job="job-1")
        rows = read_back(source)
        assert rows["n"].tolist() == [1, 2]
        assert isinstance(rows["l"], Ragged)
        source.close()

    def test_what_comes_by_once_is_written_down(self):
        reader = pa.table({"n": [1, 2]}).to_reader()
        for value in (numbers(2), iter([{"n": 1}, {"n": 2}]), reader, map(dict, [{"n": 1}, {"n": 2}])):
            source = as_source(value)
            assert isinstance(source, IterableSource)
            assert as_source(source) is source
            planned = spilled(source)
            assert row_count(read_back(planned)) == 2
            planned.close()

    def test_a_source_that_has_a_plan_stays(self):
        source = as_source(pd.DataFrame({"n": [1]}))
        assert spilled(source) is source
        source.close()

    def test_what_is_no_iterable_is_refused(self):
        with pytest.raises(UsageError, match="expected an iterable of rows, or a function that returns one, got int"):
            IterableSource(3)
