"""Requests of many callers: which of them make a job together, and how its results are told apart again."""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cluster.gathered import Results, slice_results
from workers.batching import BatchPolicy
from workers.columns import Column, Columns, Ragged, as_columns, row_count
from workers.messages import Failure
from workers.schema import schema_of

_MOST_ROWS, _MOST_BYTES = 16_384, 64 << 20


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """All results of a job.

    Attributes:
        batches: In input order; each with at least one row.
        dead: The rows of input that are not among them, counted from 0, and why; in input order.
    """

    batches: list[Results]
    dead: list[tuple[int, Failure]]


@dataclass(eq=False)
class Request:
    """What one caller waits for.

    Attributes:
        columns: The rows.
        policy: How the caller wants batches cut.
        answer: The output of the rows, or why there is none; cancelled when the caller has left.
        rows: How many rows.
        size_bytes: Of their values.
        kind: Equal for requests that can make a job together.
    """

    columns: Columns
    policy: BatchPolicy
    answer: asyncio.Future[list[Results] | Exception]
    rows: int = field(init=False)
    size_bytes: int = field(init=False)
    kind: tuple[str, BatchPolicy] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = row_count(self.columns)
        self.size_bytes = sum(map(_size_bytes, self.columns.values()))
        self.kind = json.dumps([list(self.columns), schema_of(self.columns)]), self.policy  # predictors see the order


def columns_of(rows: Any) -> Columns | None:
    """The columns of rows that a caller holds in memory; None for everything else that may be a source.

    Raises:
        ColumnsError: They cannot be carried.
    """
    if isinstance(rows, Mapping):
        return as_columns(rows)
    if isinstance(rows, np.ndarray | Ragged) or hasattr(rows, "is_inference"):
        return as_columns({"data": rows})
    return None


def together(waiting: Sequence[Request]) -> list[Request]:
    """Choose what makes one job: the first request, and those after it of the same kind, as far as there is room."""
    chosen = list(waiting[:1])
    rows, size_bytes = sum(request.rows for request in chosen), sum(request.size_bytes for request in chosen)
    for request in waiting[1:]:
        if request.kind == chosen[0].kind:
            rows, size_bytes = rows + request.rows, size_bytes + request.size_bytes
            if rows > _MOST_ROWS or size_bytes > _MOST_BYTES:
                break
            chosen.append(request)
    return chosen


def shared_out(gathered: Gathered, rows: Sequence[int]) -> list[Gathered]:
    """Tell apart the results of a job that several requests have made.

    Args:
        gathered: Of the job.
        rows: How many rows each request has.

    Returns:
        The results of each; its dead rows are counted from its own first row.
    """
    dead = [row for row, _ in gathered.dead]
    shares = []
    first = 0
    for count in rows:
        last = first + count
        before, until = bisect_left(dead, first), bisect_left(dead, last)
        batches = list(_between(gathered.batches, first - before, last - until))
        shares.append(Gathered(batches=batches, dead=[(row - first, why) for row, why in gathered.dead[before:until]]))
        first = last
    return shares


def _between(batches: Sequence[Results], first: int, last: int) -> Iterator[Results]:
    """Rows `first` to `last` of all batches together, as views."""
    before = 0
    for batch in batches:
        rows = len(next(iter(batch.values())))
        start, stop = max(first - before, 0), min(last - before, rows)
        if start < stop:
            yield slice_results(batch, start, stop)
        before += rows


def _size_bytes(column: Column) -> int:
    if isinstance(column, Ragged):
        return _size_bytes(np.asarray(column.values)) + column.offsets.nbytes
    if column.dtype == object:
        return column.nbytes + sum(len(cell) for cell in column if cell is not None)
    return column.nbytes
