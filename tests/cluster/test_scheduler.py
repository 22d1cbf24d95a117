"""The scheduler: lists of actions compared, and random histories in which no shard is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cluster.errors import InvalidTransition
from cluster.scheduler import (
    Commit,
    Dispatch,
    Fail,
    Finish,
    JobStarted,
    Limits,
    Machine,
    ReplicaBuildFailed,
    ReplicaLost,
    ReplicaReady,
    ShardCommitted,
    ShardRaised,
    ShardStaged,
    ShardStarted,
    ShardState,
    StartReplica,
)
from cluster.scheduler.states import transition_table
from workers.messages import Failure

FAILURE = Failure(where="Classify.__call__", type="ValueError", message="no")


def started(shards=3, **limits):
    """A machine with one replica that is ready; its first actions are dropped."""
    machine = Machine(range(shards), limits=Limits(**{"replicas": 1, "in_flight": 1, **limits}))
    machine.handle(JobStarted(at_s=0.0))
    machine.handle(ReplicaReady(at_s=0.1, replica="w0"))
    return machine


def test_starts_replicas_and_dispatches_when_they_are_ready():
    machine = Machine(range(3), limits=Limits(replicas=2, in_flight=1))
    assert machine.handle(JobStarted(at_s=0)) == [StartReplica(replica="w0"), StartReplica(replica="w1")]
    assert machine.handle(ReplicaReady(at_s=1, replica="w1")) == [Dispatch(shard=0, attempt=1, replica="w1")]
    assert machine.handle(ReplicaReady(at_s=1, replica="w0")) == [Dispatch(shard=1, attempt=1, replica="w0")]


def test_uses_the_replicas_that_are_there():
    machine = Machine(range(1), limits=Limits(replicas=1), replicas={"w7": True}, next_replica=8)
    assert machine.handle(JobStarted(at_s=0)) == [Dispatch(shard=0, attempt=1, replica="w7")]


def test_the_least_loaded_replica_is_served_first():
    machine = Machine(range(4), limits=Limits(replicas=2, in_flight=2), replicas={"a": True, "b": True})
    assert [action.replica for action in machine.handle(JobStarted(at_s=0))] == ["a", "b", "a", "b"]


def test_the_last_shards_are_kept_for_replicas_that_are_starting():
    machine = Machine(range(3), limits=Limits(replicas=2, in_flight=2))
    machine.handle(JobStarted(at_s=0))
    first = [Dispatch(shard=0, attempt=1, replica="w0"), Dispatch(shard=1, attempt=1, replica="w0")]
    assert machine.handle(ReplicaReady(at_s=1, replica="w0")) == first
    assert machine.handle(ShardStaged(at_s=2, shard=0, attempt=1)) == [Commit(shard=0, attempt=1, replica="w0")]
    assert machine.handle(ReplicaReady(at_s=3, replica="w1")) == [Dispatch(shard=2, attempt=1, replica="w1")]


def test_a_shard_is_committed_once_staged_and_the_next_one_follows():
    machine = started(shards=2)
    assert machine.handle(ShardStarted(at_s=1, shard=0, attempt=1)) == []
    assert machine.handle(ShardStaged(at_s=2, shard=0, attempt=1)) == [
        Commit(shard=0, attempt=1, replica="w0"),
        Dispatch(shard=1, attempt=1, replica="w0"),
    ]
    assert machine.handle(ShardCommitted(at_s=3, shard=0, attempt=1)) == []
    assert machine.state_of(0) is ShardState.COMMITTED


def test_finishes_when_all_are_committed():
    machine = started(shards=1)
    machine.handle(ShardStaged(at_s=1, shard=0, attempt=1))
    assert machine.handle(ShardCommitted(at_s=2, shard=0, attempt=1)) == [Finish()]
    assert machine.handle(ReplicaLost(at_s=3, replica="w0", reason="late")) == []


def test_a_job_without_shards_finishes_at_once():
    assert Machine([], limits=Limits(replicas=2)).handle(JobStarted(at_s=0)) == [Finish()]


def test_a_lost_replica_is_replaced_and_its_shards_run_again():
    machine = started(shards=2, in_flight=2)
    machine.handle(ShardStarted(at_s=1, shard=0, attempt=1))
    assert machine.handle(ReplicaLost(at_s=2, replica="w0", reason="killed")) == [StartReplica(replica="w1")]
    assert machine.handle(ReplicaReady(at_s=3, replica="w1")) == [
        Dispatch(shard=0, attempt=2, replica="w1"),
        Dispatch(shard=1, attempt=2, replica="w1"),
    ]


def test_only_the_running_shard_counts_the_loss():
    machine = started(shards=2, in_flight=2, max_attempts=1)
    assert machine.handle(ReplicaLost(at_s=2, replica="w0", reason="killed")) == [StartReplica(replica="w1")]
    machine.handle(ReplicaReady(at_s=3, replica="w1"))
    machine.handle(ShardStarted(at_s=4, shard=0, attempt=2))
    (fail,) = machine.handle(ReplicaLost(at_s=5, replica="w1", reason="killed by SIGSEGV"))
    assert (fail.shard, fail.failure) == (0, None)
    assert "killed by SIGSEGV" in fail.reason


def test_gives_up_on_a_shard_that_kills_every_worker():
    machine = started(shards=1, max_attempts=3)
    for attempt in (1, 2, 3):
        machine.handle(ShardStarted(at_s=attempt, shard=0, attempt=attempt))
        actions = machine.handle(ReplicaLost(at_s=attempt, replica=f"w{attempt - 1}", reason="killed"))
        machine.handle(ReplicaReady(at_s=attempt, replica=f"w{attempt}")) if attempt < 3 else None
    assert [type(action) for action in actions] == [Fail]


def test_the_users_error_ends_the_job():
    machine = started()
    event = ShardRaised(at_s=1, shard=0, attempt=1, failure=FAILURE, start=4, stop=8)
    assert machine.handle(event) == [
        Fail(reason="Classify.__call__ raised ValueError", shard=0, failure=FAILURE, start=4, stop=8)
    ]
    assert machine.finished


def test_a_predictor_that_cannot_be_built_ends_the_job():
    machine = Machine(range(1), limits=Limits(replicas=1))
    machine.handle(JobStarted(at_s=0))
    (fail,) = machine.handle(ReplicaBuildFailed(at_s=1, replica="w0", failure=FAILURE))
    assert fail.failure == FAILURE


def test_workers_that_die_while_building_are_replaced_a_bounded_number_of_times():
    machine = Machine(range(1), limits=Limits(replicas=1, max_build_losses=3))
    machine.handle(JobStarted(at_s=0))
    for name, follows in (("w0", StartReplica), ("w1", StartReplica), ("w2", Fail)):
        (action,) = machine.handle(ReplicaLost(at_s=1, replica=name, reason="killed by SIGKILL"))
        assert type(action) is follows


def test_a_slow_consumer_bounds_the_open_shards():
    machine = started(shards=5, open_shards=2)
    machine.handle(ShardStaged(at_s=1, shard=0, attempt=1))  # dispatches the second
    assert [type(action) for action in machine.handle(ShardStaged(at_s=1, shard=1, attempt=1))] == [Commit]
    assert machine.handle(ShardCommitted(at_s=2, shard=0, attempt=1)) == [Dispatch(shard=2, attempt=1, replica="w0")]


def test_late_and_repeated_events_change_nothing():
    machine = started(shards=1)
    machine.handle(ShardStarted(at_s=1, shard=0, attempt=1))
    machine.handle(ReplicaLost(at_s=2, replica="w0", reason="killed"))
    assert machine.handle(ShardStaged(at_s=3, shard=0, attempt=1)) == []  # of the lost replica
    assert machine.handle(ReplicaLost(at_s=3, replica="w0", reason="killed")) == []
    machine.handle(ReplicaReady(at_s=4, replica="w1"))
    assert machine.handle(ShardStaged(at_s=5, shard=0, attempt=1)) == []
    assert machine.handle(ShardStaged(at_s=6, shard=0, attempt=2)) == [Commit(shard=0, attempt=2, replica="w1")]
    assert machine.handle(ShardStaged(at_s=7, shard=0, attempt=2)) == []
    assert machine.handle(ShardStarted(at_s=7, shard=0, attempt=2)) == []


@pytest.mark.parametrize(
    "event",
    [
        ShardStaged(at_s=1, shard=0, attempt=2),
        ShardStaged(at_s=1, shard=9, attempt=1),
        ReplicaReady(at_s=1, replica="stranger"),
        ShardCommitted(at_s=1, shard=0, attempt=1),
    ],
)
def test_what_cannot_happen_raises(event):
    with pytest.raises(InvalidTransition):
        started().handle(event)


def test_an_invalid_transition_tells_the_shards_story():
    machine = started()
    machine.handle(ShardStarted(at_s=1.5, shard=0, attempt=1))
    with pytest.raises(InvalidTransition, match=r"(?s)is running.*Dispatch.*1\.500 s: ShardStarted"):
        machine.handle(ShardCommitted(at_s=2, shard=0, attempt=1))


def test_the_documented_table_is_the_codes():
    page = (Path(__file__).parents[2] / "docs" / "ARCHITECTURE.md").read_text()
    assert transition_table() in page, "paste the output of: python -m cluster.scheduler"


class Histories(RuleBasedStateMachine):
    """Random crashes, duplicates, late and reordered messages: every shard is committed exactly once."""

    @initialize(
        shards=st.integers(1, 6), replicas=st.integers(1, 3), in_flight=st.integers(1, 3), window=st.integers(1, 4)
    )
    def start(self, shards, replicas, in_flight, window):
        self.shards = shards
        limits = Limits(
            replicas=replicas, in_flight=in_flight, open_shards=window, max_attempts=10**6, max_build_losses=10**6
        )
        self.machine = Machine(range(shards), limits=limits)
        self.now_s = 0.0
        self.building: list[str] = []
        self.ready: list[str] = []
        self.messages: list = []  # sent by workers and the driver, not yet heard
        self.heard: list = []
        self.commits: dict[int, int] = {}
        self.tell(JobStarted(at_s=0.0))

    def tell(self, event):
        for action in self.machine.handle(event):
            match action:
                case StartReplica(replica=name):
                    self.building.append(name)
                case Dispatch(shard=shard, attempt=attempt, replica=replica):
                    assert replica in self.ready
                    self.messages.append((replica, ShardStarted(at_s=0, shard=shard, attempt=attempt)))
                    self.messages.append((replica, ShardStaged(at_s=0, shard=shard, attempt=attempt)))
                case Commit(shard=shard, attempt=attempt):
                    self.commits[shard] = self.commits.get(shard, 0) + 1
                    self.messages.append(("driver", ShardCommitted(at_s=0, shard=shard, attempt=attempt)))
                case Finish():
                    assert self.machine.finished
                case _:
                    raise AssertionError(f"unexpected {action}")

    @precondition(lambda self: self.building)
    @rule(data=st.data())
    def replica_gets_ready(self, data):
        name = data.draw(st.sampled_from(self.building))
        self.building.remove(name)
        self.ready.append(name)
        self.tell(ReplicaReady(at_s=self.now_s, replica=name))

    @precondition(lambda self: self.building or self.ready)
    @rule(data=st.data(), twice=st.booleans())
    def replica_dies(self, data, twice):
        name = data.draw(st.sampled_from(self.building + self.ready))
        for names in (self.building, self.ready):
            if name in names:
                names.remove(name)
        # What it had sent may be lost or may arrive after the loss was noticed.
        self.messages = [(by, m) for by, m in self.messages if by != name or data.draw(st.booleans())]
        for _ in range(1 + twice):
            self.tell(ReplicaLost(at_s=self.now_s, replica=name, reason="killed"))

    @precondition(lambda self: self.messages)
    @rule(data=st.data())
    def message_arrives(self, data):
        index = data.draw(st.integers(0, len(self.messages) - 1))
        _, message = self.messages.pop(index)
        self.heard.append(message)
        self.tell(message)

    @precondition(lambda self: self.heard)
    @rule(data=st.data())
    def message_arrives_again(self, data):
        self.tell(data.draw(st.sampled_from(self.heard)))

    @rule(by_s=st.floats(-5, 5))
    def clock_jumps(self, by_s):
        self.now_s += by_s

    @invariant()
    def books_agree(self):
        if hasattr(self, "machine"):
            self.machine.check()
            assert all(count == 1 for count in self.commits.values()), "a shard was committed twice"

    def teardown(self):
        """Left alone, every history comes to its end with every shard committed once."""
        if not hasattr(self, "machine"):
            return
        for _ in range(1000):
            if self.machine.finished:
                break
            while self.building:
                name = self.building.pop()
                self.ready.append(name)
                self.tell(ReplicaReady(at_s=self.now_s, replica=name))
            while self.messages:
                self.tell(self.messages.pop(0)[1])
        assert self.machine.finished, "the machine is stuck"
        assert self.commits == dict.fromkeys(range(self.shards), 1)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=150, stateful_step_count=40)
