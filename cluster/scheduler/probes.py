"""Shards in quarantine: where their probes run, and what follows from the ends of those."""

from __future__ import annotations

from cluster.scheduler.actions import Probe
from cluster.scheduler.events import Event, ProbePassed, ShardRaised
from cluster.scheduler.job import Job
from cluster.scheduler.quarantine import Found
from cluster.scheduler.shards import OpenShard
from cluster.scheduler.states import ShardState


def send_probes(job: Job) -> None:
    """Send the next probes to replicas that have nothing else to do."""
    shards, replicas = job.shards, job.replicas
    while shards.to_probe:
        draining = job.draining
        replica = draining if draining is not None and draining.idle else next(replicas.idle(), None)
        if replica is None:
            break
        job.draining = None if replica is draining else draining
        shard = shards.next_to_probe()
        assert shard.quarantine is not None
        assert shard.cares is not None
        target = shard.quarantine.target
        assert target is not None
        replicas.set_alone(replica, True)
        attempt = job.assign(shard, replica, probe=True)
        probe = Probe(
            shard=shard.index,
            attempt=attempt.number,
            replica=replica.name,
            cares=shard.cares.as_tuple(),
            batch=target.batch,
            piece=target.piece,
        )
        shards.move(shard, ShardState.QUARANTINED, probe)
        job.out.append(probe)
    _drain(job)


def _drain(job: Job) -> None:
    """Keep a replica free for a probe, if none is about to get free by itself."""
    needed = job.shards.to_probe > 0 and not job.replicas.building
    if needed and job.draining is None:
        job.draining = job.replicas.soonest_idle()
        if job.draining is not None:
            job.replicas.set_alone(job.draining, True)
    elif job.draining is not None and not job.shards.to_probe:
        job.replicas.set_alone(job.draining, False)
        job.draining = None


def pass_probe(job: Job, shard: OpenShard, event: ProbePassed | ShardRaised) -> None:
    """The worker lived through a probe."""
    assert shard.quarantine is not None
    after_probe(job, shard, shard.quarantine.passed(), event)


def after_probe(job: Job, shard: OpenShard, found: Found, cause: Event) -> None:
    """Go on with a shard in quarantine: the next probe, the run, or the end of the job."""
    assert shard.quarantine is not None
    assert shard.cares is not None
    case, shard.case = shard.case, None
    if case is None:
        shard.losses += found.accident
    elif case.close(explained=not found.accident):
        on = job.shards.open.get(case.on)
        if on is not None:
            on.losses += 1
    job.budget.found(shard.index, shard.cares.dead_rows)
    if found.dead is not None and job.budget.exceeded:
        job.shards.move(shard, ShardState.DEAD, cause)
        job.fail_over_budget(shard, found.row, found.dead.failure)
    elif found.accident and shard.losses >= job.limits.max_attempts:
        job.fail_for_losses(shard, cause)
    elif shard.quarantine.target is not None:
        job.shards.move(shard, ShardState.QUARANTINED, cause)
        job.shards.put_to_probe(shard)
    else:
        shard.quarantine = None
        job.shards.note(shard, job.now_s, "an accident" if found.accident else "searched, and planned with care")
        if found.accident:
            job.retry(shard, cause)
        else:
            job.plan(shard, cause)
