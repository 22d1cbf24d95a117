"""The states of a shard, and which event takes it from one to another."""

from __future__ import annotations

import enum
from types import MappingProxyType

from cluster.scheduler.actions import Dispatch
from cluster.scheduler.events import ReplicaLost, ShardCommitted, ShardRaised, ShardStaged, ShardStarted


class ShardState(enum.Enum):
    """Where a shard is in its life."""

    PLANNED = "planned"
    """Waits for a replica."""
    DISPATCHED = "dispatched"
    """A replica has it, behind another."""
    RUNNING = "running"
    """Its first batch went into the predictor."""
    STAGED = "staged"
    """Its output exists under a temporary name, or in the driver's memory."""
    COMMITTED = "committed"
    """Its output is final."""
    FAILED = "failed"
    """It ended the job."""

    __hash__ = object.__hash__  # members are singletons, and Enum's own hash is a Python call on the hot path


_PLANNED, _DISPATCHED, _RUNNING = ShardState.PLANNED, ShardState.DISPATCHED, ShardState.RUNNING
_STAGED, _COMMITTED, _FAILED = ShardState.STAGED, ShardState.COMMITTED, ShardState.FAILED

TRANSITIONS = MappingProxyType(
    {
        (_PLANNED, Dispatch): _DISPATCHED,
        (_DISPATCHED, ShardStarted): _RUNNING,
        (_DISPATCHED, ShardStaged): _STAGED,  # a shard without rows has no first batch
        (_DISPATCHED, ShardRaised): _FAILED,  # its rows could not be read
        (_DISPATCHED, ReplicaLost): _PLANNED,  # innocent: it had not begun
        (_RUNNING, ShardStarted): _RUNNING,
        (_RUNNING, ShardStaged): _STAGED,
        (_RUNNING, ShardRaised): _FAILED,
        (_RUNNING, ReplicaLost): _PLANNED,  # counts as a loss; FAILED once there were too many
        (_STAGED, ShardStarted): _STAGED,
        (_STAGED, ShardStaged): _STAGED,
        (_STAGED, ShardCommitted): _COMMITTED,
        (_COMMITTED, ShardStarted): _COMMITTED,
        (_COMMITTED, ShardStaged): _COMMITTED,
        (_COMMITTED, ShardCommitted): _COMMITTED,
    }
)
"""Every legal (state, event) and the state it leads to, for events of the shard's current attempt. `Dispatch` is the
machine's own doing. A row that leads back to its own state is a message that came twice or late."""


def transition_table() -> str:
    """`TRANSITIONS` as the Markdown table that docs/ARCHITECTURE.md shows."""
    lines = ["| from | on | to |", "| --- | --- | --- |"]
    lines += [f"| {state.value} | {kind.__name__} | {to.value} |" for (state, kind), to in TRANSITIONS.items()]
    return "\n".join(lines) + "\n"
