"""A job whose results are handed to a consumer as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Self

from cluster.driver import Driver, Work
from cluster.fleet import Fleet
from cluster.gather import Batch, Gather, ShardEnd
from cluster.progress import Progress
from cluster.scheduler import Commit, Dispatch
from workers.messages import BatchDone, ShardDone
from workers.shards import Shard


class StreamOutput:
    """Hands batches to one consumer, each row once; a shard is final when the consumer has taken all of it.

    Args:
        shards: All shards of the job, in input order.
        ordered: Whether batches leave in input order.
    """

    def __init__(self, shards: Mapping[int, Shard], *, ordered: bool) -> None:
        self._gather = Gather({index: shard.rows for index, shard in shards.items()}, ordered=ordered)
        self._arrived = asyncio.Event()
        self._closed = False

    def stage(self, dispatch: Dispatch) -> None:
        """See `Output.stage`."""

    def take_batch(self, done: BatchDone) -> None:
        """See `Output.take_batch`."""
        columns = None if done.columns is None else dict(done.columns)
        self._gather.add(done.shard, columns, done.start, done.stop, done.dead)
        self._arrived.set()

    async def commit(self, action: Commit, done: ShardDone) -> bool:
        """See `Output.commit`."""
        self._gather.complete(done.shard, done.attempt, done.dead)
        self._arrived.set()
        return False

    def close(self) -> None:
        """Say that nothing more arrives."""
        self._closed = True
        self._arrived.set()

    async def next(self) -> Batch | ShardEnd | None:
        """Wait for what the consumer gets next; None when it has had everything that arrived."""
        while (item := self._gather.pop()) is None and not self._closed:
            self._arrived.clear()
            await self._arrived.wait()
        return item


class StreamJob:
    """A job under way. Workers go on while the consumer is busy, as far as `StreamOutput` may hold results.

    Args:
        fleet: Runs it.
        work: All of the job.
        ordered: Whether rows leave in input order.
    """

    def __init__(self, fleet: Fleet, work: Work, *, ordered: bool) -> None:
        self._output = StreamOutput(work.shards, ordered=ordered)
        rows = sum(shard.rows for shard in work.shards.values())
        self._driver = Driver(fleet, work, self._output, Progress(rows, len(work.shards)))
        self._running = asyncio.create_task(self._driver.run(), name=f"job {work.job}")
        self._running.add_done_callback(lambda _: self._output.close())

    async def next(self) -> Batch | None:
        """Wait for the next rows; None after the last ones.

        Raises:
            JobFailed: What ended the job, once the rows before it are taken.
        """
        while (item := await self._output.next()) is not None:
            if isinstance(item, Batch):
                return item
            self._driver.taken(item.shard, item.attempt)
        await self._running
        return None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the job, if it is not through."""
        self._running.cancel()
        await asyncio.wait({self._running})
