import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.batching import BatchPolicy, cut_batches


@given(st.integers(0, 2000), st.integers(1, 300))
def test_batches_cover_every_row_once(rows, max_rows):
    batches = cut_batches(rows, BatchPolicy(max_rows=max_rows))
    assert [row for start, stop in batches for row in range(start, stop)] == list(range(rows))
    assert all(stop - start == max_rows for start, stop in batches[:-1])
    assert all(0 < stop - start <= max_rows for start, stop in batches[-1:])


@pytest.mark.parametrize("max_rows", [0, -1, 2.5, True, "8"])
def test_the_policy_is_checked(max_rows):
    with pytest.raises(ValueError, match="at least 1, got"):
        BatchPolicy(max_rows=max_rows)
