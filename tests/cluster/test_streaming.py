"""Streams: what a consumer gets where rows are given up, batches are sorted, or it leaves."""

from __future__ import annotations

import numpy as np
import pytest

from cluster import BatchPolicy, FakeBackend, Pool, UserCodeFailed
from cluster.backends.fake import Lose, Repeat
from tests import predictors

ROWS = {"x": np.arange(600, dtype=np.float32)}
SMALL = BatchPolicy(max_rows=8)


class RaisesOnSome:
    """Raises on each row below `below`, and on those that `also` names."""

    def __init__(self, *, below=0, also=()):
        self.below, self.also = below, list(also)

    def __call__(self, batch):
        if (batch["x"] < self.below).any() or np.isin(batch["x"], self.also).any():
            raise ValueError("no")
        return {"y": batch["x"]}


def ids(batches):
    return [int(row) for batch in batches for row in batch["y"].tolist()]


@pytest.mark.parametrize("ordered", [True, False])
def test_given_up_rows_are_left_out_and_told(ordered):
    init = {"also": [5.0, 300.0, 599.0]}
    with Pool(RaisesOnSome, init=init, replicas=1, backend="inline", max_dead_rows=3) as pool:
        batches = list(pool.map(ROWS, batch=SMALL, ordered=ordered))
        assert sorted(ids(batches)) == [row for row in range(600) if row not in (5, 300, 599)]
        assert [(letter.row, letter.error_type) for letter in pool.dead_letters] == [
            (5, "ValueError"),
            (300, "ValueError"),
            (599, "ValueError"),
        ]
        pool.predict({"x": np.arange(9.0) + 10})
        assert pool.dead_letters == []  # of the last job


def test_a_batch_without_a_row_left_is_not_yielded():
    with Pool(RaisesOnSome, init={"below": 20.0}, replicas=1, backend="inline", max_dead_rows=20) as pool:
        batches = list(pool.map({"x": np.arange(40, dtype=np.float32)}, batch=SMALL))
        assert [len(batch["y"]) for batch in batches] == [4, 8, 8]
        assert [letter.row for letter in pool.dead_letters] == list(range(20))


def test_nothing_is_left_of_a_source_of_dead_rows():
    with Pool(RaisesOnSome, init={"below": 9.0}, replicas=1, backend="inline", max_dead_rows=9) as pool:
        assert pool.predict({"x": np.arange(9, dtype=np.float32)}) == {}
        assert len(pool.dead_letters) == 9


def test_more_dead_rows_than_the_budget_end_the_stream():
    with Pool(RaisesOnSome, init={"also": [5.0, 300.0]}, replicas=1, backend="inline", max_dead_rows=1) as pool:
        batches = pool.map(ROWS, batch=SMALL)
        assert next(batches)["y"].tolist() == [0, 1, 2, 3, 4, 6, 7]
        with pytest.raises(UserCodeFailed, match=r"rows? 300 "):
            list(batches)


@pytest.mark.parametrize("report", range(2, 60, 7))
def test_dead_rows_are_told_once_whatever_is_lost_or_repeated(report):
    backend = FakeBackend([Lose(report=report), Repeat(report=report + 3), Lose(report=report + 11)])
    init = {"also": [5.0, 90.0, 91.0]}
    with Pool(RaisesOnSome, init=init, replicas=2, backend=backend, max_dead_rows=3) as pool:
        rows = {"x": np.arange(128, dtype=np.float32)}
        batches = list(pool.map(rows, batch=SMALL, shard_rows=32))
        assert ids(batches) == [row for row in range(128) if row not in (5, 90, 91)]
        assert [letter.row for letter in pool.dead_letters] == [5, 90, 91]


def test_sorted_batches_come_back_in_input_order():
    texts = np.array(["a" * (row * 37 % 101) for row in range(500)], dtype=object)
    with Pool(predictors.Prepared, replicas=1, backend="inline") as pool:
        batches = list(pool.map({"text": texts}, batch=BatchPolicy(max_rows=16, length_of="length", sort_within=64)))
    assert [int(n) for batch in batches for n in batch["length"].tolist()] == [len(text) for text in texts]
    assert len(batches) > 1


def test_leaving_a_stream_early_keeps_what_was_told_and_frees_the_pool():
    with Pool(RaisesOnSome, init={"also": [5.0, 599.0]}, replicas=1, backend="inline", max_dead_rows=2) as pool:
        for batch in pool.map(ROWS, batch=SMALL):
            assert len(batch["y"]) == 7
            break
        assert [letter.row for letter in pool.dead_letters] == [5]
        assert len(pool.predict({"x": np.ones(3, np.float32)})["y"]) == 3
