"""The scheduler: a pure state machine that says what to do next, and does nothing itself.

    actions = machine.handle(ReplicaLost(at_s=12.0, replica="w1", reason="killed by SIGKILL"))

Events come in with the time on them, actions go out; there is no clock, no I/O and no process in here. Each shard is in
one `ShardState`; `TRANSITIONS` lists which event takes it where, and what is not listed is a bug that raises.

A shard is planned, dispatched to a replica under a new attempt number, running once its first batch went in, staged
when the attempt is through, and committed when the driver has made it final (for files) or its consumer has taken it
(for streams). A lost replica sends its shards back to planned; only the one that was running counts the loss. Events
of attempts that are over come late, twice or out of order: they change nothing.
"""

from cluster.scheduler.actions import Action, Commit, Dispatch, Fail, Finish, StartReplica
from cluster.scheduler.events import (
    Event,
    JobStarted,
    ReplicaBuildFailed,
    ReplicaLost,
    ReplicaReady,
    ShardCommitted,
    ShardRaised,
    ShardStaged,
    ShardStarted,
)
from cluster.scheduler.machine import Limits, Machine
from cluster.scheduler.states import TRANSITIONS, ShardState

__all__ = [
    "TRANSITIONS",
    "Action",
    "Commit",
    "Dispatch",
    "Event",
    "Fail",
    "Finish",
    "JobStarted",
    "Limits",
    "Machine",
    "ReplicaBuildFailed",
    "ReplicaLost",
    "ReplicaReady",
    "ShardCommitted",
    "ShardRaised",
    "ShardStaged",
    "ShardStarted",
    "ShardState",
    "StartReplica",
]
