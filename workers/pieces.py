"""Rows as they go into a predictor and come out of it, cut, picked and put together.

What a predictor's methods return is not always an array: tensors, Ragged and lists are columns too. To be called inside
`inference_mode`, so that tensors stay marked.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import tensor
from tensor import Tensor
from workers.batching import Batch
from workers.ragged import Array, Ragged

_FIXED_CELLS = {str, bytes, type(None)}


def own_rows(columns: Mapping[str, Any], batch: Batch) -> dict[str, Any]:
    """Some rows for the user's code to do with as it likes: what it writes into them reaches no other call.

    That is what makes it safe to call it again on half of the rows. Read-only columns are views, others are copied.

    Args:
        columns: All rows.
        batch: Which ones.
    """
    if isinstance(batch, range):
        return {name: own(column[batch.start : batch.stop]) for name, column in columns.items()}
    return {name: _own_taken(column) for name, column in take_columns(columns, batch).items()}


def own(column: Any) -> Any:
    """The column, or a cell of one, in memory that nobody else writes to."""
    match column:
        case np.ndarray() if column.dtype == object:
            return _own_cells(column)
        case np.ndarray():
            return column.copy() if column.flags.writeable else column
        case Ragged():
            return Ragged(own(column.values), column.offsets)
        case list():
            return [own(cell) for cell in column]
        case tuple() if type(column) is tuple:
            return tuple(map(own, column))
        case dict() if type(column) is dict:
            return {name: own(cell) for name, cell in column.items()}
    return column.clone() if hasattr(column, "clone") else column


def _own_cells(column: Array) -> Array:
    """An object array whose cells are its own: `prepare` may return images, of several sizes, in one."""
    if {*map(type, column.flat)} <= _FIXED_CELLS:
        return column.copy() if column.flags.writeable else column
    copied = column.copy()
    cells = copied.reshape(-1)
    for place, cell in enumerate(cells):
        cells[place] = own(cell)
    return copied


def _own_taken(column: Any) -> Any:
    """As `own`, of a column that was copied out of another: only cells may still be shared."""
    shares = isinstance(column, list) or (isinstance(column, np.ndarray) and column.dtype == object)
    return own(column) if shares else column


def take_columns(columns: Mapping[str, Any], picked: Array) -> dict[str, Any]:
    """Copy out the rows at `picked`, int64, shape (n,), in that order."""
    return {name: _taken(column, picked) for name, column in columns.items()}


def join_columns(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Append columns (at least one part, all with the same names) to each other; a single part is returned as it is."""
    first, *others = parts
    if not others:
        return dict(first)
    return {name: _joined([part[name] for part in parts]) for name in first}


def _taken(column: Any, picked: Array) -> Any:
    match column:
        case Ragged():
            return column.take(picked)
        case list() | tuple():
            return [column[row] for row in picked]
    return column[picked]


def _joined(parts: list[Any]) -> Any:
    if any(isinstance(part, Ragged) for part in parts):
        return Ragged.concat(parts)
    if any(isinstance(part, Tensor) for part in parts):
        return tensor.cat([tensor.as_tensor(part) for part in parts])
    if all(isinstance(part, list | tuple) for part in parts):
        return [cell for part in parts for cell in part]
    # Another library's tensors stay what they are: the predictor may have made them in `prepare` for itself.
    library = sys.modules[type(parts[0]).__module__.partition(".")[0]]
    return getattr(library, "concatenate", np.concatenate)(parts)
