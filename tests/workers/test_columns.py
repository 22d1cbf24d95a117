import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensor
from tests.strategies import columns, cuts
from workers.columns import RowsDigest, as_columns, concat_rows, digest_rows, row_count, slice_rows, take_rows
from workers.errors import ColumnsError
from workers.ragged import Ragged


def test_row_count_names_every_column():
    assert row_count({"a": np.zeros(3), "b": Ragged.from_rows([[1], [], [2]])}) == 3
    with pytest.raises(ColumnsError, match="'a' has 2, 'b' has 3, 'c' has 2"):
        row_count({"a": np.zeros(2), "b": np.zeros(3), "c": np.zeros(2)})
    with pytest.raises(ColumnsError, match="no columns"):
        row_count({})


def test_slices_are_views():
    rows = {"a": np.arange(6).reshape(3, 2)}
    assert np.shares_memory(slice_rows(rows, 1, 3)["a"], rows["a"])


@given(columns(), st.data())
def test_cutting_and_appending_gives_the_rows_back(rows, data):
    pieces = data.draw(cuts(row_count(rows)))
    whole = concat_rows([slice_rows(rows, start, stop) for start, stop in pieces])
    assert digest_rows(whole) == digest_rows(rows)


@given(columns(), st.data())
def test_the_digest_does_not_see_cuts_or_memory_layout(rows, data):
    digest = RowsDigest()
    for start, stop in data.draw(cuts(row_count(rows))):
        digest.update(slice_rows(rows, start, stop))
    assert digest.rows == row_count(rows)
    assert digest.hexdigest() == digest_rows(rows)
    relaid = {
        name: np.asfortranarray(column.astype(column.dtype.newbyteorder(">")))
        if isinstance(column, np.ndarray)
        else column
        for name, column in reversed(rows.items())
    }
    assert digest_rows(relaid) == digest_rows(rows)


@pytest.mark.parametrize(
    "other",
    [
        {"a": np.array([1, 2], np.int32)},
        {"a": np.array([1, 3])},
        {"a": np.array([[1], [2]])},
        {"b": np.array([1, 2])},
        {"a": np.array(["1", "2"], object)},
        {"a": Ragged.from_rows([[1], [2]])},
    ],
)
def test_the_digest_sees_values_types_shapes_and_names(other):
    assert digest_rows(other) != digest_rows({"a": np.array([1, 2])})


def test_the_digest_sees_where_strings_and_rows_end():
    def text(*cells):
        return digest_rows({"a": np.array(cells, object)})

    assert len({text("ab", "c"), text("a", "bc"), text("abc", ""), text("abc", None), text(b"ab", b"c")}) == 5
    assert digest_rows({"a": Ragged.from_rows([[1], [2]])}) != digest_rows({"a": Ragged.from_rows([[1, 2], []])})


def test_the_digest_is_pinned():
    """Records of older jobs hold it: a change needs a new job folder format."""
    rows = as_columns(
        {"x": np.arange(3, dtype=np.float32), "s": ["a", None, "ü"], "r": Ragged.from_rows([[1], [], [2]])}
    )
    assert digest_rows(rows) == "8f93257dfde04f03c8a1b368883d1da127e0eff35b3be65cc102a570557e1393"


def test_batches_to_append_must_agree():
    with pytest.raises(ColumnsError, match="'a' was int64 and is now float64"):
        concat_rows([{"a": np.arange(2)}, {"a": np.arange(2.0)}])
    with pytest.raises(ColumnsError, match="no batches"):
        concat_rows([])


@given(columns(min_rows=1), st.data())
def test_picked_rows_are_the_rows(rows, data):
    indices = data.draw(st.lists(st.integers(0, row_count(rows) - 1), min_size=1))
    expected = concat_rows([slice_rows(rows, index, index + 1) for index in indices])
    assert digest_rows(take_rows(rows, indices)) == digest_rows(expected)


class TestAsColumns:
    def test_takes_what_users_have(self):
        made = as_columns(
            {
                "list": [1, 2],
                "text": ["a\0", None],
                "fixed": np.array(["ab", "c"]),
                "raw": np.array([b"ab", b"c"]),
                "big_endian": np.array([1, 2], ">i4"),
                "tags": Ragged(np.array(["a", "b"]), [0, 1, 2]),
            }
        )
        assert made["list"].tolist() == [1, 2]
        assert made["text"].tolist() == ["a\0", None]
        assert made["fixed"].tolist() == ["ab", "c"]
        assert made["raw"].tolist() == [b"ab", b"c"]
        assert made["big_endian"].dtype == np.dtype("i4").newbyteorder("=")
        assert made["big_endian"].tolist() == [1, 2]
        assert made["tags"].values.dtype == object

    def test_takes_tensors_marked_or_not(self):
        with tensor.inference_mode():
            marked = tensor.ones(2, 3)
        made = as_columns({"marked": marked, "plain": tensor.ones(2), "rows": Ragged(marked, [0, 1, 2])})
        assert made["marked"].shape == (2, 3)
        assert np.shares_memory(made["marked"], marked.numpy())
        assert not made["marked"].flags.writeable
        assert isinstance(made["rows"].values, np.ndarray)
        assert digest_rows(made) == digest_rows(as_columns({name: made[name] for name in made}))

    def test_does_not_copy_arrays(self):
        array = np.arange(3)
        assert as_columns({"a": array})["a"] is array

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ({"a": [[1, 2], [3]]}, "from_rows"),
            ({"a": [1, "b"]}, "got int, str"),
            ({"a": [1, None]}, "str or bytes alone"),
            ({"a": 1}, "single value"),
            ({"a": [1], "b": [1, 2]}, "'a' has 1, 'b' has 2"),
            ({1: [1]}, "names must be strings"),
            ({}, "no columns"),
        ],
    )
    def test_refuses_what_no_column_can_hold(self, columns, message):
        with pytest.raises(ColumnsError, match=message):
            as_columns(columns)


def test_a_masked_array_is_refused_rather_than_unmasked():
    with pytest.raises(ColumnsError, match=r"'x' is a masked array; fill it with \.filled"):
        as_columns({"x": np.ma.masked_array([1.0, 2.0], mask=[True, False])})
