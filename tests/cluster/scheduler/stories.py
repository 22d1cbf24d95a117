"""Short ways to say what happens, for tests that compare lists of actions."""

from __future__ import annotations

from typing import Any

from cluster.scheduler import (
    Action,
    BatchBegan,
    BatchEnded,
    Dispatch,
    JobStarted,
    Limits,
    Machine,
    Probe,
    ProbePassed,
    ReplicaLost,
    ReplicaReady,
    ShardCommitted,
    ShardRaised,
    ShardStaged,
    Tick,
)
from workers.messages import Failure

RAISED = Failure(where="Classify.__call__", type="ValueError", message="no")
UNREADABLE = Failure(where="reading rows.npy", type="OSError", message="gone", owner="source")


def limits(**changed: Any) -> Limits:
    """One replica, and one shard at a time."""
    return Limits(**{"min_replicas": 1, "max_replicas": changed.get("min_replicas", 1), "in_flight": 1, **changed})


class Story:
    """A machine, and what it is told, at `now_s`."""

    def __init__(self, shards: int = 3, *, ready: int = 1, **changed: Any) -> None:
        self.machine = Machine(range(shards), limits=limits(**changed))
        self.now_s = 0.0
        self.first = self.machine.handle(JobStarted(at_s=0.0))
        for number in range(ready):
            self.first += self.ready(f"w{number}")

    def tell(self, event: Any) -> list[Action]:
        actions = self.machine.handle(event)
        self.machine.check()
        return actions

    def ready(self, replica: str) -> list[Action]:
        return self.tell(ReplicaReady(at_s=self.now_s, replica=replica))

    def lose(self, replica: str, reason: str = "killed by SIGKILL") -> list[Action]:
        return self.tell(ReplicaLost(at_s=self.now_s, replica=replica, reason=reason))

    def begin(self, shard: int, attempt: int, batch: int = 0, piece: tuple[int, int] = (0, 4)) -> list[Action]:
        start, stop = piece
        first = max(batch, 0) * 4 + start
        return self.tell(
            BatchBegan(
                at_s=self.now_s,
                shard=shard,
                attempt=attempt,
                batch=batch,
                batches=2 if batch >= 0 else 0,
                start=start,
                stop=stop,
                first_row=first,
                last_row=first + stop - start - 1,
            )
        )

    def end(self, shard: int, attempt: int, batch: int = 0) -> list[Action]:
        return self.tell(BatchEnded(at_s=self.now_s, shard=shard, attempt=attempt, batch=batch))

    def stage(self, shard: int, attempt: int, **dead: Any) -> list[Action]:
        return self.tell(ShardStaged(at_s=self.now_s, shard=shard, attempt=attempt, **dead))

    def commit(self, shard: int, attempt: int) -> list[Action]:
        return self.tell(ShardCommitted(at_s=self.now_s, shard=shard, attempt=attempt))

    def fail(self, shard: int, attempt: int, failure: Failure = RAISED) -> list[Action]:
        event = ShardRaised(at_s=self.now_s, shard=shard, attempt=attempt, failure=failure, start=4, stop=8)
        return self.tell(event)

    def passed(self, probe: Probe) -> list[Action]:
        return self.tell(ProbePassed(at_s=self.now_s, shard=probe.shard, attempt=probe.attempt))

    def wait(self, seconds: float) -> list[Action]:
        self.now_s += seconds
        return self.tell(Tick(at_s=self.now_s))

    def wake(self) -> list[Action]:
        """Wait until the machine wants to be told the time."""
        assert self.machine.wake_s is not None
        return self.wait(self.machine.wake_s - self.now_s)


def dispatched(actions: list[Action]) -> list[tuple[int, int, str]]:
    """Shards, attempts and replicas of the attempts in a list of actions."""
    return [(each.shard, each.attempt, each.replica) for each in actions if isinstance(each, Dispatch)]


def probe_in(actions: list[Action]) -> Probe:
    """The one probe in a list of actions."""
    (probe,) = [each for each in actions if isinstance(each, Probe)]
    return probe
