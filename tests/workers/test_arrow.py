import datetime
import decimal
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import columns, cuts
from workers.arrow import check_schema, to_columns, to_table
from workers.columns import as_columns, concat_rows, digest_rows, row_count, slice_rows
from workers.errors import ColumnsError
from workers.ragged import Ragged


@given(columns(), st.data())
def test_columns_survive_arrow_and_its_slices(rows, data):
    table = to_table(rows)
    assert digest_rows(to_columns(table)) == digest_rows(rows)
    for start, stop in data.draw(cuts(row_count(rows))):
        piece = to_columns(table.slice(start, stop - start))
        assert digest_rows(piece) == digest_rows(slice_rows(rows, start, stop))


@given(columns())
def test_columns_survive_parquet(rows):
    file = io.BytesIO()
    pq.write_table(to_table(rows), file)
    with pq.ParquetFile(file) as parquet:
        assert digest_rows(to_columns(parquet.read())) == digest_rows(rows)
        batches = [to_columns(pa.Table.from_batches([batch])) for batch in parquet.iter_batches(2)]
    if batches:
        assert digest_rows(concat_rows(batches)) == digest_rows(rows)


@given(columns())
def test_a_table_in_many_pieces_is_one(rows):
    table = to_table(rows)
    assert digest_rows(to_columns(pa.concat_tables([table, table]))) == digest_rows(concat_rows([rows, rows]))


def test_numbers_share_memory_with_the_table_both_ways():
    rows = {
        "flat": np.arange(4.0),
        "image": np.zeros((4, 2, 3), np.float32),
        "ragged": Ragged(np.arange(4), [0, 1, 1, 4, 4]),
    }
    back = to_columns(to_table(rows).slice(1))
    assert np.shares_memory(back["flat"], rows["flat"])
    assert np.shares_memory(back["image"], rows["image"])
    assert np.shares_memory(back["ragged"].values, rows["ragged"].values)
    assert not back["flat"].flags.writeable


def test_tables_that_others_wrote():
    rows = to_columns(
        pa.table(
            {
                "list": pa.array([[1, 2], [], [3]]),
                "grid": pa.array([[[1, 2], [3, 4]]] * 3, pa.list_(pa.list_(pa.int8(), 2), 2)),
                "kind": pa.array(["a", None, "a"]).dictionary_encode(),
                "long": pa.array(["x", "y", None], pa.large_string()),
                "time": pa.array([datetime.datetime(2024, 1, 1), None, None], pa.timestamp("us")),
                "day": pa.array([datetime.date(2024, 1, 1)] * 3),
                "none": pa.nulls(3),
                "tags": pa.array([["a"], [], ["b", None]]),
                "key": pa.array([b"ab", b"cd", None], pa.binary(2)),
            }
        ).slice(1)
    )
    assert [row.tolist() for row in rows["list"]] == [[], [3]]
    assert rows["grid"].tolist() == [[[1, 2], [3, 4]]] * 2
    assert rows["kind"].tolist() == [None, "a"]
    assert rows["long"].tolist() == ["y", None]
    assert np.isnat(rows["time"]).all()
    assert rows["day"].tolist() == [datetime.date(2024, 1, 1)] * 2
    assert rows["none"].tolist() == [None, None]
    assert [row.tolist() for row in rows["tags"]] == [[], ["b", None]]
    assert rows["key"].tolist() == [b"cd", None]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pa.array([1, None]), "'x' .int64. has 1 nulls.*fill or drop"),
        (pa.array([[1], None]), "has 1 nulls"),
        (pa.array([[1, None]]), "has 1 nulls"),
        (pa.array([[1, 2], None], pa.list_(pa.int8(), 2)), "has 1 nulls"),
        (pa.array([decimal.Decimal(1)]), "decimal128.*does not carry"),
        (pa.array([{"a": 1}]), "struct.*does not carry"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())), "map.*does not carry"),
        (pa.array([datetime.time(1)]), "time64.*does not carry"),
        (pa.array([[[1]]]), "lists of lists"),
        (pa.array([["a"]], pa.list_(pa.string(), 1)), "fixed-size lists of strings"),
    ],
)
def test_what_numpy_has_no_place_for_is_refused(values, message):
    with pytest.raises(ColumnsError, match=message):
        to_columns(pa.table({"x": values}))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (np.zeros((3, 0)), "rows without values"),
        (np.zeros(3, "M8[h]"), "cannot be stored"),
        (np.array(["\ud800"], object), "surrogates not allowed"),
    ],
)
def test_what_arrow_has_no_type_for_is_refused(column, message):
    with pytest.raises(ColumnsError, match=message):
        to_table({"x": column})


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(ColumnsError, match="several columns of one name: 'a', 'a'"):
        to_columns(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]))


def test_a_schema_is_checked_without_rows():
    check_schema(to_table(as_columns({"a": np.zeros((1, 2)), "b": Ragged(np.zeros((1, 2)), [0, 1])})).schema)
    with pytest.raises(ColumnsError, match="struct"):
        check_schema(pa.schema({"x": pa.struct({"a": pa.int8()})}))
