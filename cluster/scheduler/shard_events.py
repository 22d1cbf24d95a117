"""What the events of attempts and probes change."""

from __future__ import annotations

from cluster.scheduler.actions import Commit, Fail
from cluster.scheduler.events import (
    BatchBegan,
    BatchEnded,
    ProbePassed,
    ShardCommitted,
    ShardEvent,
    ShardRaised,
    ShardStaged,
)
from cluster.scheduler.job import Job
from cluster.scheduler.probes import pass_probe
from cluster.scheduler.shards import Attempt, OpenShard
from cluster.scheduler.states import ShardState
from cluster.scheduler.timers import Alarm, Kind
from workers.messages import PREPARE


def _live(job: Job, event: ShardEvent) -> tuple[OpenShard, Attempt] | None:
    """The shard and the attempt that an event is about; None if the attempt is over."""
    shard = job.shards.find(event, event.shard, event.attempt)
    attempt = None if shard is None else shard.live.get(event.attempt)
    if shard is not None and attempt is not None:
        return shard, attempt
    cancelled = job.cancelled.get((event.shard, event.attempt))
    if cancelled is not None and not isinstance(event, BatchBegan):
        job.forget_cancelled([cancelled])  # its replica has come to where it looks for orders
    return None


def on_began(job: Job, event: BatchBegan) -> None:
    """A piece of a batch goes into the predictor."""
    found = _live(job, event)
    if found is None:
        return
    shard, attempt = found
    if event.batch <= attempt.ended:
        return  # said twice
    running = ShardState.QUARANTINED if attempt.probe else ShardState.RUNNING
    job.shards.move(shard, running, event)
    attempt.begin(event)
    if attempt.replica.cancelled:  # it is through with those of one kind: `prepare` may run in a thread beside batches
        of_prepare = event.batch == PREPARE
        job.forget_cancelled(each for each in attempt.replica.cancelled if each.is_preparing == of_prepare)
    if job.limits.batch_timeout_s is not None:
        alarm = Alarm(Kind.BATCH, attempt.shard, attempt.number)
        job.timers.set(alarm, job.now_s + job.limits.batch_timeout_s)


def on_ended(job: Job, event: BatchEnded) -> None:
    """A batch came out of it."""
    found = _live(job, event)
    if found is None:
        return
    shard, attempt = found
    job.shards.move(shard, ShardState.QUARANTINED if attempt.probe else ShardState.RUNNING, event)
    attempt.ended = max(attempt.ended, event.batch)
    if attempt.under_way is not None and attempt.under_way.batch == event.batch:
        attempt.under_way = None
        job.clear_deadline(attempt)
    job.replicas.alive()


def on_staged(job: Job, event: ShardStaged) -> None:
    """The output of an attempt exists: the first one of a shard wins."""
    found = _live(job, event)
    if found is None:
        return
    shard, attempt = found
    if attempt.probe:
        raise job.shards.invalid(shard, event)
    job.durations.add(job.now_s - attempt.since_s)
    job.replicas.alive()
    job.leave(attempt)
    for other in list(shard.live.values()):
        job.cancel(other)
    job.budget.staged(shard.index, event.dead_rows)
    if event.dead_rows and job.budget.exceeded:
        job.shards.move(shard, ShardState.DEAD, event)
        job.fail_over_budget(shard, event.row, event.failure)
        return
    shard.winner = attempt.number
    job.shards.move(shard, ShardState.STAGED, event)
    job.out.append(Commit(shard=shard.index, attempt=attempt.number, replica=attempt.replica.name))


def on_committed(job: Job, event: ShardCommitted) -> None:
    """A shard is done."""
    shard = job.shards.find(event, event.shard, event.attempt)
    if shard is None:
        return  # said twice
    if event.attempt != shard.winner:
        raise job.shards.invalid(shard, event)
    job.shards.move(shard, ShardState.COMMITTED, event)


def on_raised(job: Job, event: ShardRaised) -> None:
    """An attempt or a probe failed, and its worker lives."""
    found = _live(job, event)
    if found is None:
        return
    shard, attempt = found
    failure = event.failure
    job.leave(attempt)
    what = f"{failure.where} raised {failure.type}"
    if attempt.probe and failure.owner == "user":
        pass_probe(job, shard, event)  # the worker lived; the error will show itself when the shard runs
        return
    shard.raises += failure.owner != "user"
    if failure.owner == "user" or shard.raises >= job.limits.max_attempts:
        job.shards.move(shard, ShardState.DEAD, event)
        job.fail(Fail(reason=what, shard=shard.index, failure=failure, start=event.start, stop=event.stop))
        return
    kind = "probe" if attempt.probe else "attempt"
    job.shards.note(shard, job.now_s, f"{kind} {attempt.number} at {attempt.replica.name}: {what}: {failure.message}")
    shard.failed_at |= {attempt.replica.name}
    if attempt.probe:
        job.shards.move(shard, ShardState.QUARANTINED, event)
        job.shards.put_to_probe(shard)
    elif shard.live:
        job.shards.move(shard, shard.state, event)
    else:
        job.retry(shard, event)


def on_probe_passed(job: Job, event: ProbePassed) -> None:
    """The worker lived through a probe."""
    found = _live(job, event)
    if found is None:
        return
    shard, attempt = found
    if not attempt.probe:
        raise job.shards.invalid(shard, event)
    job.replicas.alive()
    job.leave(attempt)
    pass_probe(job, shard, event)
