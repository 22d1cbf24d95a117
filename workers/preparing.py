"""From a shard to rows that can be cut into batches: reading them, and the predictor's `prepare`."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.attempt import Attempt, Losses, during
from workers.batching import Batch, BatchPolicy, cut_batches
from workers.bisection import bisect
from workers.columns import Columns, row_count
from workers.errors import PredictorError
from workers.failures import Step
from workers.messages import PREPARE, Care, DeadRow, Failure, Report
from workers.outputs import check_rows, checked_mapping
from workers.pieces import join_columns, own
from workers.ragged import Array
from workers.reading import ShardReader


@dataclass(frozen=True)
class Prepared:
    """The rows of a shard, ready for batches.

    Attributes:
        raw: As they were read.
        columns: As they go into the predictor: without the rows that `prepare` could not take.
        numbers: Which rows of the shard these are, rising: int64, shape (rows,).
        losses: The rows given up so far.
    """

    raw: Columns
    columns: dict[str, Any]
    numbers: Array
    losses: Losses

    def rows_of(self, batch: Batch) -> Array:
        """Which rows of the shard a batch of these has."""
        return self.numbers[batch.start : batch.stop] if isinstance(batch, range) else self.numbers[batch]

    def cut(self, policy: BatchPolicy) -> list[Batch]:
        """Cut them into batches.

        Raises:
            AttemptFailed: The policy measures rows by a column that is not there, or has no lengths.
        """
        if not len(self.numbers):
            return []
        with during(Step("user", f"BatchPolicy(length_of={policy.length_of!r})"), 0, row_count(self.raw)):
            return cut_batches(self.columns, policy)


def read(attempt: Attempt, reader: ShardReader) -> Columns:
    """Read an attempt's rows.

    Raises:
        AttemptFailed: They cannot be read.
    """
    with during(attempt.reading, 0, attempt.shard.rows):
        return reader.read(attempt.shard)


def prepare(attempt: Attempt, raw: Columns, care: Care | None, losses: Losses) -> Generator[Report, None, Prepared]:
    """Run the predictor's `prepare`, if it has one, on the rows of a shard; what raises is bisected.

    What it returned is copied where it can be written to: it may be called for the next shard, and use the same memory
    again, before these rows are through.

    Args:
        attempt: By whom.
        raw: The rows as they were read.
        care: How to call it, where it has ended workers.
        losses: Takes the rows that are given up.

    Yields:
        `BatchStarted` for each call, then `BatchDone`.

    Raises:
        AttemptFailed: It returned what it must not, or too many rows were given up.
    """
    rows = row_count(raw)
    everything = range(rows)
    method = getattr(attempt.predictor, "prepare", None)
    if method is None or not rows:
        return Prepared(raw, dict(raw), np.arange(rows), losses)
    where = attempt.preparing.where
    graph_nodes = 0

    def compute(start: int, stop: int) -> object:
        nonlocal graph_nodes
        returned, nodes = attempt.call(method, raw, everything[start:stop])
        graph_nodes += nodes
        return returned

    def accept(returned: object, expected: int, _more: bool) -> dict[str, Any]:
        columns = checked_mapping(returned, where)
        check_rows(columns, expected, where)
        with attempt.inference():
            return {name: own(columns.pop(name)) for name in list(columns)}

    def give_up(row: int, failure: Failure, attempts: int) -> None:
        losses.add(DeadRow(row, failure, attempts))

    for dead in care.dead if care else ():
        losses.add(dead)
    with during(attempt.preparing, 0, rows):
        parts = yield from bisect(
            pieces_of(care, rows),
            step=attempt.preparing,
            announce=lambda start, stop: attempt.started(PREPARE, 0, (start, stop), everything),
            compute=compute,
            accept=accept,
            give_up=give_up,
        )
        _check_same_names([columns for _, _, columns in parts], where)
        with attempt.inference():
            columns = join_columns([columns for _, _, columns in parts]) if parts else {}
    numbers = np.concatenate([np.arange(0), *(np.arange(start, stop) for start, stop, _ in parts)])
    yield attempt.done(PREPARE, rows, graph_nodes)
    return Prepared(raw, columns, numbers, losses)


def pieces_of(care: Care | None, rows: int) -> list[tuple[int, int]]:
    """What to call the predictor on, for a batch of so many rows: positions (start, stop)."""
    if care is None:
        return [(0, rows)]
    within = [(max(start, 0), min(stop, rows)) for start, stop in care.pieces]
    return [(start, stop) for start, stop in within if start < stop]


def _check_same_names(parts: Sequence[Mapping[str, Any]], where: str) -> None:
    for part in parts[1:]:
        if set(part) != set(parts[0]):
            raise PredictorError(
                f"{where} returned the columns {sorted(parts[0])} for some rows and {sorted(part)} for others"
            )
