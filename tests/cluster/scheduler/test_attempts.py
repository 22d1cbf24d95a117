"""Attempts: who gets which shard, and when it is done."""

from __future__ import annotations

import pytest

from cluster.errors import InvalidTransition
from cluster.scheduler import (
    BatchEnded,
    Commit,
    Dispatch,
    Fail,
    Finish,
    JobStarted,
    Machine,
    ProbePassed,
    ReplicaReady,
    ShardCommitted,
    ShardStaged,
    ShardState,
    StartReplica,
)
from tests.cluster.scheduler.stories import RAISED, UNREADABLE, Story, dispatched, limits


def test_starts_replicas_and_dispatches_when_they_are_ready():
    machine = Machine(range(3), limits=limits(min_replicas=2))
    assert machine.handle(JobStarted(at_s=0)) == [StartReplica(replica="w0"), StartReplica(replica="w1")]
    assert machine.handle(ReplicaReady(at_s=1, replica="w1")) == [Dispatch(shard=0, attempt=1, replica="w1")]
    assert machine.handle(ReplicaReady(at_s=1, replica="w0")) == [Dispatch(shard=1, attempt=1, replica="w0")]


def test_uses_the_replicas_that_are_there():
    machine = Machine(range(1), limits=limits(), replicas={"w7": True}, next_replica=8)
    assert machine.handle(JobStarted(at_s=0)) == [Dispatch(shard=0, attempt=1, replica="w7")]


def test_the_least_loaded_replica_is_served_first():
    machine = Machine(range(4), limits=limits(min_replicas=2, in_flight=2), replicas={"a": True, "b": True})
    assert [action.replica for action in machine.handle(JobStarted(at_s=0))] == ["a", "b", "a", "b"]


def test_the_last_shards_are_kept_for_replicas_that_are_starting():
    story = Story(3, min_replicas=2, in_flight=2)
    assert dispatched(story.first) == [(0, 1, "w0"), (1, 1, "w0")]
    assert story.stage(0, 1) == [Commit(shard=0, attempt=1, replica="w0")]
    assert dispatched(story.ready("w1")) == [(2, 1, "w1")]


def test_a_shard_is_committed_once_staged_and_the_next_one_follows():
    story = Story(2)
    assert story.begin(0, 1) == []
    assert story.machine.state_of(0) is ShardState.RUNNING
    assert story.stage(0, 1) == [
        Commit(shard=0, attempt=1, replica="w0"),
        Dispatch(shard=1, attempt=1, replica="w0"),
    ]
    assert story.commit(0, 1) == []
    assert story.machine.state_of(0) is ShardState.COMMITTED


def test_finishes_when_all_are_committed():
    story = Story(1)
    story.stage(0, 1)
    assert story.commit(0, 1) == [Finish()]
    assert story.machine.finished
    assert story.machine.wake_s is None
    assert story.lose("w0") == []


def test_a_job_without_shards_finishes_at_once():
    assert Machine([], limits=limits()).handle(JobStarted(at_s=0)) == [Finish()]


def test_a_slow_consumer_bounds_the_open_shards():
    story = Story(5, open_shards=2)
    story.stage(0, 1)  # dispatches the second
    assert story.stage(1, 1) == [Commit(shard=1, attempt=1, replica="w0")]
    assert story.commit(0, 1) == [Dispatch(shard=2, attempt=1, replica="w0")]


def test_a_shard_that_went_back_needs_no_room_among_the_open_ones():
    """The consumer may wait for just this one."""
    story = Story(5, open_shards=2)
    story.begin(0, 1)
    story.end(0, 1)
    story.lose("w0")
    assert dispatched(story.ready("w1")) == [(1, 1, "w1")]
    story.stage(1, 1)  # and the consumer wants the first one before it
    assert dispatched(story.wake()) == [(0, 2, "w1")]


def test_late_and_repeated_events_change_nothing():
    story = Story(1)
    story.begin(0, 1)
    story.end(0, 1)
    story.lose("w0")
    assert story.stage(0, 1) == []  # of the lost replica
    assert story.lose("w0") == []
    story.ready("w1")
    story.wake()
    assert story.stage(0, 1) == []
    assert story.stage(0, 2) == [Commit(shard=0, attempt=2, replica="w1")]
    assert story.stage(0, 2) == []
    assert story.begin(0, 2) == []


@pytest.mark.parametrize(
    "event",
    [
        ShardStaged(at_s=1, shard=0, attempt=2),
        ShardStaged(at_s=1, shard=9, attempt=1),
        ReplicaReady(at_s=1, replica="stranger"),
        ShardCommitted(at_s=1, shard=0, attempt=1),
        ProbePassed(at_s=1, shard=0, attempt=1),
        object(),
    ],
)
def test_what_cannot_happen_raises(event):
    with pytest.raises(InvalidTransition):
        Story().machine.handle(event)


def test_an_invalid_transition_tells_the_shards_story():
    story = Story(1)
    story.fail(0, 1, UNREADABLE)
    story.wake()
    with pytest.raises(
        InvalidTransition, match=r"(?s)is dispatched.*attempt 1 at w0: .*OSError: gone.*attempt 2 at w0"
    ):
        story.commit(0, 2)


def test_the_users_error_ends_the_job():
    story = Story()
    reason = "Classify.__call__ raised ValueError"
    assert story.fail(0, 1) == [Fail(reason=reason, shard=0, failure=RAISED, start=4, stop=8)]
    assert story.machine.finished
    assert story.machine.state_of(0) is ShardState.DEAD


def test_what_could_not_be_read_is_tried_again_after_a_while_and_elsewhere():
    story = Story(1, ready=2, min_replicas=2)
    assert story.fail(0, 1, UNREADABLE) == []
    assert story.machine.state_of(0) is ShardState.RETRYING
    assert story.machine.wake_s == pytest.approx(0.1)
    assert dispatched(story.wake()) == [(0, 2, "w1")]
    story.fail(0, 2, UNREADABLE)
    assert story.machine.wake_s - story.now_s == pytest.approx(0.2)
    assert len(dispatched(story.wake())) == 1  # both have failed it, and there are no others
    (fail,) = story.fail(0, 3, UNREADABLE)
    assert fail.failure == UNREADABLE


def test_a_shard_waits_for_a_replica_that_has_not_failed_it_but_not_for_ever():
    story = Story(1, min_replicas=2)
    story.fail(0, 1, UNREADABLE)
    assert story.wake() == []  # w1 is starting
    assert dispatched(story.wake()) == [(0, 2, "w0")]
    assert story.now_s == pytest.approx(30.1)


def test_a_batch_of_which_all_rows_are_dead_ends_without_a_beginning():
    story = Story(1)
    assert story.tell(BatchEnded(at_s=0, shard=0, attempt=1, batch=-1)) == []
    assert story.machine.state_of(0) is ShardState.RUNNING
