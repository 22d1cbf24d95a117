"""Replicas: builds that fail, a breaker for those that cannot live, and as many as there is work for."""

from __future__ import annotations

import pytest

from cluster.scheduler import (
    Fail,
    KillReplica,
    Limits,
    ReplicaBuildFailed,
    StartReplica,
    StopReplica,
)
from cluster.scheduler.limits import restart_delay_s, retry_delay_s
from tests.cluster.scheduler.stories import RAISED, Story, dispatched


def build_failed(story, replica):
    return story.tell(ReplicaBuildFailed(at_s=story.now_s, replica=replica, failure=RAISED))


def test_a_build_that_raises_is_tried_once_more():
    story = Story(1, ready=0)
    assert build_failed(story, "w0") == [StartReplica(replica="w1")]
    assert build_failed(story, "w1") == [Fail(reason="Classify.__call__ raised ValueError", failure=RAISED)]


def test_a_build_that_works_forgives_the_one_before():
    story = Story(9, ready=0, min_replicas=2)
    build_failed(story, "w0")
    story.ready("w1")
    assert build_failed(story, "w2") == []
    assert story.wake() == [StartReplica(replica="w3")]


def test_workers_that_die_while_building_are_replaced_a_bounded_number_of_times():
    story = Story(1, ready=0)
    assert story.lose("w0") == [StartReplica(replica="w1")]
    assert story.lose("w1") == []
    assert story.wake() == [StartReplica(replica="w2")]
    assert [type(action) for action in story.lose("w2")] == [Fail]


def test_a_worker_that_does_not_get_ready_is_killed():
    story = Story(1, ready=0, init_timeout_s=60)
    (kill,) = story.wait(60)
    assert kill == KillReplica(replica="w0", reason="killed: not ready after 60 s (init_timeout_s)")
    assert story.ready("w0") == []  # too late
    assert story.lose("w0") == [StartReplica(replica="w1")]


def test_workers_that_die_without_having_done_anything_are_replaced_ever_more_slowly():
    story = Story(1, max_attempts=99)
    waits = []
    for number in range(4):
        assert story.machine.finished is False
        begun_s = story.now_s
        actions = story.lose(f"w{number}")
        while StartReplica(replica=f"w{number + 1}") not in actions:
            actions = story.wake()
        waits.append(story.now_s - begun_s)
        story.ready(f"w{number + 1}")
    assert waits == pytest.approx([0, 0.1, 0.2, 0.4])


def test_a_batch_that_is_done_ends_the_row_of_losses():
    story = Story(1)
    story.lose("w0")
    story.ready("w1")
    story.wake()
    story.begin(0, 2)
    story.end(0, 2)
    assert story.lose("w1") == [StartReplica(replica="w2")]


def test_waits_grow_up_to_a_bound():
    assert [retry_delay_s(times) for times in (0, 1, 2, 3, 99)] == pytest.approx([0.1, 0.1, 0.2, 0.4, 10])
    assert [restart_delay_s(times) for times in (0, 1, 2, 3, 99, 10**6)] == pytest.approx([0, 0, 0.1, 0.2, 30, 30])


def test_the_pool_grows_with_the_queue_and_shrinks_when_idle():
    story = Story(5, ready=0, min_replicas=1, max_replicas=3, speculate=False)
    assert story.first == [StartReplica(replica="w0"), StartReplica(replica="w1"), StartReplica(replica="w2")]
    for name in ("w0", "w1", "w2"):
        story.ready(name)
    for shard in (0, 1, 2):
        story.stage(shard, 1)
    story.wait(29)
    assert story.wait(1) == [StopReplica(replica="w2")]
    for shard in (3, 4):
        story.stage(shard, 1)
    assert story.wait(30) == [StopReplica(replica="w0")]
    assert story.wait(90) == []  # the last one stays


def test_no_more_replicas_than_shards_are_to_do():
    assert len(Story(2, ready=0, min_replicas=1, max_replicas=9).first) == 2


def test_a_slow_consumer_does_not_make_the_pool_grow():
    story = Story(9, ready=0, min_replicas=1, max_replicas=5, open_shards=1)
    assert story.first == [StartReplica(replica="w0")]


def test_while_no_replica_is_left_the_job_pauses():
    story = Story(2, ready=2, min_replicas=2)
    story.lose("w0")
    story.lose("w1")
    assert dispatched(story.wait(1000)) == []
    assert not story.machine.finished
    assert len(dispatched(story.ready("w2"))) == 1


@pytest.mark.parametrize(("fewest", "most"), [(0, 1), (3, 2)])
def test_limits_that_cannot_be_are_refused(fewest, most):
    with pytest.raises(ValueError, match=f"got {fewest} and {most}"):
        Limits(min_replicas=fewest, max_replicas=most)


def test_by_default_one_more_shard_a_replica_may_be_open_than_is_in_flight():
    assert Limits(max_replicas=4).window == 12
    assert Limits(max_replicas=4, open_shards=5).window == 5
