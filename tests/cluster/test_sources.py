import gc
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

import tensor
import workers.messages  # noqa: F401  (registers what travels)
from cluster.errors import SourceNotFoundError, UsageError
from cluster.planning import plan_shards
from cluster.sources import ArraySource, ArrowSource, NpySource, NpzSource, ParquetSource, Source, as_source
from tensor import wire
from tests.resources import is_mapped, open_files
from tests.strategies import columns
from workers.arrow import to_table
from workers.columns import as_columns, concat_rows, digest_rows, row_count
from workers.errors import ColumnsError, SourceError
from workers.ragged import Ragged
from workers.reading import ShardReader, read_shard
from workers.sinks.marking import mark_for

ROWS = as_columns({"x": np.arange(200.0).reshape(100, 2), "text": [None, "a"] * 50})


def read_back(source, **options):
    reader = ShardReader()
    rows = concat_rows([reader.read(shard) for shard in plan_shards(source.fragments(), **options)])
    reader.close()
    return rows


def write_parquet(path, rows=ROWS, **options):
    pq.write_table(to_table(rows), path, **options)


class TestArraySource:
    @given(columns(min_rows=1))
    def test_rows_come_back(self, rows):
        source = ArraySource(rows)
        assert digest_rows(read_back(source, shard_rows=3)) == digest_rows(rows)
        source.close()

    def test_the_memory_goes_with_the_last_who_holds_it(self):
        before = open_files()
        source = ArraySource(ROWS)
        rows = read_back(source, shard_rows=100)
        source.close()
        source.close()
        assert open_files() == before
        assert rows["x"].sum() == ROWS["x"].sum()  # what is mapped stays
        assert is_mapped("shoal-rows")
        del rows
        assert not is_mapped("shoal-rows")

    def test_the_memory_goes_with_a_forgotten_source(self):
        before = open_files()
        ArraySource(ROWS)
        gc.collect()
        assert open_files() == before

    def test_the_memory_goes_with_a_failed_source(self, monkeypatch):
        before = open_files()
        monkeypatch.setattr("fcntl.F_ADD_SEALS", -1)
        with pytest.raises(OSError, match="Invalid argument"):
            ArraySource(ROWS)
        assert open_files() == before

    def test_nobody_can_write_to_the_memory(self):
        source = ArraySource(ROWS)
        path = source.fragments()[0].fragment.path
        with open(path, "r+b", buffering=0) as file, pytest.raises(PermissionError):  # noqa: PTH123
            file.write(b"x")
        source.close()

    def test_other_processes_map_it(self):
        source = ArraySource(ROWS)
        [shard] = plan_shards(source.fragments(), shard_rows=1000)
        code = (
            "import sys, workers.messages; from tensor import wire; from workers.reading import read_shard\n"
            "from workers.columns import digest_rows\n"
            "rows = read_shard(wire.unpack(sys.stdin.buffer.read()))\n"
            "assert 'shoal-rows' in open('/proc/self/maps').read()\n"
            "print(digest_rows(rows))"
        )
        sent = b"".join(wire.pack(shard))
        done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=True)
        assert done.stdout.decode().strip() == digest_rows(ROWS)
        source.close()

    def test_after_close_reading_says_what_is_missing(self):
        source = ArraySource(ROWS)
        [shard] = plan_shards(source.fragments(), shard_rows=1000)
        source.close()
        with pytest.raises(SourceError, match=r"is missing|changed"):
            read_shard(shard)

    def test_identity_is_that_of_the_rows(self):
        one, same, other = ArraySource(ROWS), ArraySource(dict(reversed(ROWS.items()))), ArraySource({"x": ROWS["x"]})
        assert one.identity() == same.identity() != other.identity()
        assert json.loads(json.dumps(one.identity())) == one.identity()
        ids = [[shard.id for shard in plan_shards(source.fragments())] for source in (one, same, other)]
        assert ids[0] == ids[1] != ids[2]
        for source in (one, same, other):
            source.close()

    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            ({"a": [1], "b": [1, 2]}, "'a' has 1, 'b' has 2"),
            ({"a": np.array([1, "a"], object)}, "got int, str"),
            ({"a": np.zeros(2, complex)}, "complex128"),
            ({"a": np.zeros((2, 0))}, "rows without values"),
            ({}, "no columns"),
        ],
    )
    def test_bad_columns_are_refused_at_once(self, bad, message):
        before = open_files()
        with pytest.raises(ColumnsError, match=message):
            ArraySource(bad)
        assert open_files() == before


class TestNpySource:
    def test_rows_come_back(self, tmp_path):
        np.save(tmp_path / "x.npy", ROWS["x"])
        source = NpySource(tmp_path / "x.npy")
        assert digest_rows(read_back(source, shard_rows=30)) == digest_rows({"data": ROWS["x"]})
        assert NpySource(tmp_path / "x.npy", column="x").fragments()[0].fragment.column == "x"
        source.close()

    def test_identity_follows_the_file(self, tmp_path):
        path = tmp_path / "x.npy"
        np.save(path, ROWS["x"])
        before = NpySource(path).identity()
        (file,) = before["files"]
        assert file["path"] == str(path)
        assert json.loads(json.dumps(before)) == before == NpySource(path).identity()
        os.utime(path, ns=(5, 5))
        assert NpySource(path).identity() == {**before, "files": [{**file, "mtime_ns": 5}]}

    def test_a_file_that_is_cut_off_is_refused_at_once(self, tmp_path):
        np.save(tmp_path / "x.npy", ROWS["x"])
        os.truncate(tmp_path / "x.npy", 1000)
        with pytest.raises(SourceError, match=r"x\.npy is cut off: .*takes 1728 bytes .* the file has 1000"):
            NpySource(tmp_path / "x.npy")

    def test_several_files_are_one_column(self, tmp_path):
        for name, start in {"b": 3, "a": 0}.items():
            np.save(tmp_path / f"{name}.npy", np.arange(start, start + 3))
        assert read_back(NpySource(tmp_path))["data"].tolist() == list(range(6))
        np.save(tmp_path / "c.npy", np.zeros((3, 2)))
        with pytest.raises(UsageError, match=r"a\.npy and .*c\.npy do not hold the same column: int64 .* float64"):
            NpySource(tmp_path)

    def test_relative_paths_become_absolute(self, tmp_path, monkeypatch):
        np.save(tmp_path / "x.npy", ROWS["x"])
        monkeypatch.chdir(tmp_path)
        assert NpySource("./sub/../x.npy").fragments()[0].fragment.path == str(tmp_path / "x.npy")
        with pytest.raises(SourceNotFoundError, match=f"there is no file {tmp_path}/y.npy"):
            NpySource("y.npy")

    @pytest.mark.parametrize(
        ("array", "error", "message"),
        [
            (np.array(["a", 1], object), SourceError, "never unpickles"),
            (np.array(3), SourceError, "single value"),
            (np.zeros(3, complex), ColumnsError, "complex128"),
        ],
    )
    def test_bad_files_are_refused_at_once(self, tmp_path, array, error, message):
        np.save(tmp_path / "x.npy", array, allow_pickle=True)
        with pytest.raises(error, match=message):
            NpySource(tmp_path / "x.npy")


class TestParquetSource:
    def test_row_groups_are_fragments(self, tmp_path):
        write_parquet(tmp_path / "x.parquet", row_group_size=40)
        source = ParquetSource(tmp_path / "x.parquet")
        assert [listed.rows for listed in source.fragments()] == [40, 40, 20]
        assert digest_rows(read_back(source)) == digest_rows(ROWS)
        assert digest_rows(read_back(source, shard_rows=7)) == digest_rows(ROWS)
        source.close()

    def test_a_folder_or_pattern_is_read_in_the_order_of_names(self, tmp_path):
        for name, value in {"b": 2, "a": 1, "_c": 3, ".d": 4}.items():
            write_parquet(tmp_path / f"{name}.parquet", {"v": np.array([value])})
        (tmp_path / "notes.txt").write_text("not data")
        (tmp_path / "_shoal").mkdir()
        for path in (tmp_path, tmp_path / "*.parquet", f"{tmp_path}/[ab].parquet"):
            assert read_back(ParquetSource(path))["v"].tolist() == [1, 2]

    def test_chosen_columns(self, tmp_path):
        write_parquet(tmp_path / "x.parquet")
        source = ParquetSource(tmp_path / "x.parquet", columns=["text"])
        assert list(read_back(source)) == ["text"]
        assert source.identity()["columns"] == ["text"]
        with pytest.raises(UsageError, match="no column 'y', 'z'; it has x, text"):
            ParquetSource(tmp_path / "x.parquet", columns=["x", "y", "z"])
        with pytest.raises(UsageError, match=r"write \['text'\]"):
            ParquetSource(tmp_path / "x.parquet", columns="text")
        with pytest.raises(UsageError, match="nothing to read"):
            ParquetSource(tmp_path / "x.parquet", columns=[])

    def test_a_column_that_is_not_carried_can_be_left_out(self, tmp_path):
        pq.write_table(pa.table({"a": [1], "b": [{"c": 1}]}), tmp_path / "x.parquet")
        with pytest.raises(ColumnsError, match=r"x\.parquet: column 'b' has the Arrow type struct.*columns=\[…\]"):
            ParquetSource(tmp_path / "x.parquet")
        assert read_back(ParquetSource(tmp_path / "x.parquet", columns=["a"]))["a"].tolist() == [1]

    @pytest.mark.parametrize("statistics", [True, False])
    def test_missing_whole_numbers_make_floats_of_all(self, tmp_path, statistics):
        options = {"row_group_size": 2, "write_statistics": statistics}
        pq.write_table(pa.table({"i": [1, 2, 3], "n": [1, 2, 3]}), tmp_path / "a.parquet", **options)
        pq.write_table(pa.table({"i": [4, 5, None], "n": [4, 5, 6]}), tmp_path / "b.parquet", **options)
        rows = [read_shard(shard) for shard in plan_shards(ParquetSource(tmp_path).fragments(), shard_rows=2)]
        assert {str(each["i"].dtype) for each in rows} == {"float64"}
        np.testing.assert_array_equal(concat_rows(rows)["i"], [1, 2, 3, 4, 5, np.nan])
        assert concat_rows(rows)["n"].dtype == np.int64
        assert read_back(ParquetSource(tmp_path / "a.parquet"))["i"].dtype == np.int64
        assert list(read_back(ParquetSource(tmp_path, ["n"]))) == ["n"]
        pq.write_table(pa.table({"i": [2**53 + 1], "n": [7]}), tmp_path / "c.parquet", **options)
        with pytest.raises(ColumnsError, match=rf"'i' .*misses values.*{2**53 + 1}"):
            read_back(ParquetSource(tmp_path))
        assert read_back(ParquetSource(tmp_path / "c.parquet"))["i"].tolist() == [2**53 + 1]

    @pytest.mark.parametrize("statistics", [True, False])
    def test_nulls_without_a_place_are_refused_at_once(self, tmp_path, statistics):
        table = pa.table({"b": [True, None, None], "l": [[1], [], None], "t": [["a"], [None], []], "e": [[1], [], [2]]})
        path = tmp_path / "x.parquet"
        pq.write_table(table, path, row_group_size=2, write_statistics=statistics)
        with pytest.raises(ColumnsError, match=rf"{path}: column 'b' \(bool\) has 2 nulls.*columns=\[…\]"):
            ParquetSource(path)
        assert list(read_back(ParquetSource(path, ["t", "e"]))["t"].values) == ["a", None]
        pq.write_table(table, path, write_statistics=statistics)
        with pytest.raises(ColumnsError, match=rf"{path}: .*column 'l' .* has 1 nulls.*columns=\[…\]"):
            ParquetSource(path, ["l"])

    def test_files_must_hold_the_same_columns(self, tmp_path):
        write_parquet(tmp_path / "a.parquet", {"x": np.array([1]), "y": np.array([1])})
        write_parquet(tmp_path / "b.parquet", {"x": np.array([1.0]), "z": np.array([1])})
        with pytest.raises(
            UsageError, match=r"'x' is int64 in the first and double in the second; 'y' is int64 .* missing"
        ):
            ParquetSource(tmp_path)

    def test_identity_covers_every_file(self, tmp_path):
        for name in "ab":
            write_parquet(tmp_path / f"{name}.parquet")
        identity = ParquetSource(tmp_path).identity()
        assert json.loads(json.dumps(identity)) == identity
        assert [file["path"] for file in identity["files"]] == [str(tmp_path / f"{name}.parquet") for name in "ab"]

    def test_what_is_not_there_is_said(self, tmp_path):
        with pytest.raises(SourceNotFoundError, match=f"no \\*.parquet or \\*.pq file in the folder {tmp_path} "):
            ParquetSource(tmp_path)
        with pytest.raises(SourceNotFoundError, match="no file of the pattern"):
            ParquetSource(tmp_path / "*.parquet")
        with pytest.raises(SourceNotFoundError, match="there is no file"):
            ParquetSource(tmp_path / "x.parquet")
        (tmp_path / "x.parquet").write_bytes(b"PAR1 no")
        with pytest.raises(UsageError, match=r"x\.parquet is not a Parquet file"):
            ParquetSource(tmp_path)

    def test_files_without_rows(self, tmp_path):
        write_parquet(tmp_path / "x.parquet", {"x": np.zeros((0, 2)), "r": Ragged(np.zeros((0, 2)), [0])})
        assert plan_shards(ParquetSource(tmp_path).fragments()) == []


class TestHivePartitions:
    def write(self, folder, paths):
        for number, path in enumerate(paths):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_parquet(folder / path, {"v": np.array([number, number])})

    def test_folders_are_columns(self, tmp_path):
        self.write(tmp_path, ["year=2023/k=a%20b/x.parquet", "year=2024/k=__HIVE_DEFAULT_PARTITION__/x.parquet"])
        rows = read_back(ParquetSource(tmp_path))
        assert list(rows) == ["v", "year", "k"]
        assert rows["v"].tolist() == [0, 0, 1, 1]
        assert rows["year"].tolist() == [2023, 2023, 2024, 2024]
        assert rows["k"].tolist() == ["a b", "a b", None, None]
        expected = pq.read_table(tmp_path, partitioning="hive").to_pydict()
        assert {name: rows[name].tolist() for name in rows} == expected
        assert read_back(ParquetSource(f"{tmp_path}/year=*/*/*.parquet"))["year"].tolist() == [2023, 2023, 2024, 2024]

    def test_they_can_be_chosen_and_turned_off(self, tmp_path):
        self.write(tmp_path, ["year=07/x.parquet", "year=08/x.parquet"])
        assert read_back(ParquetSource(tmp_path, columns=["year"]))["year"].tolist() == ["07", "07", "08", "08"]
        assert list(read_back(ParquetSource(tmp_path, columns=["v"]))) == ["v"]
        assert list(read_back(ParquetSource(tmp_path, hive=False))) == ["v"]
        with pytest.raises(UsageError, match="no column 'month'; it has v, year"):
            ParquetSource(tmp_path, columns=["month"])

    def test_folders_that_do_not_fit_are_refused(self, tmp_path):
        self.write(tmp_path, ["v=1/x.parquet"])
        with pytest.raises(UsageError, match="column 'v' in the file and in the name of a folder"):
            ParquetSource(tmp_path)
        self.write(tmp_path, ["w=1/x.parquet"])
        with pytest.raises(UsageError, match=r"not in the same kind of folders.*\['v'\].*\['w'\]"):
            ParquetSource(tmp_path)


class TestNpzSource:
    @pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
    @pytest.mark.parametrize("shard_rows", [3, 100])
    def test_arrays_are_columns(self, tmp_path, save, shard_rows):
        arrays = {
            "x": np.arange(20.0).reshape(10, 2),
            "f": np.asfortranarray(np.arange(30).reshape(10, 3)),
            "s": np.array([str(row) for row in range(10)]),
        }
        save(tmp_path / "x.npz", **arrays)
        assert digest_rows(read_back(NpzSource(tmp_path / "x.npz"), shard_rows=shard_rows)) == digest_rows(
            as_columns(arrays)
        )
        assert list(read_back(NpzSource(tmp_path / "x.npz", columns=["f"]))) == ["f"]
        with pytest.raises(UsageError, match="no column 'y'; it has x, f, s"):
            NpzSource(tmp_path / "x.npz", columns=["y"])

    def test_uncompressed_arrays_are_mapped(self, tmp_path):
        np.savez(tmp_path / "x.npz", x=np.arange(10))
        rows = read_back(as_source(tmp_path / "x.npz"), shard_rows=100)
        assert not rows["x"].flags.writeable
        assert is_mapped(str(tmp_path / "x.npz"))

    def test_bad_files_are_refused_at_once(self, tmp_path):
        path = tmp_path / "x.npz"
        np.savez(path, x=np.arange(3), y=np.arange(4))
        with pytest.raises(ColumnsError, match="'x' has 3, 'y' has 4"):
            NpzSource(path)
        np.savez(path, x=np.array([None]))
        with pytest.raises(SourceError, match=r"the array 'x' of .*x\.npz holds pickled"):
            NpzSource(path)
        path.write_bytes(b"PK no")
        with pytest.raises(SourceError, match=r"x\.npz is not a \.npz file"):
            NpzSource(path)


class TestArrowSource:
    def test_tables_and_frames(self):
        frame = pd.DataFrame({"x": [1.5, None], "n": [1, 2], "s": ["a", None], "c": pd.Categorical(["u", "v"])})
        for value in (frame, pa.Table.from_pandas(frame), pa.RecordBatch.from_pandas(frame)):
            source = as_source(value)
            assert isinstance(source, ArrowSource)
            rows = read_back(source, shard_rows=1)
            np.testing.assert_array_equal(rows["x"], [1.5, np.nan])
            assert [rows[name].tolist() for name in "nsc"] == [[1, 2], ["a", None], ["u", "v"]]
            source.close()

    def test_identity_is_that_of_the_rows(self):
        table = pa.table({"x": [1, 2, 3]})
        one, other = ArrowSource(table), ArraySource({"x": np.array([1, 2, 3])})
        assert one.identity() == other.identity()
        one.close()
        other.close()

    def test_missing_whole_numbers_make_floats(self):
        missing = pa.array([5, None, 7])
        table = pa.table({"i": missing, "u": missing.cast("uint8"), "d": missing.dictionary_encode(), "n": [1, 2, 3]})
        for value in (table, pd.DataFrame({"i": pd.array([5, None, 7], "Int64")})):
            source = as_source(value)
            rows = read_back(source, shard_rows=1)
            for name in rows.keys() - {"n"}:
                assert rows[name].dtype == np.float64
                np.testing.assert_array_equal(rows[name], [5, np.nan, 7])
            assert "n" not in rows or rows["n"].dtype == np.int64
            source.close()

    def test_a_table_of_results_is_inference_only(self):
        table = pa.table({"x": [1.0]}).replace_schema_metadata(mark_for("job-1"))
        source = as_source(table)
        assert source.mark() == tensor.Origin(job="job-1")
        source.close()

    def test_what_cannot_be_columns_is_refused_at_once(self):
        before = open_files()
        for column in ([True, None], [[1], None], [[1], [None]], [2**53 + 1, None]):
            with pytest.raises(ColumnsError, match=r"'x' .*( has 1 nulls|beyond 2\*\*53)"):
                as_source(pa.table({"x": column}))
        with pytest.raises(UsageError, match="this DataFrame is no table that Arrow can hold"):
            as_source(pd.DataFrame({"x": [1, "a"]}))
        assert open_files() == before


class TestAsSource:
    def test_finds_the_kind(self, tmp_path):
        np.save(tmp_path / "x.npy", ROWS["x"])
        write_parquet(tmp_path / "x.parquet")
        npy = as_source(str(tmp_path / "x.npy"))
        assert isinstance(npy, NpySource)
        assert as_source(npy) is npy
        assert isinstance(npy, Source)
        assert isinstance(as_source(tmp_path / "x.parquet"), ParquetSource)
        assert isinstance(as_source(f"{tmp_path}/x.p*"), ParquetSource)
        with pytest.raises(UsageError, match=r"several kinds \(\.npy, \.parquet\).* NpySource, ParquetSource"):
            as_source(tmp_path)
        (tmp_path / "x.npy").unlink()
        (tmp_path / "README.txt").write_text("not data")
        assert isinstance(as_source(tmp_path), ParquetSource)
        assert isinstance(as_source(f"{tmp_path}/*.parquet"), ParquetSource)
        assert isinstance(as_source(ROWS), ArraySource)

    @pytest.mark.parametrize("lone", [np.arange(3), tensor.arange(3), Ragged.from_rows([[1], [2, 3], []])])
    def test_a_lone_array_is_the_column_data(self, lone):
        source = as_source(lone)
        rows = read_back(source)
        assert list(rows) == ["data"]
        assert row_count(rows) == 3
        source.close()

    def test_what_no_source_can_be_is_refused(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=f"there is no file {tmp_path}/x.csv"):
            as_source(tmp_path / "x.csv")
        (tmp_path / "x.json").touch()
        with pytest.raises(UsageError, match=r"extension '\.json'; a \.json file of one value is no JSON lines; shoal"):
            as_source(tmp_path / "x.json")
        for value, what in (([1, 2], "a list of int"), ([], "a list without rows"), (3, "int"), (b"x.npy", "bytes")):
            with pytest.raises(UsageError, match=f"cannot read rows from {what}; expected a path"):
                as_source(value)
