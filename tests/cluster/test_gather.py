"""Streamed rows leave in order, each once, whatever order and how often they arrive."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.errors import ClusterError
from cluster.gather import Batch, Gather, ShardEnd
from workers.messages import DeadRow, Failure

FAILURE = Failure(where="P.__call__", type="ValueError", message="no")


def columns(start, stop, shard=0, dead=()):
    return {"x": np.array([shard * 1000 + row for row in range(start, stop) if row not in dead])}


def dead_rows(*rows):
    return tuple(DeadRow(row, FAILURE, 1) for row in rows)


def drain(gather):
    found = []
    while (item := gather.pop()) is not None:
        found.append(item)
    return found


def told(gather):
    """What leaves, as lists of numbers, and the ends of shards."""
    return [item if isinstance(item, ShardEnd) else numbers(item) for item in drain(gather)]


def numbers(batch):
    return batch.columns["x"].tolist() if batch.columns else []


def test_ordered_holds_back_what_is_ahead():
    gather = Gather({0: 2, 1: 1}, ordered=True)
    gather.add(1, columns(0, 1, shard=1), 0, 1)
    assert told(gather) == []
    gather.add(0, columns(0, 2), 0, 2)
    assert told(gather) == [[0, 1]]
    gather.complete(1, attempt=1)
    gather.complete(0, attempt=2)
    assert told(gather) == [ShardEnd(0, 2), [1000], ShardEnd(1, 1)]


def test_unordered_lets_out_what_arrives():
    gather = Gather({0: 1, 1: 1}, ordered=False)
    gather.add(1, columns(0, 1, shard=1), 0, 1)
    gather.add(0, columns(0, 1), 0, 1)
    assert told(gather) == [[1000], [0]]


def test_a_second_attempt_repeats_what_left():
    gather = Gather({0: 4}, ordered=True)
    gather.add(0, columns(0, 2), 0, 2)
    assert told(gather) == [[0, 1]]
    gather.add(0, columns(0, 2), 0, 2)
    gather.add(0, columns(2, 4), 2, 4)
    gather.complete(0, attempt=2)
    gather.add(0, columns(2, 4), 2, 4)
    gather.complete(0, attempt=1)
    assert told(gather) == [[2, 3], ShardEnd(0, 2)]


def test_attempts_that_cut_batches_at_other_rows_meet_at_the_row():
    """As when `prepare` gave up a row in the first attempt, and not in the second one."""
    gather = Gather({0: 6}, ordered=True)
    gather.add(0, columns(0, 4, dead=[1]), 0, 4, dead_rows(1))
    gather.add(0, columns(0, 3), 0, 3)
    gather.add(0, columns(3, 6, dead=[5]), 3, 6, dead_rows(5))
    gather.complete(0, attempt=2, dead=dead_rows(5))
    first, second, end = drain(gather)
    assert (numbers(first), first.dead) == ([0, 2, 3], dead_rows(1))
    assert (numbers(second), second.dead) == ([4], dead_rows(5))
    assert end == ShardEnd(0, 2)


def test_what_is_not_complete_yet_moves_nothing():
    gather = Gather({0: 3}, ordered=True)
    gather.add(0, None, 0, 0)
    assert told(gather) == []
    gather.add(0, columns(0, 3), 0, 3)
    gather.complete(0, attempt=1)
    assert told(gather) == [[0, 1, 2], ShardEnd(0, 1)]


def test_a_batch_of_dead_rows_says_which():
    gather = Gather({0: 3}, ordered=True)
    gather.add(0, None, 0, 2, dead_rows(0, 1))
    gather.complete(0, attempt=1, dead=dead_rows(0, 1, 2))
    first, second, end = drain(gather)
    assert (first.columns, first.dead) == ({}, dead_rows(0, 1))
    assert (second.columns, second.dead) == ({}, dead_rows(2))
    assert end == ShardEnd(0, 1)


def test_rows_that_never_arrived_are_a_bug_and_no_silence():
    gather = Gather({0: 4}, ordered=True)
    gather.add(0, columns(0, 2), 0, 2)
    with pytest.raises(ClusterError, match="only 2 arrived"):
        gather.complete(0, attempt=1)
    with pytest.raises(ClusterError, match="rows 2 to 3 of shard 0 never arrived"):
        gather.add(0, columns(3, 4), 3, 4)


@settings(max_examples=50)
@given(
    rows=st.lists(st.integers(0, 6), min_size=1, max_size=4),
    ordered=st.booleans(),
    draws=st.data(),
)
def test_every_row_leaves_once(rows, ordered, draws):
    """Two attempts at each shard run at once, are lost and begin again, cut batches anywhere, and give up any row."""
    gather = Gather(dict(enumerate(rows)), ordered=ordered)
    attempts = [(shard, number) for shard in range(len(rows)) for number in range(2)]
    positions = dict.fromkeys(attempts, 0)
    given_up = {key: [] for key in attempts}
    through = set()
    found = []
    while len(through) < len(rows):
        shard, number = key = draws.draw(st.sampled_from([key for key in attempts if key[0] not in through]))
        start = positions[key]
        if start and draws.draw(st.integers(0, 4)) == 0:  # lost; another one begins
            positions[key], given_up[key] = 0, []
        elif start < rows[shard]:
            stop = draws.draw(st.integers(start, rows[shard]))
            dead = [row for row in range(start, stop) if draws.draw(st.integers(0, 3)) == 0]
            gather.add(shard, columns(start, stop, shard, dead), start, stop, dead_rows(*dead))
            positions[key], given_up[key] = stop, given_up[key] + dead
        else:
            gather.complete(shard, number, dead_rows(*given_up[key]))
            through.add(shard)
        found += drain(gather)
    batches = [item for item in found if isinstance(item, Batch)]
    seen = [row for batch in batches for row in (*numbers(batch), *(batch.shard * 1000 + d.row for d in batch.dead))]
    expected = [shard * 1000 + row for shard, count in enumerate(rows) for row in range(count)]
    assert sorted(seen) == expected
    assert not ordered or [batch.shard for batch in batches] == sorted(batch.shard for batch in batches)
    for shard in range(len(rows)):
        alive = [row for batch in batches if batch.shard == shard for row in numbers(batch)]
        assert alive == sorted(alive)
    assert sorted(item.shard for item in found if isinstance(item, ShardEnd)) == list(range(len(rows)))
