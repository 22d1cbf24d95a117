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
class ReplicaEvent(Event):
    """Something happened to a replica."""

    replica: str


@dataclass(frozen=True, kw_only=True)
class ReplicaReady(ReplicaEvent):
    """Its predictor is built."""


@dataclass(frozen=True, kw_only=True)
class ReplicaBuildFailed(ReplicaEvent):
    """The predictor's `__init__` raised: it would anywhere."""

    failure: Failure


@dataclass(frozen=True, kw_only=True)
class ReplicaLost(ReplicaEvent):
    """Its process is gone; `reason` is for people."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ShardEvent(Event):
    """Something happened to one attempt at a shard."""

    shard: int
    attempt: int


@dataclass(frozen=True, kw_only=True)
class ShardStarted(ShardEvent):
    """Its first batch went into the predictor."""


@dataclass(frozen=True, kw_only=True)
class ShardStaged(ShardEvent):
    """All of its output exists, though not yet for good."""


@dataclass(frozen=True, kw_only=True)
class ShardCommitted(ShardEvent):
    """Its output is final: on disk under its record, or in the consumer's hands."""


@dataclass(frozen=True, kw_only=True)
class ShardRaised(ShardEvent):
    """The user's code raised on it, or its rows could not be read.

    Attributes:
        failure: What.
        start: First row of the failing batch within the shard.
        stop: One past its last row.
    """

    failure: Failure
    start: int
    stop: int
