"""The state machine itself."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cluster.errors import InvalidTransition
from cluster.scheduler.actions import Action, Commit, Dispatch, Fail, Finish, StartReplica
from cluster.scheduler.events import (
    Event,
    JobStarted,
    ReplicaBuildFailed,
    ReplicaEvent,
    ReplicaLost,
    ReplicaReady,
    ShardCommitted,
    ShardEvent,
    ShardRaised,
    ShardStaged,
    ShardStarted,
)
from cluster.scheduler.states import TRANSITIONS, ShardState


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the machine may not exceed.

    Attributes:
        replicas: Workers to keep alive.
        max_attempts: Losses of a worker while it ran one shard, after which the job ends.
        max_build_losses: Workers lost in a row while they built the predictor, after which the job ends.
        in_flight: Shards at a replica at a time: one running, and the next so that it need not wait.
        open_shards: Shards that are dispatched and not yet committed; by default, beside those in flight, one more for
            each replica. This bounds what waits in the driver for a slow consumer.
    """

    replicas: int
    max_attempts: int = 3
    max_build_losses: int = 3
    in_flight: int = 2
    open_shards: int = 0

    def __post_init__(self) -> None:
        if not self.open_shards:
            object.__setattr__(self, "open_shards", self.replicas * (self.in_flight + 1))


@dataclass(slots=True)
class _Shard:
    state: ShardState = ShardState.PLANNED
    attempt: int = 0
    losses: int = 0
    replica: str = ""
    story: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Replica:
    ready: bool
    shards: dict[int, None] = field(default_factory=dict)  # ordered: the first one is running


class Machine:
    """Decides for one job. `handle` is the only way in.

    Args:
        shards: Indices of the shards to do; the lowest is dispatched first.
        limits: See `Limits`.
        replicas: Names of the workers that exist already, and whether their predictor is built.
        next_replica: Number of the first new worker.

    Attributes:
        finished: True once `Finish` or `Fail` was returned; every later event is ignored.
        next_replica: Number of the next new worker, for the job after this one.
    """

    def __init__(
        self,
        shards: Iterable[int],
        *,
        limits: Limits,
        replicas: Mapping[str, bool] | None = None,
        next_replica: int = 0,
    ) -> None:
        self.limits = limits
        self.finished = False
        self.next_replica = next_replica
        self._shards = {index: _Shard() for index in shards}
        self._planned = sorted(self._shards)  # a sorted list is a heap
        self._replicas = {name: _Replica(ready) for name, ready in (replicas or {}).items()}
        self._gone: set[str] = set()
        self._open = 0
        self._committed = 0
        self._build_losses = 0

    def handle(self, event: Event) -> list[Action]:
        """Take in one event.

        Returns:
            What to do, in order.

        Raises:
            InvalidTransition: The event cannot happen; this is a bug in shoal.
        """
        if self.finished:
            return []
        match event:
            case ShardEvent():
                actions = self._on_shard(event)
            case ReplicaEvent():
                actions = self._on_replica(event)
            case JobStarted():
                actions = self._refill()
            case _:
                raise InvalidTransition(f"the scheduler does not know {event!r}")
        return self._settled(actions)

    def state_of(self, shard: int) -> ShardState:
        """Where a shard is."""
        return self._shards[shard].state

    def story_of(self, shard: int) -> list[str]:
        """What happened to a shard so far, a line each."""
        return list(self._shards[shard].story)

    def check(self) -> None:
        """Raise AssertionError unless the machine's books agree with each other; for tests, after each event."""
        of_state = {state: [i for i, s in self._shards.items() if s.state is state] for state in ShardState}
        at_replicas = {shard for replica in self._replicas.values() for shard in replica.shards}
        live = {*of_state[ShardState.DISPATCHED], *of_state[ShardState.RUNNING]}
        assert live == at_replicas, "a shard is at a replica exactly while it is dispatched or running"
        assert sorted(self._planned) == of_state[ShardState.PLANNED], "the queue holds the planned shards, each once"
        assert self._open == len(live) + len(of_state[ShardState.STAGED]), "open shards are counted"
        assert self._committed == len(of_state[ShardState.COMMITTED]), "committed shards are counted"
        assert self._open <= self.limits.open_shards, "a slow consumer bounds the open shards"
        assert all(len(replica.shards) <= self.limits.in_flight for replica in self._replicas.values())
        assert self.finished or len(self._replicas) >= self.limits.replicas or not self._shards, "the lost are replaced"

    # --- shards

    def _on_shard(self, event: ShardEvent) -> list[Action]:
        shard = self._shards.get(event.shard)
        if shard is None or event.attempt > shard.attempt:
            raise InvalidTransition(f"{event!r} names an attempt that was never dispatched")
        if event.attempt < shard.attempt or shard.state is ShardState.PLANNED:
            return []  # an attempt that is over: its worker was lost before this arrived
        before = shard.state
        self._move(event.shard, shard, event)
        if before is shard.state:
            return []
        match event:
            case ShardStaged():
                self._leave_replica(event.shard, shard)
                return [Commit(shard=event.shard, attempt=shard.attempt, replica=shard.replica)]
            case ShardCommitted():
                self._open -= 1
                self._committed += 1
            case ShardRaised(failure=failure, start=start, stop=stop):
                self._leave_replica(event.shard, shard)
                self._open -= 1
                reason = f"{failure.where} raised {failure.type}"
                return [Fail(reason=reason, shard=event.shard, failure=failure, start=start, stop=stop)]
            case ShardStarted():
                pass
        return []

    def _move(self, index: int, shard: _Shard, cause: Event | Dispatch) -> None:
        to = TRANSITIONS.get((shard.state, type(cause)))
        if to is None:
            story = "".join(f"\n  {line}" for line in shard.story)
            raise InvalidTransition(f"shard {index} is {shard.state.value} and met {cause!r}; its story:{story}")
        if to is not shard.state:
            when = f"{cause.at_s:.3f} s: " if isinstance(cause, Event) else ""
            shard.story.append(f"{when}{type(cause).__name__} (attempt {shard.attempt}): {to.value}")
            shard.state = to

    def _leave_replica(self, index: int, shard: _Shard) -> None:
        self._replicas[shard.replica].shards.pop(index, None)

    # --- replicas

    def _on_replica(self, event: ReplicaEvent) -> list[Action]:
        replica = self._replicas.get(event.replica)
        if replica is None:
            if event.replica in self._gone:
                return []  # said twice, or said before it was lost and heard after
            raise InvalidTransition(f"{event!r} names a replica that was never started")
        match event:
            case ReplicaReady():
                replica.ready = True
                self._build_losses = 0
            case ReplicaLost():
                self._forget(event.replica)
                return self._on_lost(replica, event)
            case ReplicaBuildFailed(failure=failure):
                self._forget(event.replica)
                return [Fail(reason=f"{failure.where} raised {failure.type}", failure=failure)]
        return []

    def _on_lost(self, replica: _Replica, event: ReplicaLost) -> list[Action]:
        if not replica.ready:
            self._build_losses += 1
            if self._build_losses >= self.limits.max_build_losses:
                reason = f"{self._build_losses} workers in a row ended while building the predictor: {event.reason}"
                return [Fail(reason=reason)]
        failed: list[Action] = []
        for index in replica.shards:
            shard = self._shards[index]
            was_running = shard.state is ShardState.RUNNING
            self._move(index, shard, event)
            self._open -= 1
            heapq.heappush(self._planned, index)
            shard.losses += was_running
            if shard.losses >= self.limits.max_attempts:
                reason = f"{shard.losses} workers ended while they ran it, the last one {event.reason}"
                failed = [Fail(reason=reason, shard=index)]
        return failed or self._refill()

    def _forget(self, name: str) -> None:
        del self._replicas[name]
        self._gone.add(name)

    def _refill(self) -> list[Action]:
        actions: list[Action] = []
        while len(self._replicas) < self.limits.replicas and self._committed < len(self._shards):
            name = f"w{self.next_replica}"
            self.next_replica += 1
            self._replicas[name] = _Replica(ready=False)
            actions.append(StartReplica(replica=name))
        return actions

    # --- what follows from the new state

    def _settled(self, actions: list[Action]) -> list[Action]:
        """Add what the new state calls for: more dispatches, or the end."""
        if any(isinstance(action, Fail) for action in actions):
            self.finished = True
        elif self._committed == len(self._shards):
            self.finished = True
            actions.append(Finish())
        else:
            self._dispatch(actions)
        return actions

    def _dispatch(self, actions: list[Action]) -> None:
        while self._planned and self._open < self.limits.open_shards:
            ready = [(len(replica.shards), name) for name, replica in self._replicas.items() if replica.ready]
            load, name = min(ready, default=(self.limits.in_flight, ""))
            if load >= self.limits.in_flight:
                return
            if load and len(self._planned) <= len(self._replicas) - len(ready):
                return  # nobody needs a second one as long as those that are starting have none
            index = heapq.heappop(self._planned)
            shard = self._shards[index]
            shard.attempt += 1
            shard.replica = name
            dispatch = Dispatch(shard=index, attempt=shard.attempt, replica=name)
            self._move(index, shard, dispatch)
            self._replicas[name].shards[index] = None
            self._open += 1
            actions.append(dispatch)
