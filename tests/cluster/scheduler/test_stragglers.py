"""The end of a job: what straggles gets a second attempt."""

from __future__ import annotations

import pytest

from cluster.scheduler import CancelAttempt, Commit, KillReplica
from tests.cluster.scheduler.stories import UNREADABLE, Story, dispatched
from workers.messages import PREPARE


def at_the_end(*, taken_s=3.0, **limits):
    """Four shards of which three are done, each in `taken_s`; the last one is at w1, and w0 is idle."""
    story = Story(4, ready=2, min_replicas=2, **limits)
    for shard, then_s in ((0, taken_s), (1, 0), (2, taken_s)):
        story.wait(then_s)
        story.stage(shard, 1)
        story.commit(shard, 1)
    (last,) = story.machine._job.shards.open[3].live.values()
    assert last.replica.name == "w1"
    return story


def test_a_straggler_is_run_a_second_time_and_the_first_one_staged_wins():
    story = at_the_end()
    assert story.machine.wake_s == 9  # 3 s to begin with, and twice the median
    assert dispatched(story.wake()) == [(3, 2, "w0")]
    assert story.stage(3, 2) == [
        CancelAttempt(shard=3, attempt=1, replica="w1"),
        Commit(shard=3, attempt=2, replica="w0"),
    ]
    assert story.stage(3, 1) == []


def test_there_are_never_three_attempts_at_a_time():
    story = at_the_end()
    story.wake()
    assert story.machine.wake_s is None
    assert story.wait(1000) == []


def test_what_is_short_does_not_straggle():
    story = at_the_end(taken_s=0.01)
    assert story.machine.wake_s == pytest.approx(1.01)


def test_no_second_attempt_unless_asked_for():
    story = at_the_end(speculate=False)
    assert story.machine.wake_s is None


def test_no_second_attempt_where_the_shard_failed():
    story = Story(1, ready=2, min_replicas=2)
    story.fail(0, 1, UNREADABLE)
    assert dispatched(story.wake()) == [(0, 2, "w1")]
    for _ in range(3):
        story.machine._job.durations.add(1.0)
    assert dispatched(story.wait(1000)) == []


def test_a_cancelled_attempt_that_hangs_is_killed_at_its_deadline():
    story = at_the_end(batch_timeout_s=50)
    story.begin(3, 1)
    story.wake()
    story.stage(3, 2)
    (kill,) = story.wake()
    assert (type(kill), kill.replica) == (KillReplica, "w1")


def test_a_cancelled_attempt_that_goes_on_is_not():
    story = at_the_end(batch_timeout_s=50)
    story.begin(3, 1)
    story.wake()
    story.stage(3, 2)
    story.end(3, 1)
    assert story.machine.wake_s is None


def with_a_cancelled_prepare():
    """w0 has a batch of shard 1 under way, and in its other thread `prepare` of shard 2, which w1 has staged."""
    story = Story(7, ready=1, min_replicas=2, in_flight=3, batch_timeout_s=50)
    for _ in range(3):
        story.machine._job.durations.add(1.0)
    story.ready("w1")
    story.wait(5)
    story.stage(0, 1)
    story.begin(1, 1, batch=0)
    story.begin(2, 1, batch=PREPARE)
    for shard in (3, 4):
        story.stage(shard, 1)
    assert dispatched(story.stage(5, 1)) == [(2, 2, "w1")]
    assert CancelAttempt(shard=2, attempt=1, replica="w0") in story.stage(2, 2)
    return story


def test_a_cancelled_prepare_that_hangs_beside_batches_is_killed_at_its_deadline():
    story = with_a_cancelled_prepare()
    story.end(1, 1, batch=0)
    story.wait(40)
    story.begin(1, 1, batch=1)
    (kill,) = story.wait(10)
    assert (kill.replica, kill.reason) == ("w0", "killed: prepare of shard 2 took longer than 50 s (batch_timeout_s)")


def test_a_cancelled_prepare_is_through_when_it_says_so_or_another_one_begins():
    for shard, what in ((2, Story.end), (6, Story.begin)):
        story = with_a_cancelled_prepare()
        assert ("w0", 2, 1, 55) in story.machine.calls
        what(story, shard, 1, batch=PREPARE)
        assert [(at, of) for _, at, of, _ in story.machine.calls if at != 6] == [(1, 1)]
