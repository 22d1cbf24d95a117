"""The books on replicas: which may get work, how healthy they are, and how many there should be."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from cluster.errors import InvalidTransition
from cluster.scheduler.events import ReplicaEvent
from cluster.scheduler.limits import Limits, restart_delay_s
from cluster.scheduler.shards import Attempt
from workers.messages import Failure


class ReplicaState(enum.Enum):
    """Where a replica is."""

    BUILDING = "building"
    READY = "ready"
    CONDEMNED = "condemned"
    """It is being killed."""

    __hash__ = object.__hash__


@dataclass(slots=True, eq=False)
class Replica:
    """One worker.

    Attributes:
        name: Its name.
        state: Where it is.
        built: Whether its predictor is built.
        alone: It gets no more than a probe: one that it runs, or is to run when it is through with the rest.
        queue: The attempts that it has, by shard, in the order in which it runs them.
        cancelled: Attempts that it may still be busy with, though nobody needs them.
    """

    name: str
    state: ReplicaState
    built: bool = False
    alone: bool = False
    queue: dict[int, Attempt] = field(default_factory=dict)
    cancelled: list[Attempt] = field(default_factory=list)

    @property
    def idle(self) -> bool:
        """Whether it could begin with something at once."""
        return self.state is ReplicaState.READY and not self.queue


class Replicas:
    """All replicas of a job.

    Args:
        limits: See `Limits`.
        existing: Names of the workers that exist already, and whether their predictor is built.
        next_number: Of the first new worker.
    """

    def __init__(self, limits: Limits, existing: Mapping[str, bool], *, next_number: int) -> None:
        self._limits = limits
        self._all: dict[str, Replica] = {}
        self._gone: set[str] = set()
        self._by_load: list[dict[str, Replica]] = [{} for _ in range(limits.in_flight)]  # who may get shards
        self._losses = 0  # in a row, with no batch done between
        self._build_losses = 0  # in a row, with none getting ready between
        self._build_failures: list[Failure] = []
        self.next_number = next_number
        self.building = 0
        for name, ready in existing.items():
            self._all[name] = Replica(name, ReplicaState.BUILDING)
            self.building += 1
            if ready:
                self.ready(self._all[name])

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Replica]:
        return iter(self._all.values())

    def find(self, event: ReplicaEvent) -> Replica | None:
        """The replica that an event is about; None if it is gone.

        Raises:
            InvalidTransition: There never was one of this name.
        """
        replica = self._all.get(event.replica)
        if replica is None and event.replica not in self._gone:
            raise InvalidTransition(f"{event!r} names a replica that was never started")
        return replica

    def get(self, name: str) -> Replica | None:
        """The replica of a name; None if it is gone."""
        return self._all.get(name)

    # --- their lives

    def start(self) -> Replica:
        """A new one, under a name that was never used."""
        replica = Replica(f"w{self.next_number}", ReplicaState.BUILDING)
        self.next_number += 1
        self._all[replica.name] = replica
        self.building += 1
        return replica

    def ready(self, replica: Replica) -> None:
        """Its predictor is built."""
        if replica.state is ReplicaState.BUILDING:
            replica.state, replica.built = ReplicaState.READY, True
            self.building -= 1
            self._build_losses = 0
            self._build_failures.clear()
            self._file(replica)

    def condemn(self, replica: Replica) -> None:
        """It is about to be killed."""
        self._unfile(replica)
        self.building -= replica.state is ReplicaState.BUILDING
        replica.state = ReplicaState.CONDEMNED

    def remove(self, replica: Replica) -> None:
        """It is gone."""
        self._unfile(replica)
        self.building -= replica.state is ReplicaState.BUILDING
        del self._all[replica.name]
        self._gone.add(replica.name)

    # --- their health

    def alive(self) -> None:
        """Somewhere a batch, a shard or a probe went well."""
        self._losses = 0

    def lost(self) -> None:
        """One was lost, and not to a probe."""
        self._losses += 1

    def lost_building(self) -> int:
        """One was lost while it built; returns how many in a row."""
        self._build_losses += 1
        return self._build_losses

    def failed_building(self, failure: Failure) -> list[Failure]:
        """The predictor's `__init__` raised; returns what it raised, as often as it did in a row."""
        self._build_failures.append(failure)
        return self._build_failures

    @property
    def restart_delay_s(self) -> float:
        """How long to wait after a loss before a new one is started."""
        return restart_delay_s(self._losses)

    # --- their work

    def take(self, replica: Replica, attempt: Attempt) -> None:
        """Add an attempt to its queue."""
        self._unfile(replica)
        replica.queue[attempt.shard] = attempt
        self._file(replica)

    def leave(self, replica: Replica, attempt: Attempt, now_s: float) -> None:
        """Remove an attempt from its queue; the next one is on from now."""
        self._unfile(replica)
        was_first = next(iter(replica.queue)) == attempt.shard
        del replica.queue[attempt.shard]
        if was_first and replica.queue:
            next(iter(replica.queue.values())).since_s = now_s
        self._file(replica)

    def set_alone(self, replica: Replica, alone: bool) -> None:
        """Give it no more shards, or give it some again."""
        self._unfile(replica)
        replica.alone = alone
        self._file(replica)

    def load(self) -> int | None:
        """How many attempts are at the replica that has the fewest; None if none may get another."""
        for load, replicas in enumerate(self._by_load):
            if replicas:
                return load
        return None

    def choose(self, avoid: Collection[str], *, may_wait: bool) -> Replica | None:
        """The replica with the fewest attempts for a shard that some have failed; None to wait for another.

        Args:
            avoid: Those that failed it. They get it only when there are no others.
            may_wait: Whether those that are starting count as others.
        """
        fallback = None
        for replicas in self._by_load:
            for replica in replicas.values():
                if replica.name not in avoid:
                    return replica
                fallback = fallback or replica
        if fallback is None:
            return None
        others = (replica for replica in self._all.values() if replica.name not in avoid)
        waits = (
            each.state is ReplicaState.READY or (may_wait and each.state is ReplicaState.BUILDING) for each in others
        )
        return None if any(waits) else fallback

    def idle(self) -> Iterator[Replica]:
        """Those that have nothing to do, and may get a shard."""
        return iter(list(self._by_load[0].values()))

    def soonest_idle(self) -> Replica | None:
        """The one that will probably be through with its queue first."""
        ready = (replica for replica in self._all.values() if replica.state is ReplicaState.READY and not replica.alone)
        return min(ready, key=lambda replica: len(replica.queue), default=None)

    def _file(self, replica: Replica) -> None:
        if replica.state is ReplicaState.READY and not replica.alone and len(replica.queue) < len(self._by_load):
            self._by_load[len(replica.queue)][replica.name] = replica

    def _unfile(self, replica: Replica) -> None:
        if len(replica.queue) < len(self._by_load):
            self._by_load[len(replica.queue)].pop(replica.name, None)

    # --- how many there should be

    def wanted(self, *, waiting: int, unstaged: int) -> int:
        """How many there should be.

        Args:
            waiting: Shards that wait for nothing but a replica.
            unstaged: Shards that are still to run.
        """
        limits = self._limits
        beyond = waiting - self.building * limits.in_flight  # what those that are here or starting cannot hold
        grown = len(self._all) + max(-(-beyond // limits.in_flight), 0)
        return max(min(grown, limits.max_replicas, unstaged), limits.min_replicas)

    def check(self) -> None:
        """Raise AssertionError unless the books agree; for tests."""
        for replica in self._all.values():
            filed = [load for load, replicas in enumerate(self._by_load) if replica.name in replicas]
            open_to_work = replica.state is ReplicaState.READY and not replica.alone
            may = open_to_work and len(replica.queue) < self._limits.in_flight
            assert filed == ([len(replica.queue)] if may else []), f"{replica.name} is filed under its load"
            assert len(replica.queue) <= self._limits.in_flight
            probes = sum(attempt.probe for attempt in replica.queue.values())
            assert not probes or (probes == len(replica.queue) == 1 and (replica.alone or not open_to_work))
        assert sum(map(len, self._by_load)) <= len(self._all), "those that are gone get nothing"
        assert self.building == sum(replica.state is ReplicaState.BUILDING for replica in self._all.values())
