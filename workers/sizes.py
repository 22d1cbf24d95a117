"""How large rows are: in bytes, or in what a model pays for (tokens, characters, frames)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workers.errors import ColumnsError
from workers.ragged import Array, Ragged


def row_bytes(columns: Mapping[str, Any]) -> Array:
    """About how much memory each row takes: int64, shape (rows,); a function of the row alone.

    Args:
        columns: Columns, as a predictor's `prepare` may return them: arrays, tensors, Ragged, lists.
    """
    sizes_bytes: Array = np.zeros(len(next(iter(columns.values()))), np.int64)
    for column in columns.values():
        if isinstance(column, Ragged):
            elements = np.concatenate([[0], np.cumsum(row_bytes({"values": column.values}))])
            sizes_bytes += np.diff(elements[column.offsets])
            continue
        array = column if isinstance(column, np.ndarray) else _array(column)
        if array.dtype == object:
            sizes_bytes += np.array([getattr(cell, "nbytes", _length(cell)) for cell in array.reshape(-1)], np.int64)
        elif len(array):
            sizes_bytes += array.nbytes // len(array)
    return sizes_bytes


def row_lengths(columns: Mapping[str, Any], name: str) -> Array:
    """The length of each row by one of its columns: int64, shape (rows,).

    Args:
        columns: As for `row_bytes`.
        name: The column. Ragged rows count their elements, strings their characters, other cells that have a length
            count that, missing ones are 0; integers are lengths themselves.

    Raises:
        ColumnsError: There is no such column, or it holds no lengths.
    """
    if name not in columns:
        raise ColumnsError(f"there is no column {name!r} to measure; the columns are: {', '.join(map(repr, columns))}")
    column = columns[name]
    if isinstance(column, Ragged):
        return column.lengths
    array = column if isinstance(column, np.ndarray) else _array(column)
    if array.ndim == 1 and array.dtype.kind in "iu":
        lengths = array.astype(np.int64)
        if len(lengths) and lengths.min() < 0:
            raise ColumnsError(f"column {name!r} holds {lengths.min()}; lengths are at least 0")
        return lengths
    if array.ndim == 1 and array.dtype == object and all(cell is None or hasattr(cell, "__len__") for cell in array):
        return np.array([_length(cell) for cell in array], np.int64)
    raise ColumnsError(
        f"column {name!r} is {array.dtype} of shape {array.shape}, which has no lengths; expected a Ragged column, "
        "strings or other cells with a length, or one integer a row"
    )


def _array(column: Any) -> Array:
    if isinstance(column, list | tuple) and any(hasattr(cell, "__len__") for cell in column):
        array = np.empty(len(column), object)
        for row, cell in enumerate(column):
            array[row] = cell
        return array
    return np.asarray(column)


def _length(cell: Any) -> int:
    return len(cell) if hasattr(cell, "__len__") else 0
