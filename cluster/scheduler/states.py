"""The states of a shard, and which event takes it from one to another."""

from __future__ import annotations

import enum
from types import MappingProxyType

from cluster.scheduler.actions import Dispatch, Probe
from cluster.scheduler.events import (
    BatchBegan,
    BatchEnded,
    ProbePassed,
    ReplicaLost,
    ShardCommitted,
    ShardRaised,
    ShardStaged,
    Tick,
)


class ShardState(enum.Enum):
    """Where a shard is in its life."""

    PLANNED = "planned"
    """Waits for a replica."""
    DISPATCHED = "dispatched"
    """A replica has it, and has not begun with it."""
    RUNNING = "running"
    """Its rows, or its first batch, went into the predictor."""
    STAGED = "staged"
    """Its output exists under a temporary name, or in the driver's memory."""
    COMMITTED = "committed"
    """Its output is final."""
    RETRYING = "retrying"
    """It failed, and waits a while before it is planned again."""
    QUARANTINED = "quarantined"
    """A worker died on it: probes find out what in it ends workers."""
    DEAD = "dead"
    """It ended the job."""

    __hash__ = object.__hash__  # members are singletons, and Enum's own hash is a Python call on the hot path


_PLANNED, _DISPATCHED, _RUNNING = ShardState.PLANNED, ShardState.DISPATCHED, ShardState.RUNNING
_STAGED, _COMMITTED, _RETRYING = ShardState.STAGED, ShardState.COMMITTED, ShardState.RETRYING
_QUARANTINED, _DEAD = ShardState.QUARANTINED, ShardState.DEAD

TRANSITIONS = MappingProxyType(
    {
        (_PLANNED, Dispatch): (_DISPATCHED,),
        (_DISPATCHED, Dispatch): (_DISPATCHED,),  # a second attempt beside the first one
        (_DISPATCHED, BatchBegan): (_RUNNING,),
        (_DISPATCHED, BatchEnded): (_RUNNING,),  # all of its rows were given up before
        (_DISPATCHED, ShardStaged): (_STAGED, _DEAD),  # a shard without rows has no batch
        (_DISPATCHED, ShardRaised): (_DISPATCHED, _RETRYING, _DEAD),
        (_DISPATCHED, ReplicaLost): (_DISPATCHED, _PLANNED, _RETRYING, _DEAD),
        (_RUNNING, Dispatch): (_RUNNING,),
        (_RUNNING, BatchBegan): (_RUNNING,),
        (_RUNNING, BatchEnded): (_RUNNING,),
        (_RUNNING, ShardStaged): (_STAGED, _DEAD),
        (_RUNNING, ShardRaised): (_RUNNING, _RETRYING, _DEAD),
        (_RUNNING, ReplicaLost): (_RUNNING, _PLANNED, _RETRYING, _QUARANTINED, _DEAD),
        (_STAGED, ShardCommitted): (_COMMITTED,),
        (_RETRYING, Tick): (_PLANNED,),
        (_QUARANTINED, Probe): (_QUARANTINED,),
        (_QUARANTINED, BatchBegan): (_QUARANTINED,),
        (_QUARANTINED, BatchEnded): (_QUARANTINED,),
        (_QUARANTINED, ProbePassed): (_QUARANTINED, _PLANNED, _RETRYING, _DEAD),
        (_QUARANTINED, ShardRaised): (_QUARANTINED, _PLANNED, _RETRYING, _DEAD),
        (_QUARANTINED, ReplicaLost): (_QUARANTINED, _PLANNED, _DEAD),
    }
)
"""Every legal (state, event) and the states it may lead to. `Dispatch` and `Probe` are the machine's own doing.
Events of attempts that are over are not in here: they change nothing."""


def transition_table() -> str:
    """`TRANSITIONS` as the Markdown table that docs/ARCHITECTURE.md shows."""
    lines = ["| from | on | to |", "| --- | --- | --- |"]
    for (state, kind), targets in TRANSITIONS.items():
        lines.append(f"| {state.value} | {kind.__name__} | {', '.join(to.value for to in targets)} |")
    return "\n".join(lines) + "\n"
