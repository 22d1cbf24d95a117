"""A job whose results are committed to a folder, from where an earlier run left it, with a report at its end."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cluster.driver import Driver, Work
from cluster.errors import JobFenced
from cluster.fleet import Fleet
from cluster.folder import JobFolder, Record
from cluster.outputs import FolderOutput
from cluster.progress import Progress, ProgressView
from cluster.report import RunReport, versions
from tensor import marks
from workers.shards import Shard
from workers.sinks import Sink

_FENCE_EVERY_S = 5.0


@dataclass(frozen=True, kw_only=True)
class About:
    """What runs, for the report.

    Attributes:
        predictor: Its name.
        version: Of its code.
        weights_digest: Of its weights; empty without weights.
        backend: Where it runs.
        numerics: The numerics profile.
    """

    predictor: str
    version: str
    weights_digest: str
    backend: str
    numerics: dict[str, str | int]


class FolderJob:
    """Runs what is left of a job.

    Args:
        fleet: Its workers.
        work: All of the job.
        folder: Where its output goes; open, and fenced off for us.
        sink: The format of the output.
        about: What runs.
    """

    def __init__(self, fleet: Fleet, work: Work, folder: JobFolder, sink: Sink, about: About) -> None:
        self._fleet = fleet
        self._work = work
        self._folder = folder
        self._sink = sink
        self._about = about
        self._lost_before = fleet.lost
        self._started = datetime.now(UTC)

    async def run(self, view: ProgressView) -> RunReport:
        """Run the job to its end; a job that fails leaves a report as well.

        Raises:
            JobFailed: It could not be finished; what is committed stays.
            JobFolderError: The folder is not what it should be.
        """
        before = await asyncio.to_thread(self._folder.committed)
        shards = list(self._work.shards.values())
        progress = _progress(shards, before)
        try:
            await self._run_rest(before, progress, view)
        except JobFenced:  # the folder is another driver's now, its report too
            raise
        except BaseException as error:
            with suppress(Exception):  # what ended the job is what its user has to hear
                failed = await self._report(progress, before, digest="")
                status = "failed" if isinstance(error, Exception) else "interrupted"
                self._folder.fail(
                    {"status": status, "driver": self._folder.run, "error": str(error), **failed.to_dict()}
                )
            raise
        records = await asyncio.to_thread(self._folder.committed)
        digest = rows_digest([records[shard.index].digest for shard in shards])
        report = await self._report(progress, before, digest=digest)
        told = {"status": "finished", "driver": self._folder.run, **report.to_dict()}
        await asyncio.to_thread(self._folder.finish, told)
        return report

    async def _run_rest(self, before: dict[int, Record], progress: Progress, view: ProgressView) -> None:
        rest = {index: shard for index, shard in self._work.shards.items() if index not in before}
        limits = replace(self._work.limits, dead_rows=progress.dead_rows)
        output = FolderOutput(self._folder, rest, before.values(), sink=self._sink)
        with view as on_progress:
            on_progress(progress)
            driver = Driver(self._fleet, replace(self._work, shards=rest, limits=limits), output, progress, on_progress)
            watching = asyncio.create_task(self._watch_fence(driver), name="watch the fence")
            try:
                await driver.run()
            finally:
                watching.cancel()
                await asyncio.wait({watching})

    async def _watch_fence(self, driver: Driver) -> None:
        """End a job that another driver has taken over, also while nothing of it is committed."""
        while True:
            await asyncio.sleep(_FENCE_EVERY_S)
            try:
                await asyncio.to_thread(self._folder.check_fence)
            except JobFenced as error:
                driver.end_with(error)
                return
            except Exception:  # a store that cannot be reached: the next commit says so, or it comes back
                continue

    async def _report(self, progress: Progress, before: dict[int, Record], *, digest: str) -> RunReport:
        return RunReport(
            job=self._folder.job,
            output=self._folder.place,
            rows=progress.rows - progress.dead_rows,
            dead_rows=progress.dead_rows,
            shards=progress.shards,
            resumed_shards=len(before),
            resumed_rows=sum(record.rows for record in before.values()),
            batches=progress.batches,
            attempts=progress.attempts,
            probes=progress.probes,
            workers_lost=self._fleet.lost - self._lost_before,
            graph_nodes=progress.graph_nodes,
            training_copies=marks.training_copies(),
            started_at=self._started.isoformat(timespec="milliseconds"),
            seconds=progress.elapsed_s,
            first_batch_s=progress.first_batch_s,
            digest=digest,
            predictor=self._about.predictor,
            version=self._about.version,
            weights_digest=self._about.weights_digest,
            numerics=self._about.numerics,
            backend=self._about.backend,
            versions=versions(),
            private_bytes=await self._fleet.private_bytes(),
        )


def _progress(shards: Sequence[Shard], before: dict[int, Record]) -> Progress:
    """How far an earlier run came."""
    return Progress(
        rows_total=sum(shard.rows for shard in shards),
        shards_total=len(shards),
        rows=sum(shard.rows for shard in shards if shard.index in before),
        shards=len(before),
        dead_rows=sum(record.dead_rows for record in before.values()),
    )


def rows_digest(shard_digests: Iterable[str]) -> str:
    """One digest for the output of a job: sha256 over its shards' digests in order."""
    return hashlib.sha256("\n".join(shard_digests).encode()).hexdigest()
