import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensor
from workers.batching import BatchPolicy, cut_batches
from workers.errors import ColumnsError
from workers.ragged import Ragged


def texts(lengths):
    text = np.array(["x" * length for length in lengths], object)
    return {"text": text, "n": np.array(lengths, np.int32)}


@given(st.integers(0, 2000), st.integers(1, 300))
def test_batches_cover_every_row_once(rows, max_rows):
    batches = cut_batches({"x": np.zeros(rows)}, BatchPolicy(max_rows=max_rows))
    assert [row for batch in batches for row in batch] == list(range(rows))
    assert all(len(batch) == max_rows for batch in batches[:-1])
    assert all(0 < len(batch) <= max_rows for batch in batches[-1:])


limits = st.none() | st.integers(1, 40)


@given(
    st.lists(st.integers(0, 30), max_size=60),
    st.integers(1, 20),
    limits,
    limits,
    st.none() | st.integers(1, 70),
    st.sampled_from(["text", "n"]),
)
def test_every_row_once_within_bounds_and_in_order(lengths, max_rows, max_tokens, max_bytes, sort_within, length_of):
    policy = BatchPolicy(
        max_rows=max_rows, max_tokens=max_tokens, max_bytes=max_bytes, length_of=length_of, sort_within=sort_within
    )
    batches = [list(map(int, batch)) for batch in cut_batches(texts(lengths), policy)]
    rows = [row for batch in batches for row in batch]
    assert sorted(rows) == list(range(len(lengths)))

    def fits(batch):
        return (
            len(batch) <= max_rows
            and sum(lengths[row] for row in batch) <= (max_tokens or 10**9)
            and sum(lengths[row] + 4 for row in batch) <= (max_bytes or 10**9)
        )

    assert all(fits(batch) or len(batch) == 1 for batch in batches)
    window = sort_within or max(len(lengths), 1)
    for batch in batches:
        assert len({row // window for row in batch}) == 1
    for first in range(0, len(lengths), window):
        expected = range(first, min(first + window, len(lengths)))
        assert rows[first : first + window] == (
            sorted(expected, key=lambda row: lengths[row]) if sort_within else list(expected)
        )
    for batch, after in pairwise(batches):  # no batch ends before it must
        assert not fits([*batch, after[0]]) or after[0] // window != batch[0] // window


@pytest.mark.parametrize(
    "tokens",
    [
        Ragged.from_rows([[1, 2, 3], [], [4, 5]]),
        np.array(["abc", None, "de"], object),
        np.array([b"abc", b"", b"de"], object),
        np.array([3, 0, 2], np.uint8),
        ["abc", "", "de"],
        [3, 0, 2],
        [[7, 7, 7], [], [7, 7]],
        [np.zeros(3), None, np.zeros(2)],
        tensor.tensor([3, 0, 2]),
    ],
    ids=lambda column: type(column).__name__,
)
def test_what_rows_can_be_measured_by(tokens):
    policy = BatchPolicy(max_rows=9, max_tokens=4, length_of="tokens", sort_within=3)
    assert [list(batch) for batch in cut_batches({"tokens": tokens}, policy)] == [[1, 2], [0]]


def test_bytes_are_those_of_all_columns():
    columns = {"image": np.zeros((4, 5, 2), np.float32), "tokens": Ragged.from_rows([[1], [1, 2], [], [1, 2, 3]])}
    sizes = [40 + 8, 40 + 16, 40, 40 + 24]
    assert [list(batch) for batch in cut_batches(columns, BatchPolicy(max_bytes=sum(sizes[:2])))] == [[0, 1], [2, 3]]
    assert [list(batch) for batch in cut_batches(columns, BatchPolicy(max_bytes=41))] == [[0], [1], [2], [3]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"text": np.zeros(3), "n": np.zeros(3)}, "no column 'tokens' to measure; the columns are: 'text', 'n'"),
        ({"tokens": np.zeros(3)}, r"float64 of shape \(3,\), which has no lengths"),
        ({"tokens": np.zeros((3, 8), int)}, r"int64 of shape \(3, 8\), which has no lengths"),
        ({"tokens": np.array([3, -1])}, "holds -1; lengths are at least 0"),
        ({"tokens": np.array([1.5, "a"], object)}, "which has no lengths"),
    ],
)
def test_a_column_that_has_no_lengths_is_refused(columns, message):
    with pytest.raises(ColumnsError, match=message):
        cut_batches(columns, BatchPolicy(length_of="tokens"))


@pytest.mark.parametrize("name", ["max_rows", "max_tokens", "max_bytes", "sort_within"])
@pytest.mark.parametrize("value", [0, -1, 2.5, True, "8"])
def test_the_policy_is_checked(name, value):
    with pytest.raises(ValueError, match=rf"{name}=….* at least 1, got"):
        BatchPolicy(**{name: value}, length_of="tokens")


def test_what_is_left_out_is_said():
    with pytest.raises(ValueError, match=r"max_rows=….* got None"):
        BatchPolicy(max_rows=None)
    for name in ("max_tokens", "sort_within"):
        with pytest.raises(ValueError, match=rf"{name}=….* needs length_of"):
            BatchPolicy(**{name: 4})
    with pytest.raises(TypeError, match="must be the name of a column, got 3"):
        BatchPolicy(length_of=3)
    with pytest.raises(TypeError, match=r"write BatchPolicy\(max_rows=…\)"):
        BatchPolicy(64)


def test_a_policy_can_be_copied():
    policy = BatchPolicy(max_rows=3, length_of="n")
    assert copy.deepcopy(policy) == pickle.loads(pickle.dumps(policy)) == policy
