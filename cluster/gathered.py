"""Batches put together: columns over all rows, marked, that remember which replica made which rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import tensor
from tensor import Tensor, marks
from tensor.marks import Origin, RowRange
from tensor.origins import arrive
from workers.columns import Array, Column, Ragged, concat_rows

Results = dict[str, Tensor | Ragged | Array]
"""What a job gives: marked tensors, `Ragged` of them, and arrays of what no tensor holds: strings and times."""


def gathered(batches: Sequence[Results]) -> Results:
    """Append batches to each other.

    Args:
        batches: What `Pool.map` yields, in order.

    Returns:
        Columns over all rows; empty without batches. Each number is marked.
    """
    if not batches:
        return {}
    rows = concat_rows([{name: _array(column) for name, column in batch.items()} for batch in batches])
    origin = _origin_of(batches)
    with tensor.inference_mode(), marks.origin(job=origin.job, rows=origin.rows):
        return {name: as_result(column) for name, column in rows.items()}


def slice_results(batch: Results, start: int, stop: int | None = None) -> Results:
    """Rows `start` to `stop` of a batch, as views."""
    return {name: column[start:stop] for name, column in batch.items()}


def as_result(column: Column) -> Tensor | Ragged | Array:
    """A column of plain rows as a result: to be called inside `inference_mode`, so that its numbers are marked."""
    if isinstance(column, Ragged):
        return Ragged(_as_tensor(np.asarray(column.values)), column.offsets)
    return _as_tensor(column)


def _as_tensor(array: Array) -> Tensor | Array:
    return arrive(array, marks.CURRENT.get()) if array.dtype.kind in "biuf" else array


def _array(column: Tensor | Ragged | Array) -> Column:
    if isinstance(column, Ragged):
        return Ragged(np.asarray(column.values), column.offsets)
    return np.asarray(column)


def _origin_of(batches: Sequence[Results]) -> Origin:
    """The job that made the batches, and which shard and replica made which rows."""
    ranges: list[RowRange] = []
    job = None
    start = 0
    for batch in batches:
        columns = list(batch.values())
        stop = start + len(columns[0])
        origin = next((found for found in map(_origin, columns) if found is not None), None)
        if origin is not None:
            job = origin.job
            last = ranges[-1] if ranges else None
            if last is not None and (last.shard, last.replica) == (origin.shard, origin.replica):
                ranges[-1] = RowRange(last.start, stop, origin.shard, origin.replica)
            else:
                ranges.append(RowRange(start, stop, origin.shard, origin.replica))
        start = stop
    return Origin(job=job, rows=tuple(ranges))


def _origin(column: Tensor | Ragged | Array) -> Origin | None:
    values = column.values if isinstance(column, Ragged) else column
    return values.origin if isinstance(values, Tensor) else None
