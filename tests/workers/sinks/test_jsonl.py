import gzip
import json

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import columns
from tests.workers.sinks.memory import read, written
from workers.columns import as_columns, row_count
from workers.errors import ColumnsError
from workers.ragged import Ragged
from workers.schema import schema_of
from workers.sinks import JsonlSink

TYPICAL = as_columns(
    {
        "text": ["naïve", None, 'a "quoted"\nline'],
        "score": np.array([0.1, 1.0, -2.5e-7], np.float32),
        "vector": np.array([[0.1, 2], [3, 4], [5, 6]], np.float32),
        "tokens": Ragged.from_rows([[1, 2], [], [3]]),
        "words": Ragged(np.array(["a", None, "b"], object), [0, 2, 2, 3]),
        "raw": np.array([b"\0\xff", None, b""], object),
        "day": np.array(["2024-02-29", "NaT", "1969-12-31"], "M8[D]"),
        "took": np.array([3, "NaT", 0], "m8[ms]"),
        "ok": [True, False, True],
        "big": np.array([2**64 - 1, 0, 1], np.uint64),
    }
)


def lines(rows):
    return written(JsonlSink(), rows)[".jsonl"].decode().splitlines()


def schema(rows):
    return json.dumps(schema_of(rows))


def assert_same(found, expected):
    assert schema_of(found) == schema_of(expected)
    for name, column in expected.items():
        actual = found[name]
        if isinstance(column, Ragged):
            np.testing.assert_array_equal(actual.offsets, column.offsets)
            actual, column = actual.values, column.values
        assert actual.dtype == column.dtype
        np.testing.assert_array_equal(actual, column)
        if column.dtype.kind == "f":
            kept = ~np.isnan(column)
            np.testing.assert_array_equal(np.signbit(actual[kept]), np.signbit(column[kept]))


def test_rows_are_objects_as_people_expect_them():
    assert lines(TYPICAL)[:2] == [
        '{"text": "naïve", "score": 0.1, "vector": [0.1,2.0], "tokens": [1,2], "words": ["a",null], "raw": "AP8=", '
        '"day": "2024-02-29", "took": 3, "ok": true, "big": 18446744073709551615}',
        '{"text": null, "score": 1.0, "vector": [3.0,4.0], "tokens": [], "words": [], "raw": null, '
        '"day": null, "took": null, "ok": false, "big": 0}',
    ]


def test_what_json_has_no_number_for():
    rows = {"x": np.array([np.nan, np.inf, -np.inf, -0.0, 1e20, 3])}
    assert [json.loads(line)["x"] for line in lines(rows)] == [None, "Infinity", "-Infinity", -0.0, 1e20, 3.0]
    assert_same(read(written(JsonlSink(), rows), schema(rows)), rows)


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


@given(columns(), st.sampled_from([None, "gzip", "zstd"]))
def test_every_type_is_valid_json_and_read_back_as_it_was(rows, compression):
    files = written(JsonlSink(compression=compression), rows)
    if compression is None:
        found = files[".jsonl"].decode().split("\n")[:-1]
        assert [list(json.loads(line, parse_constant=refuse)) for line in found] == [list(rows)] * row_count(rows)
    assert_same(read(files, schema(rows)), rows)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50))
def test_every_float32_comes_back(bits):
    rows = {"x": np.array(bits, np.uint32).view(np.float32)}
    assert_same(read(written(JsonlSink(), rows), schema(rows)), rows)


def test_gzip_files_hold_no_time_and_no_name():
    content = written(JsonlSink(compression="gzip"), TYPICAL)[".jsonl.gz"]
    assert content[3:8] == b"\0\0\0\0\0"
    assert gzip.decompress(content) == written(JsonlSink(), TYPICAL)[".jsonl"]


def test_other_tools_read_the_same(tmp_path):
    rows = {name: TYPICAL[name] for name in ("text", "score", "vector", "tokens")}
    for suffix, compression in {".jsonl": None, ".jsonl.gz": "gzip", ".jsonl.zst": "zstd"}.items():
        (tmp_path / f"part-0{suffix}").write_bytes(written(JsonlSink(compression=compression), rows)[suffix])
    frame = pd.read_json(tmp_path / "part-0.jsonl.gz", lines=True)
    assert frame["tokens"].tolist() == [[1, 2], [], [3]]
    np.testing.assert_array_equal(frame["score"].to_numpy(np.float32), rows["score"])
    with duckdb.connect() as database:
        found = database.execute("select text, vector from read_json_auto(?)", [f"{tmp_path}/*.jsonl*"]).fetchall()
    assert [text for text, _ in found] == rows["text"].tolist() * 3
    np.testing.assert_array_equal(np.array(found[2][1], np.float32), rows["vector"][2])
    with pa.input_stream(tmp_path / "part-0.jsonl.zst", compression="zstd") as stream:
        assert [json.loads(line) for line in stream.read().splitlines()] == [json.loads(line) for line in lines(rows)]


def test_text_that_is_no_unicode_is_refused():
    with pytest.raises(ColumnsError, match="no Unicode"):
        lines({"x": np.array(["\ud800"], object)})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"x": 1', "no row"),
        (b'{"y": 1}\n', "no row of x.*KeyError"),
        (b'{"x": "one"}\n', "'x' does not hold int64"),
        (b"[1]\n", "no row"),
    ],
)
def test_what_was_not_written_so_is_refused(content, message):
    with pytest.raises(OSError, match=message):
        read({".jsonl": content}, '{"x": "int64"}')


@pytest.mark.parametrize(("suffix", "compression"), [(".jsonl.gz", "gzip"), (".jsonl.zst", "zstd")])
def test_files_cut_off_in_the_middle_are_refused(suffix, compression):
    rows = {"x": np.random.default_rng(0).standard_normal(1000)}
    content = written(JsonlSink(compression=compression), rows)[suffix]
    with pytest.raises(OSError):
        read({suffix: content[:-100]}, schema(rows))
