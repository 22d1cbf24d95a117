"""Batches put together: columns over all rows, marked, that remember which replica made which rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import tensor
from tensor import Tensor, marks
from tensor.marks import Origin, RowRange
from workers.columns import Ragged, concat_rows

Output = dict[str, Tensor | Ragged | np.ndarray]
"""What a job gives: marked tensors, `Ragged` of them, object arrays of strings."""


def gathered(batches: Sequence[Mapping[str, Any]]) -> Output:
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
        return {name: marked(column) for name, column in rows.items()}


def marked(column: Ragged | np.ndarray) -> Tensor | Ragged | np.ndarray:
    """A column as a result: inside `inference_mode`, numbers become marked tensors; strings stay object arrays."""
    if isinstance(column, Ragged):
        return Ragged(tensor.from_numpy(np.asarray(column.values)), column.offsets)
    return column if column.dtype.kind not in "biuf" else tensor.from_numpy(column)


def _array(column: Any) -> Any:
    if isinstance(column, Ragged):
        return Ragged(np.asarray(column.values), column.offsets)
    return np.asarray(column)


def _origin_of(batches: Sequence[Mapping[str, Any]]) -> Origin:
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


def _origin(column: Any) -> Origin | None:
    values = column.values if isinstance(column, Ragged) else column
    return values.origin if isinstance(values, Tensor) else None
