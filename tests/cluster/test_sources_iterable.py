"""Rows that come by once: they are written down before they are cut."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tensor
from cluster import Pool, read_results
from cluster.errors import JobFenced, JobFolderError, UsageError, UserCodeFailed
from cluster.folder import JobFolder
from cluster.planning import plan_digest, plan_shards
from cluster.sources import ArraySource, IterableSource, as_source, spilled
from cluster.sources import spilling as pieces
from tensor import Origin, marks
from tests.resources import open_files
from tests.strategies import columns
from workers import storage
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

    def test_a_generator_that_was_gone_through_is_refused(self, spill):
        rows = numbers(3)
        spill(rows)
        with pytest.raises(UsageError, match="the generator has been gone through before"):
            spilled(IterableSource(rows))
        assert spilled(IterableSource(lambda: numbers(3))).fragments()[0].rows == 3

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


def never():
    raise AssertionError("not asked for")


def kept(rows, folder, **options):
    return spilled(IterableSource(rows, **options), str(folder))


class TestKept:
    def test_rows_that_something_was_computed_of_are_used_again(self, tmp_path):
        first = kept(numbers(10), tmp_path / "rows")
        second = spilled(IterableSource(never), str(tmp_path / "rows"), first.identity()["digest"])
        assert second.identity() == first.identity()
        assert json.loads(json.dumps(first.identity())) == first.identity()
        assert read_back(second)["n"].tolist() == list(range(10))

    def test_equal_rows_have_one_plan_wherever_they_are(self, tmp_path, monkeypatch):
        monkeypatch.setattr(pieces, "_PIECE_ROWS", 4)
        plans = {plan_digest(plan_shards(kept(numbers(10), tmp_path / name).fragments())) for name in "ab"}
        assert len(plans) == 1
        assert plan_digest(plan_shards(kept(numbers(10, start=1), tmp_path / "c").fragments())) not in plans

    def test_another_name_is_another_job(self, tmp_path):
        one, other = (kept(numbers(3), tmp_path, name=name) for name in ("a", "b"))
        assert {**one.identity(), "name": "b"} == other.identity() != one.identity()

    def test_an_iterable_that_fails_leaves_what_is_there(self, tmp_path):
        def failing():
            yield pa.table({"n": [1, 2]})
            raise OSError("the line broke")

        kept(numbers(3), tmp_path)
        before = sorted(tmp_path.iterdir())
        with pytest.raises(OSError, match="the line broke"):
            kept(failing(), tmp_path)
        assert sorted(tmp_path.iterdir()) == before

    @pytest.mark.parametrize("start", [0, 100], ids=["equal rows", "other rows"])
    def test_two_at_once(self, tmp_path, start):
        others = []

        def overtaken():
            yield from numbers(3)
            others.append(kept(numbers(3, start=start), tmp_path))

        source = kept(overtaken(), tmp_path)
        assert read_back(source)["n"].tolist() == [0, 1, 2]
        assert read_back(others[0])["n"].tolist() == [start, start + 1, start + 2]
        assert len(list(tmp_path.iterdir())) == (4 if start else 2)

    def test_the_mark_is_in_the_files_and_counts(self, tmp_path):
        with tensor.inference_mode(), marks.origin(job="job-1"):
            rows = [{"v": tensor.ones(3)}]
        source = kept(rows, tmp_path)
        assert mark_of(pq.read_schema(source.fragments()[0].fragment.path)) == source.mark() == Origin(job="job-1")
        assert kept([{"v": np.ones(3, np.float32)}], tmp_path).mark() is None

    @pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"{")], ids=["gone", "cut off"])
    @pytest.mark.parametrize("suffix", ["json", "parquet"])
    def test_what_was_damaged_is_written_anew(self, tmp_path, damage, suffix):
        first = kept(numbers(3), tmp_path)
        damage(next(tmp_path.glob(f"*.{suffix}")))
        second = spilled(IterableSource(numbers(3)), str(tmp_path), first.identity()["digest"])
        assert read_back(second)["n"].tolist() == [0, 1, 2]
        assert second.identity() == first.identity()

    def test_rows_that_another_driver_removes_meanwhile(self, tmp_path):
        def robbed():
            yield pa.table({"n": range(pieces._PIECE_ROWS)})
            yield pa.table({"n": [1]})
            next(tmp_path.glob("*.parquet")).unlink()

        with pytest.raises(JobFolderError, match="another driver, with other rows, has taken the folder over"):
            kept(robbed(), tmp_path)


class TestTakingOver:
    """A job folder with the rows of a job that has committed nothing."""

    @pytest.fixture(params=["path", "url"])
    def place(self, request, tmp_path, bucket):
        return str(tmp_path / "out") if request.param == "path" else f"{bucket}/out"

    @staticmethod
    def opened(place, rows, **options):
        source = spilled(IterableSource(rows), *JobFolder.rows_place(place))
        JobFolder.open(place, {"source": source.identity()}, shards=1, **options)
        return source

    @pytest.mark.parametrize("then", [3, 5], ids=["the old rows", "the new rows"])
    def test_a_driver_killed_at_any_step(self, place, then):
        steps: list[str] = []

        class KilledError(BaseException):
            pass

        def checkpoint(step):
            steps.append(step)
            if len(steps) == fatal:
                raise KilledError

        for fatal in count(1):
            out, steps[:] = f"{place}/{fatal}", []
            self.opened(out, numbers(3))
            with suppress(KilledError):
                self.opened(out, numbers(5), checkpoint=checkpoint)
            source = self.opened(out, numbers(then))
            assert read_back(source)["n"].tolist() == list(range(then))
            assert len(storage.list_files(f"{out}/_shoal/rows")) == 2
            if len(steps) < fatal:
                break
        assert fatal > 3

    def test_rows_of_a_job_that_is_taken_over_go_with_it(self, place):
        self.opened(place, numbers(3))
        JobFolder.open(place, {"source": {"kind": "npy"}}, shards=1)
        assert storage.list_files(f"{place}/_shoal") != []
        assert not any("/rows/" in file.place for file in storage.list_files(f"{place}/_shoal"))

    def test_rows_that_are_gone_before_the_job_has_the_folder(self, place):
        source = spilled(IterableSource(numbers(3)), *JobFolder.rows_place(place))
        storage.remove(source.fragments()[0].fragment.path)
        with pytest.raises(JobFolderError, match="has lost the rows of this job: another driver, with other rows"):
            JobFolder.open(place, {"source": source.identity()}, shards=1)
        assert read_back(self.opened(place, numbers(3)))["n"].tolist() == [0, 1, 2]


class Doubling:
    """Does what the test says before each batch."""

    before = staticmethod(lambda first: None)

    def __call__(self, batch):
        self.before(int(batch["n"][0]))
        return {"y": batch["n"] * 2}


def run(out, rows):
    with Pool(Doubling, backend="inline") as pool:
        return pool.run(IterableSource(rows), out, shard_rows=8, progress=False)


def stop(at):
    def before(first):
        if first >= at:
            raise RuntimeError("stopped here")

    return staticmethod(before)


def kept_files(out):
    return sorted(path.name for path in (out / "_shoal" / "rows").iterdir())


class TestJobs:
    @pytest.fixture(autouse=True)
    def outcome(self, tmp_path):
        """However it went, the job's own rows are there, and are the only ones."""
        yield
        out = next(tmp_path.glob("out*"))
        assert run(out, never).resumed_rows == 32
        assert np.sort(read_results(out)["y"]).tolist() == list(range(0, 64, 2))
        assert len(kept_files(out)) == 2

    def test_another_driver_commits_while_rows_are_written(self, tmp_path, monkeypatch):
        def overtaken():
            yield from numbers(32)
            monkeypatch.setattr(Doubling, "before", stop(8))
            with pytest.raises(UserCodeFailed, match="stopped here"):
                run(tmp_path / "out", numbers(32))
            monkeypatch.undo()

        assert run(tmp_path / "out", overtaken()).resumed_rows == 8

    def test_another_driver_commits_while_other_rows_are_written(self, tmp_path):
        def overtaken():
            yield from numbers(32, start=100)
            run(tmp_path / "out", numbers(32))

        with pytest.raises(JobFolderError, match=r"holds another job: source\.digest was"):
            run(tmp_path / "out", overtaken())

    def test_a_driver_comes_and_fails_while_another_has_committed_nothing(self, tmp_path, monkeypatch):
        def failing():
            yield {"n": 1}
            raise OSError("the line broke")

        def before(first):
            monkeypatch.undo()
            with pytest.raises(OSError, match="the line broke"):
                run(tmp_path / "out", failing())

        monkeypatch.setattr(Doubling, "before", staticmethod(before))
        assert run(tmp_path / "out", numbers(32)).rows == 32

    @pytest.mark.parametrize("start", [0, 100], ids=["equal rows", "other rows"])
    def test_a_driver_takes_over_from_another_that_has_committed_nothing(self, tmp_path, monkeypatch, start):
        def before(first):
            monkeypatch.undo()
            assert run(tmp_path / "out", numbers(32)).rows == 32

        monkeypatch.setattr(Doubling, "before", staticmethod(before))
        with pytest.raises(JobFenced):
            run(tmp_path / "out", numbers(32, start=start))

    def test_a_folder_that_was_moved(self, tmp_path, monkeypatch):
        monkeypatch.setattr(Doubling, "before", stop(8))
        with pytest.raises(UserCodeFailed, match="stopped here"):
            run(tmp_path / "out", numbers(32))
        monkeypatch.undo()
        shutil.copytree(tmp_path / "out", tmp_path / "out-elsewhere", copy_function=shutil.copy)  # with other times
        shutil.rmtree(tmp_path / "out")
        assert run(tmp_path / "out-elsewhere", never).resumed_rows == 8

    @pytest.mark.parametrize("moment", ["in the middle of the rows", "before the manifest"])
    def test_a_driver_killed_before_it_has_a_job(self, tmp_path, moment):
        out = tmp_path / "out"
        code = (
            "import os, signal, sys\n"
            "from cluster.folder import JobFolder\n"
            "from cluster.sources import IterableSource, spilled, spilling\n"
            "spilling._PIECE_ROWS = 8\n"
            "def rows():\n"
            "    for n in range(4000):\n"
            "        yield {'n': n}\n"
            "    if sys.argv[2] == 'in the middle of the rows':\n"
            "        os.kill(os.getpid(), signal.SIGKILL)\n"
            "spilled(IterableSource(rows()), *JobFolder.rows_place(sys.argv[1]))\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        assert subprocess.run([sys.executable, "-c", code, str(out), moment], check=False).returncode == -9
        assert any(name.endswith(".json") for name in kept_files(out)) == (moment == "before the manifest")
        assert run(out, numbers(32)).rows == 32


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
