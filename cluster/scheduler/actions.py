"""What the scheduler asks the driver to do."""

from __future__ import annotations

from dataclasses import dataclass

from workers.messages import Care, Failure


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing to do, in the order given."""


@dataclass(frozen=True, kw_only=True)
class StartReplica(Action):
    """Start a worker under a name that was never used before."""

    replica: str


@dataclass(frozen=True, kw_only=True)
class StopReplica(Action):
    """End an idle worker that is not needed any more; nothing more is heard of it."""

    replica: str


@dataclass(frozen=True, kw_only=True)
class KillReplica(Action):
    """End a worker that hangs; `ReplicaLost` with this reason follows."""

    replica: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Dispatch(Action):
    """Have a replica run one attempt at a shard.

    Attributes:
        cares: How to run the batches that have ended workers.
        max_dead_rows: How many of its rows may be given up.
    """

    shard: int
    attempt: int
    replica: str
    cares: tuple[Care, ...] = ()
    max_dead_rows: int = 0


@dataclass(frozen=True, kw_only=True)
class Probe(Action):
    """Have a replica find out what in a shard ends workers; fields as of `workers.messages.ProbeShard`."""

    shard: int
    attempt: int
    replica: str
    cares: tuple[Care, ...]
    batch: int
    piece: tuple[int, int] | None


@dataclass(frozen=True, kw_only=True)
class CancelAttempt(Action):
    """Have a replica drop an attempt that is not needed any more."""

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
        failure: The error, if there is one to show.
        start: First row within the shard that it happened on.
        stop: One past the last one; 0 for the whole shard.
    """

    reason: str
    shard: int | None = None
    failure: Failure | None = None
    start: int = 0
    stop: int = 0
