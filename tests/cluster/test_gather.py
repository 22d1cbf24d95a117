"""Streamed batches leave in order, each once, whatever order and how often they arrive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cluster.gather import Batch, Gather, ShardEnd


def drain(gather):
    found = []
    while (item := gather.pop()) is not None:
        found.append(item)
    return found


def test_ordered_holds_back_what_is_ahead():
    gather = Gather([0, 1], ordered=True)
    gather.add(1, 0, "b")
    assert drain(gather) == []
    gather.add(0, 0, "a")
    assert drain(gather) == [Batch(0, "a")]
    gather.complete(1, attempt=1)
    gather.complete(0, attempt=2)
    assert drain(gather) == [ShardEnd(0, 2), Batch(1, "b"), ShardEnd(1, 1)]


def test_unordered_lets_out_what_arrives():
    gather = Gather([0, 1], ordered=False)
    gather.add(1, 0, "b")
    gather.add(0, 0, "a")
    assert drain(gather) == [Batch(1, "b"), Batch(0, "a")]


def test_a_second_attempt_repeats_what_left():
    gather = Gather([0], ordered=True)
    gather.add(0, 0, "a")
    assert drain(gather) == [Batch(0, "a")]
    gather.add(0, 0, "a again")
    gather.add(0, 1, "b")
    gather.complete(0, attempt=2)
    gather.add(0, 1, "b late")
    assert drain(gather) == [Batch(0, "b"), ShardEnd(0, 2)]


@given(
    batches=st.lists(st.integers(0, 4), min_size=1, max_size=5),
    ordered=st.booleans(),
    steps=st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=30),
)
def test_every_batch_leaves_once(batches, ordered, steps):
    """Shards interleave at will, and each may be cut off and started again; in the end all are through."""
    gather = Gather(range(len(batches)), ordered=ordered)
    positions = dict.fromkeys(range(len(batches)), 0)
    found = []
    to_the_end = [(shard, False) for shard in positions for _ in range(batches[shard] + 1)]
    for shard, lost in steps + to_the_end:
        if shard not in positions:
            continue
        if lost:
            positions[shard] = 0
        elif positions[shard] < batches[shard]:
            gather.add(shard, positions[shard], (shard, positions[shard]))
            positions[shard] += 1
        else:
            gather.complete(shard, attempt=1)
            del positions[shard]
        found += drain(gather)
    values = [item.value for item in found if isinstance(item, Batch)]
    expected = [(shard, batch) for shard, count in enumerate(batches) for batch in range(count)]
    assert (values if ordered else sorted(values)) == expected
    assert sorted(item.shard for item in found if isinstance(item, ShardEnd)) == list(range(len(batches)))
