"""The driver of one job: wait for what comes, ask the machine, do what it says.

Only this file turns the scheduler's actions into deeds. It holds no decision of its own.
"""

from __future__ import annotations

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
    Commit,
    Dispatch,
    Event,
    Fail,
    Finish,
    JobStarted,
    Limits,
    Machine,
    ShardCommitted,
    ShardRaised,
    ShardStaged,
    ShardStarted,
    StartReplica,
)
from workers.batching import BatchPolicy
from workers.messages import BatchDone, BatchStarted, BuildPredictor, CancelJob, RunShard, ShardDone, ShardFailed
from workers.shards import Shard


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a job has to do.

    Attributes:
        job: Its id.
        shards: The shards that are not committed yet, by index.
        policy: How workers cut batches.
        limits: See `Limits`.
        build: The first command of a new replica, by its name.
    """

    job: str
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
            await self._handle(JobStarted(at_s=monotonic()))
            while not self._machine.finished:
                event = self._event_of(await self._fleet.next())
                if event is not None:
                    await self._handle(event)
        finally:
            self._fleet.next_replica = self._machine.next_replica
            for name in self._fleet.replicas:
                self._fleet.send(name, CancelJob(self._work.job))

    def taken(self, shard: int, attempt: int) -> None:
        """Tell the job that its consumer has all of a shard."""
        event = ShardCommitted(at_s=monotonic(), shard=shard, attempt=attempt)
        self._fleet.post(Note(self._work.job, event))

    async def _handle(self, event: Event) -> None:
        if isinstance(event, ShardCommitted):
            self._count_commit(event.shard)
        for action in self._machine.handle(event):
            follow_up = await self._perform(action)
            if follow_up is not None:
                await self._handle(follow_up)

    async def _perform(self, action: Action) -> Event | None:
        match action:
            case Dispatch(shard=shard, attempt=attempt, replica=replica):
                self._progress.attempts += 1
                stage = self._output.stage_path(action)
                command = RunShard(self._work.job, self._work.shards[shard], attempt, self._work.policy, stage)
                self._fleet.send(replica, command)
            case Commit(shard=shard, attempt=attempt):
                if await self._output.commit(action, self._done.pop((shard, attempt))):
                    return ShardCommitted(at_s=monotonic(), shard=shard, attempt=attempt)
            case StartReplica(replica=replica):
                self._fleet.start(replica, self._work.build(replica))
            case Fail():
                raise self._error_of(action)
            case Finish():
                pass
        return None

    def _event_of(self, item: Event | Note | Said) -> Event | None:
        """What an item means to the machine, if anything; late ones of other jobs mean nothing."""
        if isinstance(item, Event):
            return item
        if isinstance(item, Note):
            return item.event if item.job == self._work.job else None
        report = item.report
        if getattr(report, "job", self._work.job) != self._work.job:
            return None
        match report:
            case BatchStarted(shard=shard, attempt=attempt, batch=0):
                return ShardStarted(at_s=monotonic(), shard=shard, attempt=attempt)
            case BatchDone():
                self._count_batch(report)
                self._output.take_batch(report)
            case ShardDone(shard=shard, attempt=attempt):
                self._done[shard, attempt] = report
                return ShardStaged(at_s=monotonic(), shard=shard, attempt=attempt)
            case ShardFailed():
                return ShardRaised(
                    at_s=monotonic(),
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
        shard = None if fail.shard is None else self._work.shards[fail.shard]
        if fail.failure is not None:
            rows = "" if shard is None else rows_text(shard, fail.start, fail.stop)
            return error_of(fail.failure, rows)
        if shard is None:
            return WorkersLost(f"{fail.reason}; the workers' own output above may say more")
        return WorkersLost(
            f"{rows_text(shard, 0, shard.rows)}: {fail.reason}; something in the predictor ends the process on these "
            "rows, and the workers' own output above may say what"
        )
