"""Replicas that are lost: who is to blame, and who only waited."""

from __future__ import annotations

import pytest

from cluster.scheduler import Fail, KillReplica, ReplicaCondemned, ShardState, StartReplica
from tests.cluster.scheduler.stories import Story, dispatched, probe_in
from workers.messages import PREPARE


def test_a_lost_replica_is_replaced_and_what_waited_there_runs_again_at_once():
    story = Story(2, in_flight=2)
    story.begin(0, 1)
    assert story.lose("w0") == [StartReplica(replica="w1")]
    assert story.machine.state_of(0) is ShardState.QUARANTINED
    assert story.machine.state_of(1) is ShardState.PLANNED
    probe = probe_in(story.ready("w1"))
    assert (probe.shard, probe.batch, probe.piece) == (0, 0, (0, 4))
    assert dispatched(story.passed(probe)) == [(1, 2, "w1")]
    assert dispatched(story.wake()) == [(0, 3, "w1")]  # an accident: it runs whole, after a while


def test_where_nothing_was_under_way_the_first_in_the_queue_counts_the_loss():
    story = Story(2, in_flight=2, max_attempts=1)
    story.begin(0, 1)
    story.end(0, 1)
    assert story.lose("w0", "killed by SIGSEGV") == [
        Fail(reason="1 worker ended while they ran it, the last one killed by SIGSEGV", shard=0)
    ]


def test_what_is_killed_for_the_job_before_counts_for_none_of_this_one():
    story = Story(2, in_flight=2, max_attempts=1)
    assert story.tell(ReplicaCondemned(at_s=story.now_s, replica="w0")) == []
    assert story.lose("w0") == [StartReplica(replica="w1")]
    assert {story.machine.state_of(shard) for shard in (0, 1)} == {ShardState.PLANNED}


def test_calls_with_a_deadline_are_known():
    story = Story(2, in_flight=2, batch_timeout_s=5.0)
    assert story.machine.calls == []
    story.begin(0, 1)
    story.begin(1, 1, PREPARE)
    assert story.machine.calls == [("w0", 0, 1, 5.0), ("w0", 1, 1, 5.0)]
    story.end(0, 1)
    assert story.machine.calls == [("w0", 1, 1, 5.0)]


def test_a_shard_that_loses_too_many_workers_for_no_reason_ends_the_job():
    story = Story(1, max_attempts=2)
    story.begin(0, 1)
    story.lose("w0")
    story.passed(probe_in(story.ready("w1")))
    story.wake()
    story.begin(0, 3)
    story.lose("w1")
    (fail,) = story.passed(probe_in(story.ready("w2") or story.wake()))
    assert (fail.shard, fail.start, fail.stop) == (0, 0, 4)
    assert "2 workers ended" in fail.reason


def test_prepare_of_the_next_shard_is_a_suspect_too():
    story = Story(2, in_flight=2)
    story.begin(0, 1)
    story.begin(1, 1, PREPARE)
    story.lose("w0")
    assert {story.machine.state_of(shard) for shard in (0, 1)} == {ShardState.QUARANTINED}
    probe = probe_in(story.ready("w1"))
    assert (probe.shard, probe.batch) == (0, 0)
    probe = probe_in(story.passed(probe))
    assert (probe.shard, probe.batch, probe.piece) == (1, PREPARE, (0, 4))


def test_of_two_suspects_the_innocent_one_counts_no_loss():
    story = Story(2, in_flight=2, max_attempts=1, max_dead_rows=1)
    story.begin(0, 1)
    story.begin(1, 1, PREPARE, (0, 1))
    story.lose("w0")
    probe = probe_in(story.ready("w1"))
    probe = probe_in(story.passed(probe))
    story.begin(1, probe.attempt, PREPARE, (0, 1))
    assert not story.machine.finished
    story.lose("w1")
    assert story.machine.state_of(0) is ShardState.RETRYING
    assert not story.machine.finished


def test_a_batch_that_outruns_its_deadline_has_its_worker_killed():
    story = Story(1, batch_timeout_s=5)
    story.begin(0, 1)
    story.wait(3)
    story.end(0, 1)
    story.begin(0, 1, batch=1)
    assert story.machine.wake_s == 8
    (kill,) = story.wake()
    assert kill == KillReplica(replica="w0", reason="killed: batch 1 of shard 0 took longer than 5 s (batch_timeout_s)")
    story.lose("w0", kill.reason)
    assert probe_in(story.ready("w1")).batch == 1


def test_only_what_is_overdue_is_to_blame_for_the_kill():
    story = Story(2, in_flight=2, batch_timeout_s=5)
    story.begin(0, 1)
    story.wait(1)
    story.begin(1, 1, PREPARE)
    story.wake()
    story.end(0, 1)  # too late: it is killed for this
    story.lose("w0")
    assert story.machine.state_of(0) is ShardState.QUARANTINED
    assert story.machine.state_of(1) is ShardState.PLANNED


def test_nobody_waits_for_a_clock_that_goes_back():
    story = Story(1, batch_timeout_s=5)
    story.begin(0, 1)
    story.wait(-100)
    assert story.machine.wake_s == 5


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_shard_with_two_attempts_survives_the_loss_of_one(attempt):
    story = Story(4, ready=2, min_replicas=2)
    for shard in (0, 1, 2):
        story.stage(shard, 1)
        story.commit(shard, 1)
    story.wait(10)
    if attempt == 2:
        story.begin(3, 2)
    names = {number: each.replica.name for number, each in story.machine._job.shards.open[3].live.items()}
    story.lose(names[attempt])
    assert story.machine.state_of(3) in (ShardState.DISPATCHED, ShardState.RUNNING)
    assert [type(each).__name__ for each in story.stage(3, 3 - attempt)] == ["Commit"]


def test_what_has_arrived_is_told_before_a_deadline_ends():
    """A driver that was held up does not take it out on the workers."""
    story = Story(2, ready=2, min_replicas=2, batch_timeout_s=5)
    story.begin(0, 1)
    story.begin(1, 1)
    story.now_s = 100
    assert story.end(0, 1) == []
    assert story.end(1, 1) == []
    assert story.wait(0) == []
