"""What follows from the state of a job: probes, attempts, replicas, or its end."""

from __future__ import annotations

from cluster.scheduler.actions import Finish, StartReplica
from cluster.scheduler.job import Job
from cluster.scheduler.probes import send_probes
from cluster.scheduler.shards import OpenShard
from cluster.scheduler.states import ShardState
from cluster.scheduler.timers import Alarm, Kind


def settle(job: Job) -> None:
    """Add what the new state calls for: probes, attempts, replicas, or the end."""
    if job.finished:
        return
    if job.shards.committed == job.shards.total:
        job.finished = True
        job.out.append(Finish())
        return
    send_probes(job)
    _dispatch(job)
    _speculate(job)
    _start_replicas(job)


def _dispatch(job: Job) -> None:
    shards, replicas = job.shards, job.replicas
    waiting: list[OpenShard] = []
    while dispatchable := shards.dispatchable:
        load = replicas.load()
        if load is None or (load and dispatchable <= replicas.building):
            break  # nobody needs a second one as long as those that are starting have none
        shard = shards.next()
        replica = replicas.choose(shard.failed_at, may_wait=job.now_s < shard.patience_s)
        if replica is None:
            waiting.append(shard)
            if job.now_s < shard.patience_s:
                job.timers.set(Alarm(Kind.PATIENCE, shard.index), shard.patience_s)
        else:
            job.run(shard, replica)
    for shard in waiting:
        shards.put_back(shard)


def _speculate(job: Job) -> None:
    """Give what straggles to replicas that nothing else can be given to."""
    shards = job.shards
    if not job.limits.speculate or job.replicas.load() != 0 or shards.dispatchable or shards.to_probe:
        return
    if shards.count(ShardState.RETRYING) or shards.count(ShardState.QUARANTINED):
        return
    straggling_s = job.durations.straggling_s
    if straggling_s is None:
        return
    for replica in job.replicas.idle():
        lone = [
            next(iter(shard.live.values()))
            for shard in shards.open.values()
            if len(shard.live) == 1
            and shard.runs < max(job.limits.max_attempts, 2)
            and replica.name not in shard.failed_at
        ]
        slowest = min(lone, key=lambda attempt: attempt.since_s, default=None)
        if slowest is None:
            continue
        due_s = slowest.since_s + straggling_s
        if due_s > job.now_s:
            job.timers.set(Alarm(Kind.SPECULATE), due_s)
            return
        job.run(shards.open[slowest.shard], replica)


def _start_replicas(job: Job) -> None:
    if len(job.replicas) >= job.limits.max_replicas:
        return
    waiting = job.shards.dispatchable + job.shards.to_probe
    wanted = job.replicas.wanted(waiting=waiting, unstaged=job.shards.unstaged)
    if len(job.replicas) >= wanted:
        return
    if job.start_after_s > job.now_s:
        job.timers.set(Alarm(Kind.RESTART), job.start_after_s)
        return
    while len(job.replicas) < wanted:
        replica = job.replicas.start()
        job.set_alarms(replica)
        job.out.append(StartReplica(replica=replica.name))
