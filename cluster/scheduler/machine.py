"""The state machine itself: events in, actions out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cluster.errors import InvalidTransition
from cluster.scheduler import replica_events, shard_events
from cluster.scheduler.actions import Action
from cluster.scheduler.assigning import settle
from cluster.scheduler.due import ring
from cluster.scheduler.events import (
    BatchBegan,
    BatchEnded,
    Event,
    JobStarted,
    ProbePassed,
    ReplicaBuildFailed,
    ReplicaCondemned,
    ReplicaLost,
    ReplicaReady,
    ShardCommitted,
    ShardRaised,
    ShardStaged,
    Tick,
)
from cluster.scheduler.job import Job
from cluster.scheduler.limits import Limits
from cluster.scheduler.replicas import ReplicaState
from cluster.scheduler.states import ShardState
from cluster.scheduler.timers import Alarm, Kind

_HANDLERS: dict[type[Event], Callable[[Job, Any], None]] = {
    JobStarted: replica_events.on_start,
    Tick: lambda job, event: None,
    ReplicaReady: replica_events.on_ready,
    ReplicaCondemned: replica_events.on_condemned,
    ReplicaBuildFailed: replica_events.on_build_failed,
    ReplicaLost: replica_events.on_lost,
    BatchBegan: shard_events.on_began,
    BatchEnded: shard_events.on_ended,
    ShardStaged: shard_events.on_staged,
    ShardCommitted: shard_events.on_committed,
    ShardRaised: shard_events.on_raised,
    ProbePassed: shard_events.on_probe_passed,
}
_QUIET = frozenset({BatchBegan, BatchEnded})  # nothing else can be done because of them


class Machine:
    """Decides for one job. `handle` is the only way in.

    The driver performs the actions in their order, tells what follows from them, and waits no longer than until
    `wake_s` before it sends a `Tick`. `Commit` is answered by `ShardCommitted`, `KillReplica` by `ReplicaLost`;
    `CancelAttempt` and `StopReplica` need no answer, and what their targets still say is ignored. What one replica says
    is told in its order, and `ReplicaLost` after it; no order is needed between replicas. Deadlines and waits end at a
    `Tick` only: a driver that was held up tells first what has arrived meanwhile, so that nobody is killed for it.

    Args:
        shards: Indices of the shards to do; the lowest is dispatched first.
        limits: See `Limits`.
        replicas: Names of the workers that exist already, and whether their predictor is built.
        next_replica: Number of the first new worker.
    """

    def __init__(
        self,
        shards: Iterable[int],
        *,
        limits: Limits,
        replicas: Mapping[str, bool] | None = None,
        next_replica: int = 0,
    ) -> None:
        self._job = Job(shards, limits=limits, replicas=replicas or {}, next_replica=next_replica)

    @property
    def finished(self) -> bool:
        """True once `Finish` or `Fail` was returned; every later event is ignored."""
        return self._job.finished

    def handle(self, event: Event) -> list[Action]:
        """Take in one event.

        Returns:
            What to do, in order.

        Raises:
            InvalidTransition: The event cannot happen; this is a bug in shoal.
        """
        if self._job.finished:
            return []
        handler = _HANDLERS.get(type(event))
        if handler is None:
            raise InvalidTransition(f"the scheduler does not know {event!r}")
        self._job.now_s = max(self._job.now_s, event.at_s)  # it never goes back in here, whatever clocks do
        self._job.out = []
        handler(self._job, event)
        if type(event) is Tick:
            ring(self._job)
        if type(event) not in _QUIET:
            settle(self._job)
        return self._job.out

    @property
    def wake_s(self) -> float | None:
        """When the machine next wants a `Tick`, if nothing else happens before; None if it does not."""
        return None if self._job.finished else self._job.timers.wake_s

    @property
    def now_s(self) -> float:
        """The latest time that an event told."""
        return self._job.now_s

    @property
    def calls(self) -> list[tuple[str, int, int, float]]:
        """What is under way and has a deadline: the replica, the shard, the attempt, and when to kill for it."""
        return [
            (replica.name, attempt.shard, attempt.number, due_s)
            for replica in self._job.replicas
            for attempt in (*replica.queue.values(), *replica.cancelled)
            if (due_s := self._job.timers.due_s(Alarm(Kind.BATCH, attempt.shard, attempt.number))) is not None
        ]

    @property
    def next_replica(self) -> int:
        """Number of the next new worker, for the job after this one."""
        return self._job.replicas.next_number

    @property
    def dead_rows(self) -> int:
        """How many rows are given up so far, those of earlier runs included."""
        return self._job.budget.dead_rows

    def state_of(self, shard: int) -> ShardState:
        """Where a shard is."""
        return self._job.shards.state_of(shard)

    def story_of(self, shard: int) -> list[str]:
        """What happened to a shard so far, a line each: its troubles, and where it is now."""
        return self._job.shards.story_of(shard)

    def check(self) -> None:
        """Raise AssertionError unless the machine's books agree with each other; for tests, after each event."""
        job = self._job
        if job.finished:
            return  # on the spot: the books are of no use any more
        job.shards.check()
        job.replicas.check()
        at_replicas = [attempt for replica in job.replicas for attempt in replica.queue.values()]
        live = [attempt for shard in job.shards.open.values() for attempt in shard.live.values()]
        assert {*map(id, live)} == {*map(id, at_replicas)}, "an attempt is live exactly while it is at a replica"
        assert len(live) == len(at_replicas), "an attempt is at one replica"
        assert len(job.replicas) >= job.limits.min_replicas or self.wake_s is not None, "the lost are replaced"
        starting_or_ending = any(replica.state is not ReplicaState.READY for replica in job.replicas)
        staged = job.shards.count(ShardState.STAGED)
        assert live or staged or starting_or_ending or self.wake_s is not None, "something is to come"
