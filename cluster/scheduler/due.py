"""What is done because its time has come."""

from __future__ import annotations

from cluster.scheduler.actions import StopReplica
from cluster.scheduler.events import Tick
from cluster.scheduler.job import Job, batch_text
from cluster.scheduler.replicas import ReplicaState
from cluster.scheduler.timers import Kind


def ring(job: Job) -> None:
    """Do what is due."""
    while not job.finished and (alarm := job.timers.pop(job.now_s)) is not None:
        match alarm.kind:
            case Kind.BATCH:
                _kill_overdue(job, alarm.shard, alarm.attempt)
            case Kind.BUILD:
                replica = job.replicas.get(alarm.replica)
                if replica is not None and replica.state is ReplicaState.BUILDING:
                    job.kill(replica, f"killed: not ready after {job.limits.init_timeout_s:g} s (init_timeout_s)")
            case Kind.IDLE:
                _stop_idle(job, alarm.replica)
            case Kind.RETRY:
                job.plan(job.shards.open[alarm.shard], Tick)
            case Kind.RESTART | Kind.PATIENCE | Kind.SPECULATE:
                pass  # settling looks at what they are about


def _kill_overdue(job: Job, index: int, number: int) -> None:
    shard = job.shards.open.get(index)
    attempt = job.cancelled.get((index, number)) if shard is None else shard.live.get(number)
    attempt = attempt or job.cancelled.get((index, number))
    if attempt is None or attempt.under_way is None or attempt.replica.state is ReplicaState.CONDEMNED:
        return
    attempt.overdue = attempt.under_way
    what = f"{batch_text(attempt.under_way.batch)} of shard {index}"
    job.kill(attempt.replica, f"killed: {what} took longer than {job.limits.batch_timeout_s:g} s (batch_timeout_s)")


def _stop_idle(job: Job, name: str) -> None:
    replica = job.replicas.get(name)
    if replica is None or not replica.idle or replica is job.draining:
        return
    if len(job.replicas) > job.limits.min_replicas:
        job.remove(replica)
        job.out.append(StopReplica(replica=name))
    else:
        job.set_alarms(replica)
