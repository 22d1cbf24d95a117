"""Where a job's results go: to a consumer as a stream, or to a folder as committed files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Protocol

from cluster.errors import UserCodeFailed
from cluster.failures import rows_text
from cluster.folder import JobFolder, Record
from cluster.gather import Batch, Gather, ShardEnd
from cluster.gathered import Results
from cluster.scheduler import Commit, Dispatch
from workers.errors import ColumnsError
from workers.messages import BatchDone, ShardDone
from workers.schema import Schema, unify
from workers.shards import Shard


class Output(Protocol):
    """What the driver does with results."""

    def stage_path(self, dispatch: Dispatch) -> str | None:
        """Where an attempt writes its output; None to have its batches sent."""
        ...

    def take_batch(self, done: BatchDone) -> None:
        """A batch is through."""
        ...

    async def commit(self, action: Commit, done: ShardDone) -> bool:
        """Make an attempt's output final; False when a consumer has to take it first, who says so then."""
        ...


class StreamOutput:
    """Hands batches to one consumer, each once; a shard is final when the consumer has taken all of it.

    Args:
        shards: The shards to expect, in input order.
        ordered: Whether batches leave in input order.
    """

    def __init__(self, shards: Iterable[int], *, ordered: bool) -> None:
        self._gather: Gather[Results] = Gather(shards, ordered=ordered)
        self._arrived = asyncio.Event()
        self._closed = False

    def stage_path(self, dispatch: Dispatch) -> str | None:
        """See `Output.stage_path`."""
        return None

    def take_batch(self, done: BatchDone) -> None:
        """See `Output.take_batch`."""
        assert done.columns is not None
        self._gather.add(done.shard, done.batch, dict(done.columns))
        self._arrived.set()

    async def commit(self, action: Commit, done: ShardDone) -> bool:
        """See `Output.commit`."""
        self._gather.complete(done.shard, done.attempt)
        self._arrived.set()
        return False

    def close(self) -> None:
        """Say that nothing more arrives."""
        self._closed = True
        self._arrived.set()

    async def next(self) -> Batch[Results] | ShardEnd | None:
        """Wait for what the consumer gets next; None when it has had everything that arrived."""
        while (item := self._gather.pop()) is None and not self._closed:
            self._arrived.clear()
            await self._arrived.wait()
        return item


class FolderOutput:
    """Commits staged files to a job folder.

    Args:
        folder: The job's folder.
        shards: The shards to do.
        committed: Records of an earlier run, which later output must resemble.
    """

    def __init__(self, folder: JobFolder, shards: Mapping[int, Shard], committed: Iterable[Record] = ()) -> None:
        self._folder = folder
        self._shards = shards
        schemas = [json.loads(record.schema) for record in committed]
        self._schema: Schema | None = unify(schemas) if schemas else None

    def stage_path(self, dispatch: Dispatch) -> str | None:
        """See `Output.stage_path`."""
        return str(self._folder.staged_path(dispatch.shard, attempt=dispatch.attempt, replica=dispatch.replica))

    def take_batch(self, done: BatchDone) -> None:
        """See `Output.take_batch`."""

    async def commit(self, action: Commit, done: ShardDone) -> bool:
        """See `Output.commit`."""
        assert done.staged is not None
        self._check_schema(json.loads(done.staged.schema), self._shards[done.shard])
        record = Record.of(
            self._shards[done.shard],
            done.staged,
            job=self._folder.job,
            attempt=done.attempt,
            replica=action.replica,
            weights_epoch=done.weights_epoch,
            weights_digest=done.weights_digest,
        )
        await asyncio.to_thread(self._folder.commit, record)
        return True

    def _check_schema(self, schema: Schema, shard: Shard) -> None:
        try:
            self._schema = unify([self._schema or schema, schema])
        except ColumnsError as error:
            raise UserCodeFailed(
                f"the predictor's output changed on {rows_text(shard, 0, shard.rows)}: {error}"
            ) from None
