"""CSV, JSONL and text files: every row once, whatever the cuts, and as pandas and pyarrow read the whole."""

import bz2
import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import SourceNotFoundError, UsageError
from cluster.planning import plan_shards
from cluster.sources import CsvSource, JsonlSource, TextSource, as_source
from tests.resources import open_files
from workers.columns import concat_rows
from workers.errors import ColumnsError, SourceError
from workers.readers.lines import decompressed
from workers.reading import ShardReader

PACKERS = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": lambda data: pa.compress(data, "zstd", asbytes=True),
    ".lz4": lambda data: pa.compress(data, "lz4", asbytes=True),
}

rows = st.lists(
    st.tuples(st.integers(-(10**9), 10**9), st.floats(allow_infinity=False), st.text('é",\n\r x', max_size=5)),
    min_size=1,
    max_size=12,
)
suffixes = st.sampled_from(list(PACKERS))
block_bytes = st.integers(4, 60)
shard_rows = st.none() | st.integers(1, 8)


def read_back(source, **options):
    reader = ShardReader()
    try:
        return concat_rows([reader.read(shard) for shard in plan_shards(source.fragments(), **options)])
    finally:
        reader.close()


def read_written(data, name, make, *, block_bytes, shard_rows):
    """The rows of a file of these bytes, cut into small parts, and what each fragment counts before it."""
    with TemporaryDirectory() as folder, patch("cluster.sources.records._BLOCK_BYTES", block_bytes):
        path = Path(folder, name)
        path.write_bytes(PACKERS["." + name.rpartition(".")[2] if name.count(".") > 1 else ""](data))
        source = make(path)
        before = 0
        for listed in source.fragments():
            assert listed.fragment.first_row == before
            before += listed.rows
        return read_back(source, shard_rows=shard_rows)


def csv_of(rows, end="\n"):
    frame = pd.DataFrame(rows, columns=["i", "f", "s"])
    return frame.to_csv(index=False, lineterminator=end, quoting=2).encode()


class TestCsvSource:
    @given(rows, st.sampled_from(["\n", "\r\n"]), suffixes, block_bytes, shard_rows)
    def test_rows_are_those_of_pyarrow(self, rows, end, suffix, block_bytes, shard_rows):
        data = csv_of(rows, end)
        kinds = {"i": "int64", "f": "float64", "s": "string"}
        found = read_written(
            data,
            f"x.csv{suffix}",
            lambda path: CsvSource(path, types=kinds),
            block_bytes=block_bytes,
            shard_rows=shard_rows,
        )
        whole = pc.read_csv(
            pa.BufferReader(data),
            parse_options=pc.ParseOptions(newlines_in_values=True),
            convert_options=pc.ConvertOptions(column_types={name: pa.type_for_alias(kinds[name]) for name in kinds}),
        )
        assert found["i"].tolist() == whole["i"].to_pylist()
        np.testing.assert_array_equal(found["f"], whole["f"].to_numpy())
        assert found["s"].tolist() == whole["s"].to_pylist()

    def test_types_are_settled_by_the_start(self, tmp_path):
        (tmp_path / "x.csv").write_text("n,f,b,d,t,e\n1,0.5,true,2024-01-02,x,\n2,1,false,2024-01-03,y,\n")
        rows = read_back(as_source(tmp_path / "x.csv"), shard_rows=1)
        kinds = {"n": "int64", "f": "float64", "b": "bool", "d": "datetime64[D]", "t": "object", "e": "object"}
        assert {name: str(column.dtype) for name, column in rows.items()} == kinds
        named = read_back(CsvSource(tmp_path / "x.csv", ["t", "n"], types={"n": "float32"}))
        assert [(name, str(column.dtype)) for name, column in named.items()] == [("t", "object"), ("n", "float32")]

    def test_a_value_that_does_not_fit_is_named_with_its_rows(self, tmp_path):
        path = tmp_path / "x.csv"
        path.write_text("n,m\n" + "1,1\n" * 300_000 + "1,1.5\n")
        source = CsvSource(path)
        assert len(source.fragments()) == 2
        with pytest.raises(
            SourceError,
            match=rf"{path}: row 300000 \(the first is row 0\), in bytes \d+ to 1200010, cannot be read: column 'm': "
            r".*int64: invalid value '1.5'.*types=\{\"m\": \"float64\"\}",
        ):
            read_back(source)

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (b"1,a,c\n", "row 300001 .*: Expected 2 columns, got 3"),
            (b"1,\xe9\n", "row 300001 .*'s' is not UTF-8; .*iconv"),
        ],
    )
    def test_a_broken_row_is_named(self, tmp_path, line, message):
        (tmp_path / "x.csv").write_bytes(b"n,s\n" + b"1,a\n" * 300_000 + b'\n2,"a\nb"\n' + line)
        with pytest.raises(SourceError, match=message) as raised:
            read_back(CsvSource(tmp_path / "x.csv"), shard_rows=1000)
        assert "float64" not in str(raised.value)

    def test_what_is_not_utf_8_is_said_at_once(self, tmp_path):
        path = tmp_path / "x.csv"
        path.write_bytes(b"n,s\n1,ok\n2,caf\xe9\n")
        with pytest.raises(SourceError, match=r"'s' is not UTF-8 in row 1 .*b'caf\\xe9', byte 3 of the value; .*iconv"):
            CsvSource(path)
        assert read_back(CsvSource(path, types={"s": "binary"}))["s"].tolist() == [b"ok", b"caf\xe9"]
        assert read_back(CsvSource(path, ["n"]))["n"].tolist() == [1, 2]
        path.write_bytes(b"caf\xe9\n1\n")
        with pytest.raises(SourceError, match=r"is not UTF-8: its first line, b'caf\\xe9"):
            CsvSource(path)

    def test_missing_numbers(self, tmp_path):
        path = tmp_path / "x.csv"
        path.write_text("n,f\n1,1.5\n,\n")
        rows = read_back(CsvSource(path), shard_rows=1)
        np.testing.assert_array_equal(rows["n"], [1, np.nan])
        np.testing.assert_array_equal(rows["f"], [1.5, np.nan])
        with pytest.raises(ColumnsError, match=r"x\.csv: column 'n' \(int64\) has 1 nulls"):
            CsvSource(path, types={"n": "int64"})
        path.write_text(f'n\n{2**53 + 1}\n""\n')
        with pytest.raises(ColumnsError, match=r"x\.csv: column 'n' .*beyond 2\*\*53"):
            CsvSource(path)
        path.write_text("n,m\n1,2\n,2\n" + "1,2\n" * 300_000 + f"{2**53 + 1},2\n")
        with pytest.raises(ColumnsError, match=r"rows \d+ to 300002, .*column 'n' .* may have lost digits"):
            read_back(CsvSource(path))
        assert read_back(CsvSource(path, types={"n": "float64"}))["n"][-1] == 2**53
        path.write_text("n\n" + "1\n" * 600_000 + '""\n')
        with pytest.raises(ColumnsError, match=r"'n' \(int64\) lacks 1 of \d+ values; .* types=\{\"n\": \"float64\"\}"):
            read_back(CsvSource(path))

    def test_several_files_have_one_table(self, tmp_path):
        (tmp_path / "a.csv").write_text("x,y\n")
        (tmp_path / "b.csv").write_text("\ufeffx,y\n1,a\n")
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "c.csv").write_text("y,x\nb,2\n")
        rows = read_back(as_source(tmp_path))
        assert {name: column.tolist() for name, column in rows.items()} == {"x": [1, 2], "y": ["a", "b"]}
        (tmp_path / "d.csv").write_text("x,z\n1,a\n")
        with pytest.raises(UsageError, match=r"a\.csv and .*d\.csv do not hold the same columns: x, y in .* x, z in"):
            CsvSource(tmp_path)

    def test_other_syntax(self, tmp_path):
        (tmp_path / "x.tsv").write_text('a\tb"\n"1\t2\n')
        rows = read_back(CsvSource(tmp_path / "x.tsv", column_names=["u", "v"], quote_char=None))
        assert {name: column.tolist() for name, column in rows.items()} == {"u": ["a", '"1'], "v": ['b"', "2"]}

    @pytest.mark.parametrize(
        ("text", "options", "error", "message"),
        [
            ("", {}, UsageError, r"x\.csv is empty; expected a first line"),
            ("a,b\n1,2\n3\n", {}, SourceError, r"x\.csv does not start with CSV records: .*Expected 2 columns, got 1"),
            ('a,b\n1,"2\n', {}, SourceError, r"x\.csv cannot be read: the quote after '1,' is never closed"),
            ("a,a\n", {}, UsageError, r"several columns of one name: a, a; name them with column_names"),
            ("a,b\n", {"columns": ["c"]}, UsageError, "no column 'c'; it has a, b"),
            ("a,b\n", {"types": {"c": "int64"}}, UsageError, r"types names 'c', and the columns of .* are a, b"),
            ("a,b\n", {"types": {"a": "number"}}, UsageError, "'a' is to have the type 'number', which there is not"),
            ("a,b\n", {"delimiter": "::"}, UsageError, "delimiter must be one ASCII character, got '::'"),
        ],
    )
    def test_what_cannot_be_read_is_said_at_once(self, tmp_path, text, options, error, message):
        (tmp_path / "x.csv").write_text(text)
        with pytest.raises(error, match=message):
            CsvSource(tmp_path / "x.csv", **options)


class TestJsonlSource:
    @given(rows, suffixes, block_bytes, shard_rows)
    def test_rows_are_those_of_json(self, rows, suffix, block_bytes, shard_rows):
        lines = [json.dumps({"i": i, "f": f, "s": s, "l": [i] * len(s)}, allow_nan=True) for i, f, s in rows]
        kinds = {"i": "int64", "f": "float64", "s": "string", "l": "list<int64>"}
        found = read_written(
            "\n\n".join(lines).replace("NaN", "null").encode(),
            f"x.jsonl{suffix}",
            lambda path: JsonlSource(path, types=kinds),
            block_bytes=block_bytes,
            shard_rows=shard_rows,
        )
        assert found["i"].tolist() == [i for i, _, _ in rows]
        np.testing.assert_array_equal(found["f"], [f for _, f, _ in rows])
        assert found["s"].tolist() == [s for _, _, s in rows]
        assert [each.tolist() for each in found["l"]] == [[i] * len(s) for i, _, s in rows]

    def test_keys_and_types(self, tmp_path):
        path = tmp_path / "x.jsonl"
        path.write_text('{"n": 1, "when": "2024-01-02T03:04:05", "o": {"p": 1}}\n{"n": 2, "f": 0.5, "t": ["a"]}\n')
        with pytest.raises(ColumnsError, match=r"x\.jsonl: column 'o' has the Arrow type struct.*columns=\[…\]"):
            JsonlSource(path)
        rows = read_back(JsonlSource(path, columns=["f", "n", "when"]), shard_rows=1)
        assert list(rows) == ["f", "n", "when"]
        np.testing.assert_array_equal(rows["f"], [np.nan, 0.5])
        assert rows["when"].tolist() == ["2024-01-02T03:04:05", None]
        with pytest.raises(UsageError, match=r"first lines of .* have no key 'z'; they have n, when, o, f, t\. types="):
            JsonlSource(path, columns=["z"])

    def test_missing_values(self, tmp_path):
        path = tmp_path / "x.jsonl"
        path.write_text('{"n": 1, "b": true}\n{"n": null}\n{"b": false}\n')
        with pytest.raises(ColumnsError, match=r"x\.jsonl: column 'b' \(bool\) has 1 nulls.*columns=\[…\]"):
            JsonlSource(path)
        np.testing.assert_array_equal(read_back(JsonlSource(path, ["n"]), shard_rows=1)["n"], [1, np.nan, np.nan])

    def test_what_comes_later_must_fit(self, tmp_path):
        path = tmp_path / "x.jsonl"
        path.write_text('{"n": 1}\n' * 120_000 + '{"n": 1, "z": 2}\n')
        with pytest.raises(SourceError, match=r"rows \d+ to 120000, .*a line has the key 'z', which the first"):
            read_back(JsonlSource(path))
        assert read_back(JsonlSource(path, ["n"]))["n"].sum() == 120_001
        path.write_text('{"n": 1}\n' * 120_000 + '{"n": "a"}\n')
        with pytest.raises(SourceError, match="changed from number to string"):
            read_back(JsonlSource(path))

    def test_what_is_no_json_is_said_at_once(self, tmp_path):
        (tmp_path / "x.jsonl").write_text("[1, 2]\n")
        with pytest.raises(SourceError, match="does not start with lines that are JSON objects"):
            JsonlSource(tmp_path / "x.jsonl")

    def test_two_objects_on_a_line_are_refused(self, tmp_path):
        (tmp_path / "x.jsonl").write_text('{"n": 1}{"n": 2}\n')
        with pytest.raises(SourceError, match="are 1 lines that hold 2 rows: a row must end with its line"):
            read_back(JsonlSource(tmp_path / "x.jsonl"))


class TestTextSource:
    @given(st.lists(st.text("ab\ré", max_size=6)), st.sampled_from(["\n", "\r\n"]), suffixes, block_bytes, shard_rows)
    def test_rows_are_the_lines(self, lines, end, suffix, block_bytes, shard_rows):
        lines = [line.rstrip("\r") for line in [*lines, "last"]]
        found = read_written(
            end.join(lines).encode(), f"x.txt{suffix}", TextSource, block_bytes=block_bytes, shard_rows=shard_rows
        )
        assert found["text"].tolist() == lines

    def test_several_files(self, tmp_path):
        (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\n\n")
        (tmp_path / "b.txt").write_bytes(b"")
        (tmp_path / "c.txt.gz").write_bytes(gzip.compress(b"two") + gzip.compress(b"\nthree\n"))
        assert read_back(as_source(tmp_path))["text"].tolist() == ["one", "", "two", "three"]
        assert list(read_back(TextSource(f"{tmp_path}/*.txt", column="line"))) == ["line"]
        (tmp_path / "a.txt").write_bytes(b"")
        assert plan_shards(TextSource(tmp_path / "a.txt").fragments()) == []

    def test_what_is_no_text_is_named(self, tmp_path):
        (tmp_path / "x.txt").write_bytes(b"ok\nna\xefve\n")
        with pytest.raises(SourceError, match=r"x\.txt: rows 0 to 1, .*line 1 of these, .*b'na\\xefve', is not UTF-8"):
            read_back(TextSource(tmp_path / "x.txt"))


class TestCompressedFiles:
    def test_one_reader_decompresses_once(self, tmp_path):
        (tmp_path / "x.txt.gz").write_bytes(gzip.compress(b"".join(b"%d\n" % row for row in range(1000))))
        shards = plan_shards(TextSource(tmp_path / "x.txt.gz").fragments(), shard_rows=10)
        before = open_files()
        reader = ShardReader()
        with patch("workers.readers.lines.decompressed", wraps=decompressed) as opened:
            for shard in shards[::3]:
                assert reader.read(shard)["text"][0] == str(shard.start)
            assert opened.call_count == 1
            reader.read(shards[0])  # backwards
            assert opened.call_count == 2
        reader.close()
        assert open_files() == before

    def test_a_damaged_one_is_said(self, tmp_path):
        path = tmp_path / "x.txt.gz"
        path.write_bytes(gzip.compress(np.random.default_rng(0).bytes(10_000).hex().encode())[:-100])
        with pytest.raises(SourceError, match=r"x\.txt\.gz cannot be read: .*[Tt]runcated"):
            TextSource(path)
        path.write_bytes(b"no gzip")
        with pytest.raises(SourceError, match=r"x\.txt\.gz cannot be read"):
            TextSource(path)

    def test_one_that_changed_is_not_read(self, tmp_path):
        path = tmp_path / "x.csv.gz"
        path.write_bytes(gzip.compress(b"a\n1\n2\n"))
        one, other = plan_shards(CsvSource(path).fragments(), shard_rows=1)
        reader = ShardReader()
        assert reader.read(one)["a"].tolist() == [1]
        path.write_bytes(gzip.compress(b"a\n1\n3\n4\n"))
        with pytest.raises(SourceError, match="changed after the job was planned"):
            reader.read(other)
        reader.close()


def test_identity_is_json_and_covers_types(tmp_path):
    (tmp_path / "x.csv").write_text("a\n1\n")
    one, other = CsvSource(tmp_path / "x.csv"), CsvSource(tmp_path / "x.csv", types={"a": "float64"})
    assert json.loads(json.dumps(one.identity())) == one.identity() != other.identity()
    ids = [[shard.id for shard in plan_shards(source.fragments())] for source in (one, other)]
    assert ids[0] != ids[1]


def test_what_is_not_there_is_said(tmp_path):
    for make, name in ((CsvSource, r"\*\.csv or \*\.tsv"), (JsonlSource, r"\*\.jsonl"), (TextSource, r"\*\.txt")):
        with pytest.raises(SourceNotFoundError, match=f"there is no {name}"):
            make(tmp_path)
