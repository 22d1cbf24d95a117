"""Staging: a worker writes an attempt's output under temporary names, for the driver to commit or to throw away."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from workers.columns import Columns, RowsDigest, as_columns
from workers.dead_letters import dead_letters_of, write_dead_letters
from workers.errors import ColumnsError, PredictorError, StagingError
from workers.messages import DeadRow, Stage, Staged
from workers.shards import Shard
from workers.sinks.files import StagedFiles
from workers.sinks.writing import part_writer, row_groups

DEAD_SUFFIX = ".dead.parquet"


def open_stage(stage: Stage, *, job: str, shard: Shard) -> StagedWriter:
    """Return a writer of one attempt's output; nothing is created before its first rows.

    Args:
        stage: Where and in which format.
        job: The job's id, which Parquet files hold as the origin of their inference-only numbers.
        shard: Whose rows they are.
    """
    return StagedWriter(stage, job=job, shard=shard)


class StagedWriter:
    """Writes one attempt's output, batch by batch, in bounded memory: all of its files in the end, or none.

    The files' bytes follow from their rows and the job alone: not from how the rows were cut into batches, nor from
    attempt or replica. Files of different runs can therefore be compared. Arguments as for `open_stage`.
    """

    def __init__(self, stage: Stage, *, job: str, shard: Shard) -> None:
        self._prefix = stage.prefix
        self._shard = shard
        self._digest = RowsDigest()
        self._order: tuple[str, ...] | None = None
        self._groups = row_groups(stage.sink)
        self._files = StagedFiles(stage.prefix)
        self._part = part_writer(stage.sink, self._files.open, job=job)
        self._dead_files = StagedFiles(stage.prefix)
        self._dead_rows = 0
        self._finished = False

    def write(self, batch: Mapping[str, Any]) -> None:
        """Append one batch's output: arrays, tensors or Ragged by column name.

        Raises:
            PredictorError: The columns cannot be stored, or are not those of the batches before.
            StagingError: A file cannot be written.
        """
        with self._owned_errors():
            columns = as_columns(batch)
            self._digest.update(columns)
            if self._order is None:
                self._order = tuple(columns)
            for group in self._groups.add({name: columns[name] for name in self._order}):
                self._part.write(group)

    def write_dead(self, rows: Columns, dead: Sequence[DeadRow]) -> None:
        """Write the attempt's dead letters, all of them at once.

        Args:
            rows: The input values of exactly these rows, in their order.
            dead: The rows, at least one.

        Raises:
            StagingError: The file cannot be written.
        """
        with self._owned_errors():
            write_dead_letters(self._dead_files.open(DEAD_SUFFIX), dead_letters_of(self._shard, dead, rows))
            self._dead_rows = len(dead)

    def finish(self) -> Staged:
        """Write what is pending and make the files durable.

        Returns:
            What was staged. Where no batch was written, as all rows are dead, there is no data file.

        Raises:
            PredictorError: The columns cannot be stored.
            StagingError: A file cannot be written.
        """
        with self._owned_errors():
            if self._order is not None:
                group = self._groups.rest()
                if group is not None:
                    self._part.write(group)
                self._part.close()
            dead = self._dead_files.finish(rows=self._dead_rows)
            files = self._files.finish(rows=self._digest.rows)
        self._finished = True
        return Staged(
            files=files,
            rows=self._digest.rows,
            digest=self._digest.hexdigest(),
            schema="" if self._order is None else json.dumps(self._digest.schema, sort_keys=True),
            dead=dead[0] if dead else None,
        )

    def discard(self) -> None:
        """Remove the files, unless they are finished. Harmless when called again."""
        if self._finished:
            return
        self._groups.clear()
        self._part.abandon()
        self._files.discard()
        self._dead_files.discard()

    @contextmanager
    def _owned_errors(self) -> Iterator[None]:
        """Give errors their owner, and leave no half-written file behind."""
        try:
            yield
        except BaseException as error:
            self.discard()
            match error:
                case ColumnsError():
                    raise PredictorError(f"the predictor's output cannot be stored: {error}") from error
                case StagingError():
                    raise
                case OSError():
                    raise StagingError(f"cannot write the output to {self._prefix}…: {error}") from error
            raise
