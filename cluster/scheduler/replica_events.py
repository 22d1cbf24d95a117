"""What the events of replicas change."""

from __future__ import annotations

from cluster.scheduler.actions import Fail
from cluster.scheduler.cares import Cares
from cluster.scheduler.events import (
    BatchBegan,
    JobStarted,
    ReplicaBuildFailed,
    ReplicaCondemned,
    ReplicaLost,
    ReplicaReady,
)
from cluster.scheduler.job import Job, batch_text
from cluster.scheduler.losses import Case, blame
from cluster.scheduler.probes import after_probe
from cluster.scheduler.quarantine import Quarantine
from cluster.scheduler.replicas import ReplicaState
from cluster.scheduler.shards import Attempt
from cluster.scheduler.states import ShardState
from cluster.scheduler.timers import Alarm, Kind


def on_start(job: Job, event: JobStarted) -> None:
    """The driver is ready to act."""
    for replica in job.replicas:
        job.set_alarms(replica)


def on_ready(job: Job, event: ReplicaReady) -> None:
    """A predictor is built."""
    replica = job.replicas.find(event)
    if replica is not None and replica.state is ReplicaState.BUILDING:
        job.timers.clear(Alarm(Kind.BUILD, replica=replica.name))
        job.replicas.ready(replica)
        job.set_alarms(replica)


def on_build_failed(job: Job, event: ReplicaBuildFailed) -> None:
    """A predictor's `__init__` raised, and the replica is gone."""
    replica = job.replicas.find(event)
    if replica is None:
        return
    job.remove(replica)
    failures = job.replicas.failed_building(event.failure)
    if len(failures) >= job.limits.max_build_failures:
        job.fail(Fail(reason=f"{failures[0].where} raised {failures[0].type}", failure=failures[0]))
        return
    job.replicas.lost()
    job.start_after_s = job.now_s + job.replicas.restart_delay_s


def on_condemned(job: Job, event: ReplicaCondemned) -> None:
    """A replica is being killed, and nothing of this job is to blame."""
    replica = job.replicas.find(event)
    if replica is not None:
        job.replicas.condemn(replica)


def on_lost(job: Job, event: ReplicaLost) -> None:
    """A replica is gone, with all that it had."""
    replica = job.replicas.find(event)
    if replica is None:
        return
    verdict = blame(replica)
    job.remove(replica)
    if not replica.built:
        losses = job.replicas.lost_building()
        if losses >= job.limits.max_build_losses:
            reason = f"{losses} workers in a row ended while building the predictor: {event.reason}"
            job.fail(Fail(reason=reason))
            return
    if not any(attempt.probe for attempt in replica.queue.values()):  # probes are meant to find deaths
        job.replicas.lost()
        job.start_after_s = job.now_s + job.replicas.restart_delay_s
    for attempt in replica.queue.values():
        job.end(attempt)
    suspects = {attempt.shard: piece for attempt, piece in verdict.suspects}
    alone = [index for index in suspects if not job.shards.open[index].live]  # no other attempt at it lives
    case = Case(on=alone[0], left=len(alone)) if alone else None
    for attempt in replica.queue.values():
        _lose(job, attempt, event, suspects.get(attempt.shard), case, unlucky=attempt is verdict.unlucky)
        if job.finished:
            return


def _lose(
    job: Job, attempt: Attempt, event: ReplicaLost, piece: BatchBegan | None, case: Case | None, *, unlucky: bool
) -> None:
    """End an attempt or a probe whose worker is gone; `piece` is what it is suspected for."""
    shard = job.shards.open[attempt.shard]
    if piece is not None or unlucky:
        shard.how = event.reason
        shard.rows = (piece.first_row, piece.last_row + 1) if piece is not None else (0, 0)
        kind = "probe" if attempt.probe else "attempt"
        doing = f" in {batch_text(piece.batch)} [{piece.start}:{piece.stop}]" if piece else ""
        job.shards.note(
            shard, job.now_s, f"{kind} {attempt.number} lost with {attempt.replica.name}{doing}: {event.reason}"
        )
    if attempt.probe:
        assert shard.quarantine is not None
        found = shard.quarantine.died(piece, size=attempt.size, how=event.reason)
        after_probe(job, shard, found, event)
    elif shard.live:
        job.shards.move(shard, shard.state, event)
    elif piece is not None:
        shard.cares = shard.cares or Cares()
        shard.case = case
        shard.quarantine = Quarantine(piece, size=attempt.size, cares=shard.cares, deaths=job.limits.max_attempts)
        job.shards.move(shard, ShardState.QUARANTINED, event)
        job.shards.put_to_probe(shard)
    elif unlucky:
        shard.losses += 1
        job.retry(shard, event)
    else:
        job.plan(shard, event)
