"""The search for what ends workers: pure, and on a machine."""

from __future__ import annotations

from cluster.scheduler import WORKER_LOST, BatchBegan, Fail, ReplicaBuildFailed, ShardState
from cluster.scheduler.cares import Cares
from cluster.scheduler.quarantine import Quarantine, Target
from tests.cluster.scheduler.stories import UNREADABLE, Story, dispatched, probe_in
from workers.messages import PREPARE, Care, DeadRow, Failure

GONE = Failure(where="", type=WORKER_LOST, message="")


def began(batch, start, stop, batches=4):
    return BatchBegan(
        at_s=0,
        shard=0,
        attempt=1,
        batch=batch,
        batches=batches,
        start=start,
        stop=stop,
        first_row=batch * 8 + start,
        last_row=batch * 8 + stop - 1,
    )


def search(quarantine, killers, *, rows=8):
    """Run probes to the end, in a shard where `killers` (batch, row) end workers; returns the targets."""
    targets = []
    while (target := quarantine.target) is not None:
        targets.append(target)
        if target.piece is None:
            batch = min((batch for batch, _ in killers - {(b, d.row) for b, d in _dead(quarantine)}), default=None)
            if batch is None or batch < target.batch:
                quarantine.passed()
            else:
                quarantine.died(began(batch, 0, rows), size=rows, how="killed")
        elif any((target.batch, row) in killers for row in range(*target.piece)):
            quarantine.died(began(target.batch, *target.piece), size=rows, how="killed")
        else:
            quarantine.passed()
    return targets


def _dead(quarantine):
    return [(care.batch, dead) for care in quarantine._cares.as_tuple() for dead in care.dead]


def test_a_worker_that_lives_through_the_whole_batch_was_lost_by_accident():
    quarantine = Quarantine(began(1, 0, 8), size=8, cares=Cares(), deaths=3)
    assert quarantine.target == Target(1, (0, 8))
    assert quarantine.passed().accident
    assert quarantine.target is None


def test_a_batch_is_halved_down_to_the_row():
    cares = Cares()
    quarantine = Quarantine(began(1, 0, 8), size=8, cares=cares, deaths=3)
    targets = search(quarantine, {(1, 2)})
    pieces = [(0, 8), (0, 4), (0, 2), (2, 4), (2, 3), (2, 3), (3, 4), (4, 8)]
    assert targets == [*(Target(1, piece) for piece in pieces), Target(2, None)]
    (care,) = cares.as_tuple()
    assert care.pieces == ((0, 2), (3, 4), (4, 8))
    (dead,) = care.dead
    assert (dead.row, dead.attempts, dead.failure.type) == (2, 6, WORKER_LOST)
    assert "killed" in dead.failure.message


def test_the_rest_of_the_shard_is_searched_too():
    cares = Cares()
    search(Quarantine(began(0, 0, 8), size=8, cares=cares, deaths=3), {(0, 0), (0, 7), (2, 5), (3, 1)})
    assert {(care.batch, dead.row) for care in cares.as_tuple() for dead in care.dead} == {
        (0, 0),
        (0, 7),
        (2, 5),
        (3, 1),
    }


def test_a_row_alone_is_given_up_after_as_many_deaths_as_a_shard_has_attempts():
    quarantine = Quarantine(began(3, 0, 1), size=1, cares=Cares(), deaths=4)
    for _ in range(2):
        assert quarantine.died(began(3, 0, 1), size=1, how="killed").dead is None
    found = quarantine.died(began(3, 0, 1), size=1, how="killed")
    assert (found.dead.attempts, found.row) == (4, 24)
    assert quarantine.target is None  # it was the last batch


def test_one_death_of_a_row_alone_is_not_enough():
    quarantine = Quarantine(began(0, 0, 2), size=2, cares=Cares(), deaths=1)
    quarantine.died(began(0, 0, 2), size=2, how="killed")
    assert quarantine.died(began(0, 0, 1), size=2, how="killed").dead is None
    assert quarantine.target == Target(0, (0, 1))


def test_a_row_that_lives_alone_in_the_end_was_there_by_accident():
    cares = Cares()
    quarantine = Quarantine(began(0, 3, 4), size=8, cares=cares, deaths=3)
    quarantine.died(began(0, 3, 4), size=8, how="killed")
    assert quarantine.passed().accident
    assert (quarantine.target, cares.as_tuple()) == (None, ())


def test_two_accidents_on_a_batch_leave_it_whole():
    cares = Cares()
    quarantine = Quarantine(began(1, 0, 8), size=8, cares=cares, deaths=3)
    quarantine.died(began(1, 0, 8), size=8, how="killed")
    for half in ((0, 4), (4, 8)):
        assert quarantine.target == Target(1, half)
        assert not quarantine.passed().accident
    assert quarantine.target == Target(1, (0, 8))
    assert quarantine.passed().accident
    assert (quarantine.target, cares.as_tuple()) == (None, ())


def test_a_batch_that_only_dies_whole_runs_in_parts():
    cares = Cares()
    quarantine = Quarantine(began(1, 0, 8), size=8, cares=cares, deaths=3)
    targets = []
    while (target := quarantine.target) is not None:
        targets.append(target)
        if target.piece == (0, 8):
            assert not quarantine.died(began(1, 0, 8), size=8, how="killed").accident
        else:
            assert not quarantine.passed().accident
    assert targets == [*(Target(1, piece) for piece in ((0, 8), (0, 4), (4, 8), (0, 8))), Target(2, None)]
    assert cares.as_tuple() == (Care(1, ((0, 4), (4, 8))),)


def test_accidents_in_a_sweep_do_not_end_it():
    quarantine = Quarantine(began(0, 0, 1), size=1, cares=Cares(), deaths=2)
    for _ in range(2):
        quarantine.died(began(0, 0, 1), size=1, how="killed")
    assert quarantine.target == Target(1, None)
    for _ in range(2):
        quarantine.died(began(2, 0, 2), size=2, how="killed")
    assert [quarantine.passed().accident for _ in range(3)] == [False, False, True]
    assert quarantine.target == Target(2, None)


def test_a_probe_that_dies_elsewhere_shows_nothing():
    quarantine = Quarantine(began(2, 0, 8), size=8, cares=Cares(), deaths=3)
    assert quarantine.died(began(PREPARE, 0, 32), size=32, how="killed").accident
    assert quarantine.died(None, size=0, how="killed").accident
    assert quarantine.target == Target(2, (0, 8))


def test_rows_that_die_in_prepare_shift_the_batches():
    cares = Cares()
    cares.add(1, size=8, piece=(0, 8), lived=[(1, 8)], dead=[DeadRow(0, GONE, 3)])
    assert cares.dead_rows == 1
    cares.add(PREPARE, size=16, piece=(4, 6), lived=[(5, 6)], dead=[DeadRow(4, GONE, 3)])
    assert cares.as_tuple() == (Care(PREPARE, ((0, 4), (5, 6), (6, 16)), (DeadRow(4, GONE, 3),)),)


def test_a_shard_runs_whole_again_without_the_row_that_ends_workers():
    story = Story(1, max_dead_rows=1, min_replicas=1)
    story.begin(0, 1, piece=(0, 1))
    story.lose("w0")
    for number in (1, 2):
        probe = probe_in(story.ready(f"w{number}"))
        assert (probe.batch, probe.piece) == (0, (0, 1))
        story.begin(0, probe.attempt, piece=(0, 1))
        story.lose(f"w{number}")
    sweep = probe_in(story.ready("w3"))
    assert (sweep.batch, sweep.piece) == (1, None)
    assert story.machine.dead_rows == 1
    (dispatch,) = story.passed(sweep)
    assert (dispatch.cares, dispatch.max_dead_rows) == (sweep.cares, 1)
    assert dispatch.cares[0].dead[0].row == 0


def test_a_row_beyond_the_budget_ends_the_job_with_its_name():
    story = Story(1)
    story.begin(0, 1, piece=(3, 4))
    story.lose("w0")
    for number in (1, 2):
        probe = probe_in(story.ready(f"w{number}"))
        story.begin(0, probe.attempt, piece=(3, 4))
        actions = story.lose(f"w{number}", "killed by SIGSEGV")
    (fail,) = actions
    assert isinstance(fail, Fail)
    assert (fail.start, fail.stop, fail.failure.type) == (3, 4, WORKER_LOST)
    assert "killed by SIGSEGV" in fail.failure.message


def test_deaths_that_probes_find_do_not_hold_back_new_replicas():
    story = Story(1, max_dead_rows=1)
    story.begin(0, 1)
    story.lose("w0")
    for number in (1, 2, 3, 4):
        probe = probe_in(story.ready(f"w{number}"))
        story.begin(0, probe.attempt, piece=probe.piece)
        assert [type(each).__name__ for each in story.lose(f"w{number}")] == ["StartReplica"]


def test_a_busy_replica_is_drained_for_a_probe():
    story = Story(9, ready=3, min_replicas=3, in_flight=2)
    (busy,) = {each.replica.name for each in story.machine._job.shards.open[0].live.values()}
    story.begin(0, 1)
    story.lose(busy)
    story.machine.handle(ReplicaBuildFailed(at_s=0, replica="w3", failure=UNREADABLE))  # nobody else is starting
    draining = story.machine._job.draining
    assert draining is not None
    waiting = [(attempt.shard, attempt.number) for attempt in draining.queue.values()]
    assert len(waiting) == 2
    first, last = [story.stage(*each) for each in waiting]
    assert dispatched(first) == []
    assert probe_in(last).replica == draining.name


def test_a_probe_that_cannot_read_its_rows_is_sent_again_a_bounded_number_of_times():
    story = Story(1)
    story.begin(0, 1)
    story.lose("w0")
    probe = probe_in(story.ready("w1"))
    for _ in range(2):
        probe = probe_in(story.fail(0, probe.attempt, UNREADABLE))
    (fail,) = story.fail(0, probe.attempt, UNREADABLE)
    assert fail.failure == UNREADABLE


def test_a_probe_that_raises_has_not_ended_its_worker():
    story = Story(1)
    story.begin(0, 1)
    story.lose("w0")
    probe = probe_in(story.ready("w1"))
    story.fail(0, probe.attempt)
    assert story.machine.state_of(0) is ShardState.RETRYING
    assert dispatched(story.wake()) == [(0, 3, "w1")]


def test_batches_that_accidents_hit_twice_are_bounded():
    story = Story(1, max_attempts=2)
    replica, actions = 0, story.first
    for losses in (1, 2):
        (attempt,) = story.machine._job.shards.open[0].live
        story.begin(0, attempt)
        story.lose(f"w{replica}")
        probe = probe_in(story.ready(f"w{replica + 1}"))
        story.begin(0, probe.attempt)
        story.lose(f"w{replica + 1}")
        replica += 2
        probe = probe_in(story.ready(f"w{replica}"))
        for _ in range(2):
            probe = probe_in(story.passed(probe))
        assert probe.piece == (0, 4)
        actions = story.passed(probe)
        if losses == 1:
            assert story.machine.state_of(0) is ShardState.RETRYING
            (dispatch,) = story.wake()
            assert dispatch.cares == ()
    (fail,) = actions
    assert isinstance(fail, Fail)
    assert "2 workers ended while they ran it" in fail.reason
