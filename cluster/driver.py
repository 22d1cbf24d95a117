"""The driver of one job: wait for what comes, ask the machine, do what it says.

Only this file turns the scheduler's actions into deeds. It holds no decision of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic

from cluster.backends import Said
from cluster.errors import JobFailed, WorkersLost
from cluster.failures import error_of, rows_text
from cluster.fleet import Fleet, Note
from cluster.outputs import Output
from cluster.progress import Progress
from cluster.scheduler import (
    Action,
    BatchBegan,
    BatchEnded,
    CancelAttempt,
    Commit,
    Dispatch,
    Event,
    Fail,
    Finish,
    JobStarted,
    KillReplica,
    Limits,
    Machine,
    Probe,
    ProbePassed,
    ShardCommitted,
    ShardRaised,
    ShardStaged,
    StartReplica,
    StopReplica,
    Tick,
)
from workers.batching import BatchPolicy
from workers.messages import (
    PREPARE,
    BatchDone,
    BatchStarted,
    BuildPredictor,
    CancelJob,
    CancelShard,
    ProbeDone,
    ProbeShard,
    RunShard,
    ShardDone,
    ShardFailed,
)
from workers.shards import Shard


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a job has to do.

    Attributes:
        job: Its id, which the marks of its output name.
        run: The id of this run of it: no two have the same, so that late words of one are not taken for another's.
        shards: The shards that are not committed yet, by index.
        policy: How workers cut batches.
        limits: See `Limits`.
        build: The first command of a new replica, by its name.
    """

    job: str
    run: str
    shards: Mapping[int, Shard]
    policy: BatchPolicy
    limits: Limits
    build: Callable[[str], BuildPredictor]


class Driver:
    """Runs one job on a fleet.

    Args:
        fleet: Its workers; what replaces a lost one stays for the next job.
        work: What to do.
        output: Where the results go.
        progress: Kept up to date.
        on_progress: Called after each change of it.
    """

    def __init__(
        self,
        fleet: Fleet,
        work: Work,
        output: Output,
        progress: Progress,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self._fleet = fleet
        self._work = work
        self._output = output
        self._progress = progress
        self._on_progress = on_progress
        self._done: dict[tuple[int, int], ShardDone] = {}
        self._probes: set[tuple[int, int]] = set()
        self._commits: set[asyncio.Task[None]] = set()
        self._machine = Machine(
            work.shards,
            limits=work.limits,
            replicas={name: replica.ready for name, replica in fleet.replicas.items()},
            next_replica=fleet.next_replica,
        )

    async def run(self) -> None:
        """Run the job to its end.

        Raises:
            JobFailed: It could not be finished; what is committed stays.
        """
        try:
            self._handle(JobStarted(at_s=monotonic()))
            while not self._machine.finished:
                item = await self._fleet.next(until_s=self._machine.wake_s)
                event = Tick(at_s=monotonic()) if item is None else self._event_of(item)
                if event is not None:
                    self._handle(event)
        finally:
            self._fleet.next_replica = self._machine.next_replica
            for name, replica in list(self._fleet.replicas.items()):
                if replica.killed:  # its end is no later job's business
                    self._fleet.discard(name)
                self._fleet.send(name, CancelJob(self._work.run))
            for name, shard, attempt, due_s in self._machine.calls:
                self._fleet.leave(name, self._work.run, shard, attempt, due_s)
            if self._commits:  # each is in a thread, which cannot be stopped; it ends by itself
                await asyncio.wait(self._commits)

    def taken(self, shard: int, attempt: int) -> None:
        """Tell the job that its consumer has all of a shard."""
        self._count_commit(shard)
        self._post(ShardCommitted(at_s=monotonic(), shard=shard, attempt=attempt))

    def end_with(self, error: Exception) -> None:
        """Have the job end with this error."""
        self._post(error)

    def _post(self, item: Event | Exception) -> None:
        self._fleet.post(Note(self._work.run, item))

    def _handle(self, event: Event) -> None:
        for action in self._machine.handle(event):
            self._perform(action)
        if isinstance(event, ShardStaged):
            self._done.pop((event.shard, event.attempt), None)  # of an attempt that came second

    def _perform(self, action: Action) -> None:
        work = self._work
        run, shards, policy = work.run, work.shards, work.policy
        match action:
            case Dispatch(shard=shard, attempt=attempt, replica=replica):
                self._progress.attempts += 1
                stage = self._output.stage(action)
                command = RunShard(
                    run, shards[shard], attempt, policy, stage, action.cares, action.max_dead_rows, work.job
                )
                self._fleet.send(replica, command)
            case Probe(shard=shard, attempt=attempt, replica=replica, cares=cares, batch=batch, piece=piece):
                self._progress.probes += 1
                self._probes.add((shard, attempt))
                self._fleet.send(replica, ProbeShard(run, shards[shard], attempt, policy, cares, batch, piece))
            case CancelAttempt(shard=shard, attempt=attempt, replica=replica):
                self._fleet.send(replica, CancelShard(run, shard, attempt))
            case Commit(shard=shard, attempt=attempt):
                committing = asyncio.create_task(self._commit(action, self._done.pop((shard, attempt))))
                self._commits.add(committing)
                committing.add_done_callback(self._commits.discard)
            case StartReplica(replica=replica):
                self._fleet.start(replica, work.build(replica))
            case StopReplica(replica=replica):
                self._fleet.discard(replica)
            case KillReplica(replica=replica, reason=reason):
                self._fleet.kill(replica, reason)
            case Fail():
                raise self._error_of(action)
            case Finish():
                pass

    async def _commit(self, action: Commit, done: ShardDone) -> None:
        """Commit in the background: what workers say meanwhile is heard."""
        try:
            final = await self._output.commit(action, done)
            self._progress.dead_rows += len(done.dead)
            if final:  # counted here: the job may be at its end, and hear of it no more
                self._count_commit(action.shard)
        except Exception as error:
            self._post(error)
            return
        if final:
            self._post(ShardCommitted(at_s=monotonic(), shard=action.shard, attempt=action.attempt))

    def _event_of(self, item: Event | Note | Said) -> Event | None:
        """What an item means to the machine, if anything; late ones of other jobs mean nothing."""
        if isinstance(item, Event):
            return item
        if isinstance(item, Note):
            if item.job != self._work.run:
                return None
            if isinstance(item.item, Exception):
                raise item.item
            return item.item
        report = item.report
        if getattr(report, "job", self._work.run) != self._work.run:
            return None
        at_s = monotonic()
        match report:
            case BatchStarted(shard=shard, attempt=attempt):
                return BatchBegan(
                    at_s=at_s,
                    shard=shard,
                    attempt=attempt,
                    batch=report.batch,
                    batches=report.batches,
                    start=report.start,
                    stop=report.stop,
                    first_row=report.first_row,
                    last_row=report.last_row,
                )
            case BatchDone(shard=shard, attempt=attempt, batch=batch):
                if batch != PREPARE and (shard, attempt) not in self._probes:
                    self._count_batch(report)
                    self._output.take_batch(report)
                return BatchEnded(at_s=at_s, shard=shard, attempt=attempt, batch=batch)
            case ShardDone(shard=shard, attempt=attempt, dead=dead):
                self._done[shard, attempt] = report
                if not dead:
                    return ShardStaged(at_s=at_s, shard=shard, attempt=attempt)
                last = dead[-1]
                return ShardStaged(
                    at_s=at_s, shard=shard, attempt=attempt, dead_rows=len(dead), failure=last.failure, row=last.row
                )
            case ProbeDone(shard=shard, attempt=attempt):
                return ProbePassed(at_s=at_s, shard=shard, attempt=attempt)
            case ShardFailed():
                return ShardRaised(
                    at_s=at_s,
                    shard=report.shard,
                    attempt=report.attempt,
                    failure=report.failure,
                    start=report.start,
                    stop=report.stop,
                )
        return None

    def _count_batch(self, done: BatchDone) -> None:
        progress = self._progress
        progress.batches += 1
        progress.graph_nodes += done.graph_nodes
        if progress.first_batch_s is None:
            progress.first_batch_s = progress.elapsed_s
        self._on_progress(progress)

    def _count_commit(self, shard: int) -> None:
        self._progress.shards += 1
        self._progress.rows += self._work.shards[shard].rows
        self._on_progress(self._progress)

    def _error_of(self, fail: Fail) -> JobFailed:
        error = self._error_for(fail)
        if fail.failure is not None and fail.failure.owner == "user" and fail.stop - fail.start == 1:
            allowed = self._work.limits.max_dead_rows
            how = "set max_dead_rows" if not allowed else f"raise max_dead_rows, which is {allowed}"
            error = type(error)(f"{error}\n\nTo go on without such rows, up to a number of them, {how}.")
        error.shard = fail.shard
        return error

    def _error_for(self, fail: Fail) -> JobFailed:
        shard = None if fail.shard is None else self._work.shards[fail.shard]
        rows = "" if shard is None else rows_text(shard, fail.start, fail.stop or shard.rows)
        if fail.failure is not None:
            return error_of(fail.failure, rows)
        if shard is None:
            return WorkersLost(f"{fail.reason}; the workers' own output above may say more")
        return WorkersLost(
            f"{rows}: {fail.reason}; something in the predictor ends the process on these rows, and the workers' own "
            "output above may say what"
        )
