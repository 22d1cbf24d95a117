"""Requests that look the same make a job together, and each gets its own rows back."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensor
from cluster import requests
from cluster.gathered import gathered
from cluster.requests import Gathered, Request, columns_of, shared_out, together
from tensor import marks
from workers import Ragged
from workers.batching import BatchPolicy
from workers.messages import Failure

FAILURE = Failure(where="P.__call__", type="ValueError", message="no")


def request(columns, policy=BatchPolicy()):
    loop = asyncio.new_event_loop()
    try:
        return Request(columns_of(columns), policy, loop.create_future())
    finally:
        loop.close()


def x(rows, dtype=np.float32):
    return {"x": np.zeros(rows, dtype)}


@pytest.mark.parametrize(
    "other",
    [
        x(2, np.float64),
        {"x": np.zeros((2, 3), np.float32)},
        {"y": np.zeros(2, np.float32)},
        {"x": np.zeros(2, np.float32), "y": np.zeros(2)},
        {"x": Ragged.from_rows([np.zeros(1, np.float32)])},
        {"x": ["a", "b"]},
    ],
    ids=["dtype", "shape", "name", "more", "ragged", "strings"],
)
def test_only_what_looks_the_same_goes_together(other):
    first, second, third = request(x(1)), request(other), request(x(2))
    assert together([first, second, third]) == [first, third]
    assert together([second, first, third]) == [second]


def test_the_order_of_columns_and_the_batch_policy_count():
    first = request({"x": np.zeros(1), "y": np.zeros(1)})
    assert together([first, request({"y": np.zeros(1), "x": np.zeros(1)})]) == [first]
    assert together([first, request({"x": np.zeros(1), "y": np.zeros(1)}, BatchPolicy(max_rows=7))]) == [first]
    second = request({"x": np.ones(5), "y": np.zeros(5)})
    assert together([first, second]) == [first, second]


def test_jobs_are_bounded_in_rows_and_bytes(monkeypatch):
    monkeypatch.setattr(requests, "_MOST_ROWS", 10)
    six, five, one = request(x(6)), request(x(5)), request(x(1))
    assert together([six, five, one]) == [six]  # nobody is overtaken by others of the kind
    assert together([five, one, six]) == [five, one]
    assert together([request(x(99))]) != []
    monkeypatch.setattr(requests, "_MOST_BYTES", 20)
    assert together([one, one, five]) == [one, one]
    assert together([]) == []


def test_what_is_no_rows_in_memory_is_a_source():
    assert columns_of("rows.parquet") is None
    assert columns_of(range(3)) is None
    np.testing.assert_array_equal(columns_of(np.arange(3))["data"], np.arange(3))
    np.testing.assert_array_equal(columns_of(tensor.arange(3))["data"], np.arange(3))
    assert list(columns_of({"a": ["x", None]})["a"]) == ["x", None]


@given(
    counts=st.lists(st.integers(1, 6), min_size=1, max_size=6),
    draws=st.data(),
)
def test_each_request_gets_its_own_rows(counts, draws):
    """Batches are cut anywhere, and any rows may be given up."""
    total = sum(counts)
    dead = sorted(draws.draw(st.sets(st.integers(0, total - 1))))
    alive = [row for row in range(total) if row not in dead]
    cuts = sorted(draws.draw(st.sets(st.integers(1, max(len(alive) - 1, 1)))))
    batches = [{"x": np.array(part)} for part in np.split(np.array(alive, int), cuts) if len(part)]
    shares = shared_out(Gathered(batches=batches, dead=[(row, FAILURE) for row in dead]), counts)
    first = 0
    for share, count in zip(shares, counts, strict=True):
        rows = [row for batch in share.batches for row in batch["x"].tolist()]
        assert rows == [row for row in alive if first <= row < first + count]
        assert [row for row, _ in share.dead] == [row - first for row in dead if first <= row < first + count]
        first += count


def test_answers_keep_their_marks_and_where_their_rows_came_from():
    batches = []
    for shard, replica in enumerate(("w0", "w1")):
        with tensor.inference_mode(), marks.origin(job="J", shard=shard, replica=replica):
            batches.append({"x": tensor.arange(shard * 4, shard * 4 + 4)})
    first, second = shared_out(Gathered(batches=batches, dead=[]), [3, 5])
    table = gathered(second.batches)["x"]
    assert gathered(first.batches)["x"].tolist() == [0, 1, 2]
    assert table.tolist() == [3, 4, 5, 6, 7]
    assert table.is_inference()
    assert [(part.start, part.stop, part.replica) for part in table.origin.rows] == [(0, 1, "w0"), (1, 5, "w1")]
