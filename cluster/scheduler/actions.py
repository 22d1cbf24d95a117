"""What the scheduler asks the driver to do."""

from __future__ import annotations

from dataclasses import dataclass

from workers.messages import Failure


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing to do, in the order given."""


@dataclass(frozen=True, kw_only=True)
class StartReplica(Action):
    """Start a worker under a name that was never used before."""

    replica: str


@dataclass(frozen=True, kw_only=True)
class Dispatch(Action):
    """Have a replica run one attempt at a shard."""

    shard: int
    attempt: int
    replica: str


@dataclass(frozen=True, kw_only=True)
class Commit(Action):
    """Make an attempt's output final, then say `ShardCommitted`."""

    shard: int
    attempt: int
    replica: str


@dataclass(frozen=True, kw_only=True)
class Finish(Action):
    """Every shard is committed."""


@dataclass(frozen=True, kw_only=True)
class Fail(Action):
    """End the job: what is committed stays.

    Attributes:
        reason: For people, one line.
        shard: The shard that could not be done, if it was a shard's fault.
        failure: The user's error, if it was theirs.
        start: First row of the failing batch within the shard.
        stop: One past its last row.
    """

    reason: str
    shard: int | None = None
    failure: Failure | None = None
    start: int = 0
    stop: int = 0
