from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from workers.batching import BatchPolicy
from workers.messages import CancelJob, CancelShard, ComputeGradients, ProbeShard, RunShard
from workers.serving import Commands
from workers.shards import NpyFragment, Shard


def run(shard, attempt=1, job="job"):
    return RunShard(job, _shard(shard), attempt, BatchPolicy())


def probe(shard, attempt):
    return ProbeShard("job", _shard(shard), attempt, BatchPolicy(), (), 0)


def _shard(index):
    return Shard(
        index=index,
        id=f"{index:06}",
        fragment=NpyFragment(path="x.npy", column="x", size_bytes=1, mtime_ns=1),
        start=0,
        stop=4,
    )


def commands(*arrived):
    waiting = deque(arrived)
    return Commands(lambda: waiting.popleft() if waiting else None, lambda: bool(waiting)), waiting


@pytest.mark.parametrize(
    ("cancel", "is_over", "left"),
    [
        (CancelShard("job", 0, 1), True, [(1, 1), (1, 2), (2, 1)]),
        (CancelShard("job", 1, 1), False, [(1, 2), (2, 1)]),
        (CancelShard("job", 1, 2), False, [(1, 1), (2, 1)]),
        (CancelShard("job", 7, 1), False, [(1, 1), (1, 2), (2, 1)]),
        (CancelShard("other", 0, 1), False, [(1, 1), (1, 2), (2, 1)]),
        (CancelJob("job"), True, []),
        (CancelJob("other"), False, [(1, 1), (1, 2), (2, 1)]),
    ],
    ids=str,
)
def test_what_is_cancelled_is_dropped_and_nothing_else(cancel, is_over, left):
    taken, _ = commands(run(0), run(1), probe(1, 2), cancel, run(2))
    running = taken.next()
    assert taken.cancelled(running) is is_over
    found = []
    while (command := taken.next()) is not None:
        found.append((command.shard.index, command.attempt))
    assert found == left


def test_the_next_command_is_known_once_it_has_arrived():
    taken, arriving = commands(run(0))
    running = taken.next()
    assert not taken.cancelled(running)
    assert taken.upcoming() is None
    arriving += [run(1), run(2)]
    assert not taken.cancelled(running)
    assert taken.upcoming() is taken.next()
    assert taken.upcoming().shard.index == 2


def test_commands_of_arrays_may_wait_beside_a_cancel():
    taken, _ = commands(run(0), ComputeGradients(np.arange(3)), CancelJob("other"))
    assert not taken.cancelled(taken.next())
    assert isinstance(taken.next(), ComputeGradients)


def test_a_driver_that_is_gone_has_cancelled_all():
    waiting = deque([run(0), None])
    taken = Commands(waiting.popleft, lambda: bool(waiting))
    assert taken.cancelled(taken.next())
