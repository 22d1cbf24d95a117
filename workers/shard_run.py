"""One attempt at a shard: each batch through the predictor, output in input order, and the rows given up."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from workers.attempt import Attempt, AttemptFailed, during, extent
from workers.batching import Batch
from workers.bisection import bisect
from workers.columns import row_count, take_rows
from workers.errors import PredictorError
from workers.failures import Step, failure_of
from workers.keeping import KeptColumns
from workers.messages import BatchDone, Care, DeadRow, Failure, Report, RunShard, Staged
from workers.output_order import Ordered, OutputOrder
from workers.outputs import OutputCheck
from workers.pieces import own
from workers.preparing import Prepared, pieces_of
from workers.ragged import Array
from workers.staging import StagedWriter, open_stage


class ShardRun:
    """Runs a prepared shard.

    Args:
        attempt: By whom.
        command: What is asked for.
        prepared: The rows.

    Raises:
        AttemptFailed: The sink keeps a column that is not there.
    """

    def __init__(self, attempt: Attempt, command: RunShard, prepared: Prepared) -> None:
        self._attempt = attempt
        self._prepared = prepared
        self._policy = command.policy
        self._cares = {care.batch: care for care in command.cares}
        self._check = OutputCheck(attempt.calling.where)
        self._order = OutputOrder()
        self._covered = 0
        self._rows = row_count(prepared.raw)
        self._stage = command.stage
        keep = () if command.stage is None else command.stage.sink.keep
        with during(Step("user", "keeping input columns"), 0, self._rows):
            self._kept = KeptColumns(prepared.raw, keep, attempt.calling.where)

    def run(self) -> Generator[Report, None, tuple[int, Staged | None, tuple[DeadRow, ...]]]:
        """Run all of it.

        Yields:
            `BatchStarted` for each call, `BatchDone` for each batch.

        Returns:
            How many batches there were, what was staged, and the rows that were given up.

        Raises:
            AttemptFailed: It cannot be finished.
        """
        batches = self._prepared.cut(self._policy)
        writer = None
        if self._stage is not None:
            with self._staging(0, self._rows):
                writer = open_stage(self._stage, job=self._attempt.origin, shard=self._attempt.shard)
        try:
            for index, batch in enumerate(batches):
                yield (yield from self._run_batch(index, len(batches), batch, writer))
            dead = self._prepared.losses.all()
            return len(batches), None if writer is None else self._finish(writer, dead), dead
        finally:
            if writer is not None:
                writer.discard()

    def _run_batch(
        self, index: int, batches: int, batch: Batch, writer: StagedWriter | None
    ) -> Generator[Report, None, BatchDone]:
        attempt, numbers = self._attempt, self._prepared.rows_of(batch)
        care = self._cares.get(index)
        self._give_up_known(care, numbers)
        graph_nodes = 0

        def compute(start: int, stop: int) -> object:
            nonlocal graph_nodes
            returned, nodes = attempt.call(attempt.predictor, self._prepared.columns, batch[start:stop])
            graph_nodes += nodes
            return returned

        def accept(returned: object, rows: int, more: bool) -> dict[str, Any]:
            with attempt.inference():
                output = self._check.take(returned, rows=rows)
                # The predictor may reuse the memory of its output in its next call.
                held = more or self._policy.sort_within is not None
                return {name: own(column) for name, column in output.items()} if held else output

        def give_up(position: int, failure: Failure, attempts: int) -> None:
            self._prepared.losses.add(DeadRow(int(numbers[position]), failure, attempts))

        first, last = extent(numbers)
        with during(attempt.calling, first, last + 1):
            outputs = yield from bisect(
                pieces_of(care, len(batch)),
                step=attempt.calling,
                announce=lambda start, stop: attempt.started(index, batches, (start, stop), numbers),
                compute=compute,
                accept=accept,
                give_up=give_up,
            )
            self._order.add(batch, outputs)
            with attempt.inference():
                complete = self._order.take()
        if writer is None:
            return self._streamed(index, len(batch), graph_nodes, complete)
        if complete is not None:
            with self._staging(first, last + 1):
                rows = self._prepared.rows_of(complete.positions)
                writer.write(self._kept.beside(complete.columns, rows))
        return attempt.done(index, len(batch), graph_nodes)

    def _streamed(self, index: int, rows: int, graph_nodes: int, complete: Ordered | None) -> BatchDone:
        if complete is None:
            return self._attempt.done(index, rows, graph_nodes)
        last = int(complete.positions[-1])
        start = self._covered
        self._covered = self._rows if last + 1 == len(self._prepared.numbers) else int(self._prepared.numbers[last]) + 1
        covers = (start, self._covered)
        dead = self._prepared.losses.between(*covers)
        return self._attempt.done(index, rows, graph_nodes, complete.columns, covers, dead)

    def _give_up_known(self, care: Care | None, numbers: Array | range) -> None:
        for dead in care.dead if care else ():
            if dead.row < len(numbers):
                self._prepared.losses.add(DeadRow(int(numbers[dead.row]), dead.failure, dead.attempts))

    def _finish(self, writer: StagedWriter, dead: tuple[DeadRow, ...]) -> Staged:
        with self._staging(0, self._rows):
            if dead:
                writer.write_dead(take_rows(self._prepared.raw, [each.row for each in dead]), dead)
            return writer.finish()

    @contextmanager
    def _staging(self, start: int, stop: int) -> Iterator[None]:
        """As `during`; what cannot be stored is the predictor's fault."""
        assert self._stage is not None
        try:
            with during(Step("storage", f"staging {self._stage.prefix}"), start, stop):
                yield
        except AttemptFailed as failed:
            if isinstance(failed.__cause__, PredictorError):
                raise AttemptFailed(failure_of(failed.__cause__, self._attempt.calling), start, stop) from failed
            raise
