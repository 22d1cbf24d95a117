"""What the scheduler is told. Times are seconds on the driver's monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass

from workers.messages import Failure


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something happened at `at_s`."""

    at_s: float


@dataclass(frozen=True, kw_only=True)
class JobStarted(Event):
    """The driver is ready to act."""


@dataclass(frozen=True, kw_only=True)
class Tick(Event):
    """Time went by, and nothing else is to be told: `Machine.wake_s` was reached."""


@dataclass(frozen=True, kw_only=True)
class ReplicaEvent(Event):
    """Something happened to a replica."""

    replica: str


@dataclass(frozen=True, kw_only=True)
class ReplicaReady(ReplicaEvent):
    """Its predictor is built."""


@dataclass(frozen=True, kw_only=True)
class ReplicaBuildFailed(ReplicaEvent):
    """The predictor's `__init__` raised; the replica is gone."""

    failure: Failure


@dataclass(frozen=True, kw_only=True)
class ReplicaLost(ReplicaEvent):
    """Its process is gone; `reason` is for people."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ReplicaCondemned(ReplicaEvent):
    """It is killed for what it still had under way of a job that is over; `ReplicaLost` follows."""


@dataclass(frozen=True, kw_only=True)
class ShardEvent(Event):
    """Something happened to one attempt at a shard, or to one probe of it."""

    shard: int
    attempt: int


@dataclass(frozen=True, kw_only=True)
class BatchBegan(ShardEvent):
    """A batch, or a piece of one, goes into the predictor; attributes as of `workers.messages.BatchStarted`."""

    batch: int
    batches: int
    start: int
    stop: int
    first_row: int
    last_row: int


@dataclass(frozen=True, kw_only=True)
class BatchEnded(ShardEvent):
    """A whole batch came out of the predictor."""

    batch: int


@dataclass(frozen=True, kw_only=True)
class ShardStaged(ShardEvent):
    """All of its output exists, though not yet for good.

    Attributes:
        dead_rows: How many rows were given up.
        failure: Of the last of them, if there are any.
        row: That row's number within the shard.
    """

    dead_rows: int = 0
    failure: Failure | None = None
    row: int = 0


@dataclass(frozen=True, kw_only=True)
class ShardCommitted(ShardEvent):
    """Its output is final: on disk under its record, or in the consumer's hands."""


@dataclass(frozen=True, kw_only=True)
class ShardRaised(ShardEvent):
    """The attempt failed, and the worker lives: rows could not be read or output not written, the predictor returned
    what it must not, or more rows failed than may be given up.

    Attributes:
        failure: What.
        start: First row that it happened on within the shard.
        stop: One past the last one.
    """

    failure: Failure
    start: int
    stop: int


@dataclass(frozen=True, kw_only=True)
class ProbePassed(ShardEvent):
    """The worker lived through a probe."""
