"""Where a job's results go: what the driver asks of it, and the one that commits files to a folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Protocol

from cluster.errors import UserCodeFailed
from cluster.failures import rows_text
from cluster.folder import JobFolder, Record
from cluster.scheduler import Commit, Dispatch
from workers.errors import ColumnsError
from workers.messages import BatchDone, ShardDone, Stage
from workers.schema import Schema, unify
from workers.shards import Shard
from workers.sinks import Sink


class Output(Protocol):
    """What the driver does with results."""

    def stage(self, dispatch: Dispatch) -> Stage | None:
        """Where and how an attempt writes its output; None to have its batches sent."""
        ...

    def take_batch(self, done: BatchDone) -> None:
        """A batch is through."""
        ...

    async def commit(self, action: Commit, done: ShardDone) -> bool:
        """Make an attempt's output final; False when a consumer has to take it first, who says so then."""
        ...


class FolderOutput:
    """Commits staged files to a job folder. Several commits may be under way at once.

    Args:
        folder: The job's folder.
        shards: The shards to do.
        committed: Records of an earlier run, which later output must resemble.
        sink: The format of the output.
    """

    def __init__(
        self, folder: JobFolder, shards: Mapping[int, Shard], committed: Iterable[Record] = (), *, sink: Sink
    ) -> None:
        self._folder = folder
        self._shards = shards
        self._sink = sink
        schemas = [json.loads(record.schema) for record in committed if record.schema]
        self._schema: Schema | None = unify(schemas) if schemas else None

    def stage(self, dispatch: Dispatch) -> Stage | None:
        """See `Output.stage`."""
        prefix = self._folder.staged_prefix(dispatch.shard, attempt=dispatch.attempt, replica=dispatch.replica)
        return Stage(prefix, self._sink)

    def take_batch(self, done: BatchDone) -> None:
        """See `Output.take_batch`."""

    async def commit(self, action: Commit, done: ShardDone) -> bool:
        """See `Output.commit`.

        Raises:
            JobFenced: Another driver has taken the folder over.
            JobFolderError: The output cannot be committed.
            UserCodeFailed: Its columns are not those of the shards before.
        """
        assert done.staged is not None
        if done.staged.schema:  # a shard without rows says nothing about columns
            self._check_schema(json.loads(done.staged.schema), self._shards[done.shard])
        record = Record.of(
            self._shards[done.shard],
            done.staged,
            job=self._folder.job,
            run=self._folder.run,
            attempt=done.attempt,
            replica=action.replica,
            weights_epoch=done.weights_epoch,
            weights_digest=done.weights_digest,
        )
        await asyncio.to_thread(self._commit, record)
        return True

    def _commit(self, record: Record) -> None:
        self._folder.check_fence()
        self._folder.commit(record)

    def _check_schema(self, schema: Schema, shard: Shard) -> None:
        try:
            self._schema = unify([self._schema or schema, schema])
        except ColumnsError as error:
            raise UserCodeFailed(
                f"the predictor's output changed on {rows_text(shard, 0, shard.rows)}: {error}"
            ) from None
