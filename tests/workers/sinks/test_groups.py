import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import columns, cuts
from workers.columns import concat_rows, digest_rows, row_count, slice_rows
from workers.sinks.groups import RowGroups


def grouped(groups, *batches):
    found = [group for batch in batches for group in groups.add(batch)]
    last = groups.rest()
    return found if last is None else [*found, last]


def sizes(groups, *batches):
    return [row_count(group) for group in grouped(groups, *batches)]


def test_groups_end_with_the_row_that_fills_them():
    wide = {"wide": np.zeros((100, 8), np.float32)}
    assert sizes(RowGroups(max_rows=40, max_bytes=310), wide) == [10] * 10
    assert sizes(RowGroups(max_rows=40, max_bytes=None), wide) == [40, 40, 20]
    assert sizes(RowGroups(max_rows=40, max_bytes=320), {"narrow": np.arange(100, dtype=np.int8)}) == [40, 40, 20]


def test_a_row_larger_than_a_group_is_one():
    rows = {"x": np.array(["a", "b" * 1000, "c", "d"], object)}
    assert sizes(RowGroups(max_rows=10, max_bytes=100), rows) == [2, 2]


def test_rows_without_bytes_are_counted():
    assert sizes(RowGroups(max_rows=3, max_bytes=100), {"x": np.array([None] * 7, object)}) == [3, 3, 1]


def test_without_rows_there_is_one_group_that_says_the_columns():
    empty = {"x": np.zeros((0, 2))}
    assert sizes(RowGroups(max_rows=3, max_bytes=100), empty, empty) == [0]
    assert sizes(RowGroups(max_rows=3, max_bytes=100), empty, {"x": np.zeros((1, 2))}) == [1]
    assert sizes(RowGroups(max_rows=1, max_bytes=100), {"x": np.zeros((1, 2))}, empty) == [1]
    assert grouped(RowGroups(max_rows=3, max_bytes=100)) == []


@given(columns(), st.data())
def test_groups_do_not_depend_on_batches(rows, data):
    bounds = {"max_rows": data.draw(st.integers(1, 9)), "max_bytes": data.draw(st.integers(1, 200) | st.none())}
    whole = grouped(RowGroups(**bounds), rows)
    cut = grouped(RowGroups(**bounds), *(slice_rows(rows, *ends) for ends in data.draw(cuts(row_count(rows)))))
    assert [row_count(group) for group in cut] == [row_count(group) for group in whole]
    assert digest_rows(concat_rows(cut)) == digest_rows(rows)
