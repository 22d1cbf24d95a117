import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensor
from tests.strategies import raggeds
from workers.errors import ColumnsError
from workers.ragged import Ragged

TOKENS = Ragged(np.array([7, 8, 9, 10]), np.array([0, 2, 2, 4]))


def test_a_row_is_a_view_of_the_values():
    assert len(TOKENS) == 3
    assert TOKENS[0].tolist() == [7, 8]
    assert TOKENS[1].tolist() == []
    assert TOKENS[-1].tolist() == [9, 10]
    assert np.shares_memory(TOKENS[0], TOKENS.values)
    with pytest.raises(IndexError):
        TOKENS[3]


def test_a_run_of_rows_is_a_view_of_the_values():
    tail = TOKENS[1:]
    assert [row.tolist() for row in tail] == [[], [9, 10]]
    assert tail.offsets.tolist() == [0, 0, 2]
    assert np.shares_memory(tail.values, TOKENS.values)
    assert len(TOKENS[5:9]) == 0
    assert len(TOKENS[2:1]) == 0
    with pytest.raises(ColumnsError, match="take"):
        TOKENS[::2]


def test_rows_of_lists():
    ragged = Ragged.from_rows([[1, 2], [], [3]])
    assert ragged.values.dtype == np.int64  # the empty list, float64 to NumPy, has no say
    assert ragged.lengths.tolist() == [2, 0, 1]
    assert [row.tolist() for row in ragged.rows()] == [[1, 2], [], [3]]
    assert len(Ragged.from_rows([])) == 0
    assert len(Ragged.from_rows([[], []])) == 2
    assert Ragged.from_rows([np.ones((2, 3)), np.ones((1, 3))]).values.shape == (3, 3)
    with pytest.raises(ColumnsError, match="equal but for their length"):
        Ragged.from_rows([np.ones((2, 3)), np.ones((1, 4))])
    with pytest.raises(ColumnsError, match="axis 0"):
        Ragged.from_rows([1, 2])


@pytest.mark.parametrize(
    ("values", "offsets", "message"),
    [
        ([1, 2], [0, 2], "got list"),
        (np.array(1), [0, 1], "without axes"),
        (np.arange(2), [0, 1], "rise from 0 to the number of elements, 2"),
        (np.arange(2), [1, 2], "rise from 0"),
        (np.arange(2), [0, 2, 1, 2], "rise from 0"),
        (np.arange(2), [0.0, 2.0], "must be integers"),
        (np.arange(2), [], r"shape \(rows \+ 1,\)"),
    ],
)
def test_offsets_must_describe_the_values(values, offsets, message):
    with pytest.raises(ColumnsError, match=message):
        Ragged(values, offsets)


@given(st.integers(0, 6).flatmap(raggeds), st.data())
def test_slices_and_picks_agree_with_lists(ragged, data):
    rows = [repr(row.tolist()) for row in ragged]  # as text, where NaN equals NaN
    start, stop = data.draw(st.integers(-7, 7)), data.draw(st.integers(-7, 7))
    assert [repr(row.tolist()) for row in ragged[start:stop]] == rows[start:stop]
    if rows:
        picked = data.draw(st.lists(st.integers(-len(rows), len(rows) - 1)))
        assert [repr(row.tolist()) for row in ragged.take(picked)] == [rows[index] for index in picked]
    assert Ragged.concat([ragged[:2], ragged[2:]]).equals(ragged)


def test_equality_compares_rows_types_and_nans():
    assert Ragged.from_rows([[np.nan]]).equals(Ragged.from_rows([[np.nan]]))
    assert not Ragged.from_rows([[1]]).equals(Ragged.from_rows([[1.0]]))
    assert not Ragged.from_rows([[1], [2]]).equals(Ragged.from_rows([[1, 2]]))


def test_marked_values_stay_marked():
    with tensor.inference_mode():
        marked = Ragged.from_rows([tensor.arange(2), tensor.arange(3)])
    assert marked.values.is_inference()
    assert marked[0].tolist() == [0, 1]
    for derived in (marked[1:], marked.take([1, 1]), Ragged.concat([marked, marked]), Ragged.from_rows(marked.rows())):
        assert derived.values.is_inference()
    assert marked.take([1, 0]).values.tolist() == [0, 1, 2, 0, 1]
    assert marked.equals(Ragged.from_rows([[0, 1], [0, 1, 2]]))
