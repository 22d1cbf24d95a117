import numpy as np
import pytest
from hypothesis import given

from tests.strategies import columns
from workers.errors import ColumnsError
from workers.ragged import Ragged
from workers.schema import column_type, schema_of, unify

NOTHING = np.array([None], object)


def test_types_in_words():
    assert schema_of(
        {
            "text": np.array(["a", None], object),
            "raw": np.array([b"a", None], object),
            "none": np.array([None, None], object),
            "image": np.zeros((2, 3, 4), np.uint8),
            "tokens": Ragged.from_rows([[1], [2, 3]]),
            "tags": Ragged(np.array(["a"], object), [0, 0, 1]),
            "time": np.zeros(2, "M8[ms]"),
        }
    ) == {
        "image": "uint8[3,4]",
        "none": "null",
        "raw": "binary",
        "tags": "ragged<string>",
        "text": "string",
        "time": "datetime64[ms]",
        "tokens": "ragged<int64>",
    }


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (np.array([1, "a"], object), "must hold str or bytes alone .* got int, str"),
        (np.array([["a"]], object), "one axis"),
        (np.zeros(2, complex), "complex128"),
        (np.array(["a"]), r"astype\(object\)"),
        (np.float32(1), "must be a NumPy array"),
        (np.array(1), "single value"),
        ([1, 2], "got list"),
    ],
)
def test_what_is_not_carried_is_said(column, message):
    with pytest.raises(ColumnsError, match=message):
        schema_of({"x": column})


def test_columns_without_values_agree_with_strings_and_bytes():
    assert unify([{"x": "null"}, {"x": "binary"}, {"x": "null"}]) == {"x": "binary"}
    assert unify([{"x": "ragged<null>"}, {"x": "ragged<string>"}]) == {"x": "ragged<string>"}
    with pytest.raises(ColumnsError, match="'x' was string and is now binary"):
        unify([{"x": "null"}, {"x": "string"}, {"x": "binary"}])


def test_every_difference_is_named():
    with pytest.raises(
        ColumnsError, match=r"'a' was int64 and is now float64; 'b' \(int64\) is missing; 'c' \(bool\) is new"
    ):
        unify([{"a": "int64", "b": "int64"}, {"a": "float64", "c": "bool"}])


@given(columns())
def test_every_word_can_be_read_again(rows):
    for name, word in schema_of(rows).items():
        kind, column = column_type(word), rows[name]
        cells = np.asarray(column.values) if isinstance(column, Ragged) else column
        assert kind.ragged == isinstance(column, Ragged)
        assert (kind.dtype or np.dtype(object)) == cells.dtype
        assert kind.row_shape == cells.shape[1:]


@pytest.mark.parametrize("word", ["float33", "", "ragged<>", "ragged<int64", "str ing"])
def test_other_words_are_refused(word):
    with pytest.raises(ColumnsError, match="no type of a column"):
        column_type(word)
