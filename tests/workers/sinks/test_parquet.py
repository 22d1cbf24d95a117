import json
from io import BytesIO

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from tensor import Origin
from tests.strategies import columns
from tests.workers.sinks.memory import read, written
from workers.arrow import to_columns, to_table
from workers.columns import as_columns, digest_rows, slice_rows
from workers.ragged import Ragged
from workers.schema import schema_of
from workers.sinks import ParquetSink
from workers.sinks.marking import mark_of
from workers.sinks.reading import read_files

ROWS = as_columns(
    {
        "embedding": np.arange(12, dtype=np.float32).reshape(4, 3),
        "text": ["a", None, "b", "c"],
        "tokens": Ragged.from_rows([[1, 2], [], [3], [4, 5, 6]]),
    }
)


def schema(rows):
    return json.dumps(schema_of(rows))


@given(columns())
def test_every_type_comes_back(rows):
    assert digest_rows(read(written(ParquetSink(), rows), schema(rows))) == digest_rows(rows)


def test_the_mark_names_the_job():
    content = written(ParquetSink(), ROWS)[".parquet"]
    assert mark_of(pq.read_schema(BytesIO(content))) == Origin(job="job-1")
    assert read_files({".parquet": BytesIO(content)}, schema(ROWS))[1] == Origin(job="job-1")


@pytest.mark.parametrize("codec", ["zstd", "snappy", "gzip", "brotli", "lz4", None])
def test_codecs(codec):
    content = written(ParquetSink(compression=codec), ROWS)[".parquet"]
    found = pq.read_metadata(BytesIO(content)).row_group(0).column(0).compression
    assert found == (codec or "uncompressed").upper()
    assert digest_rows(read({".parquet": content}, schema(ROWS))) == digest_rows(ROWS)


def test_a_level_tries_harder():
    rows = {"x": np.arange(20_000) // 3}
    fast, small = (written(ParquetSink(compression_level=level), rows)[".parquet"] for level in (1, 19))
    assert len(small) < len(fast)


@pytest.mark.parametrize(
    ("kind", "values", "kept"),
    [
        (pa.timestamp("us"), [0, 1], pa.timestamp("us")),
        (pa.timestamp("ns", tz="Europe/Rome"), [0, 1], pa.timestamp("ns")),  # as UTC: NumPy's times have no zone
        (pa.date32(), [0, 1], pa.date32()),
        (pa.dictionary(pa.int8(), pa.string()), ["a", "b"], pa.string()),
        (pa.large_string(), ["a", None], pa.string()),
        (pa.list_(pa.float32(), 2), [[1, 2], [3, 4]], pa.fixed_shape_tensor(pa.float32(), [2])),
        (pa.list_(pa.int16()), [[1, 2], []], pa.large_list(pa.int16())),
        (pa.uint8(), [0, 1], pa.uint8()),
        (pa.bool_(), [True, False], pa.bool_()),
    ],
    ids=str,
)
def test_types_of_input_columns_that_are_kept(kind, values, kept):
    rows = to_columns(pa.table({"x": pa.array(values, kind)}))
    content = written(ParquetSink(), rows)[".parquet"]
    assert pq.read_schema(BytesIO(content)).field("x").type == kept


def test_seconds_are_seconds_again_although_parquet_has_none():
    rows = {"at": np.arange(3).astype("M8[s]"), "marks": Ragged(np.arange(3).astype("M8[s]"), [0, 1, 1, 3])}
    assert digest_rows(read(written(ParquetSink(), rows), schema(rows))) == digest_rows(rows)


def test_other_tools_read_the_same(tmp_path):
    for shard, (start, stop) in enumerate([(0, 3), (3, 4)]):
        content = written(ParquetSink(), slice_rows(ROWS, start, stop))[".parquet"]
        (tmp_path / f"part-{shard}.parquet").write_bytes(content)
    assert pq.read_table(tmp_path, partitioning=None).combine_chunks() == to_table(ROWS).combine_chunks()
    frame = pd.read_parquet(tmp_path)
    assert frame["text"].fillna("none").tolist() == ["a", "none", "b", "c"]
    assert [row.tolist() for row in frame["tokens"]] == [[1, 2], [], [3], [4, 5, 6]]
    with duckdb.connect() as database:
        found = database.execute("select tokens, embedding from read_parquet(?)", [f"{tmp_path}/*.parquet"]).fetchall()
    assert [row for row, _ in found] == [[1, 2], [], [3], [4, 5, 6]]
    np.testing.assert_array_equal(np.array([row for _, row in found]), ROWS["embedding"])


def test_no_parquet_file_is_an_os_error():
    with pytest.raises(OSError, match="smaller than the minimum"):
        read({".parquet": b"no"}, schema(ROWS))


def test_other_endings_are_refused():
    with pytest.raises(OSError, match=r"\.csv, which no sink"):
        read({".csv": b""}, "{}")
