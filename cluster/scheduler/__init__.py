"""The scheduler: a pure state machine that says what to do next, and does nothing itself.

    actions = machine.handle(ReplicaLost(at_s=12.0, replica="w1", reason="killed by SIGKILL"))

Events come in with the time on them, actions go out; there is no clock, no I/O and no process in here. Each shard is in
one `ShardState`; `TRANSITIONS` lists which event may take it where, and what is not listed is a bug that raises.

`machine` takes events in. `shard_events` and `replica_events` say what they change, `due` what passing time does, and
`assigning` and `probes` what follows: attempts, probes, replicas. `job` holds the books; `shards` and `replicas` are
the larger parts of them. Each of the others answers one question: `losses` who is to blame for the end of a worker,
`quarantine` which rows of a shard end workers, `cares` how a shard runs without them, `budget` how many rows may still
be given up, `stragglers` which attempt takes too long, `limits` how often and after what wait, `timers` what is due.

Attempts and probes of a shard are numbered together. Events of those that are over come late or twice, and change
nothing.
"""

from cluster.scheduler.actions import (
    Action,
    CancelAttempt,
    Commit,
    Dispatch,
    Fail,
    Finish,
    KillReplica,
    Probe,
    StartReplica,
    StopReplica,
)
from cluster.scheduler.events import (
    BatchBegan,
    BatchEnded,
    Event,
    JobStarted,
    ProbePassed,
    ReplicaBuildFailed,
    ReplicaCondemned,
    ReplicaEvent,
    ReplicaLost,
    ReplicaReady,
    ShardCommitted,
    ShardEvent,
    ShardRaised,
    ShardStaged,
    Tick,
)
from cluster.scheduler.limits import Limits
from cluster.scheduler.machine import Machine
from cluster.scheduler.quarantine import WORKER_LOST
from cluster.scheduler.states import TRANSITIONS, ShardState

__all__ = [
    "TRANSITIONS",
    "WORKER_LOST",
    "Action",
    "BatchBegan",
    "BatchEnded",
    "CancelAttempt",
    "Commit",
    "Dispatch",
    "Event",
    "Fail",
    "Finish",
    "JobStarted",
    "KillReplica",
    "Limits",
    "Machine",
    "Probe",
    "ProbePassed",
    "ReplicaBuildFailed",
    "ReplicaCondemned",
    "ReplicaEvent",
    "ReplicaLost",
    "ReplicaReady",
    "ShardCommitted",
    "ShardEvent",
    "ShardRaised",
    "ShardStaged",
    "ShardState",
    "StartReplica",
    "StopReplica",
    "Tick",
]
