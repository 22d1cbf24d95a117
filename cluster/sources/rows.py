"""Rows that are dicts, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tensor import Origin, marks
from tensor.aliases import unwrapped
from workers.errors import ColumnsError
from workers.ragged import Ragged


def columns_of_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The columns of rows that are dicts; lists in them make Ragged, arrays of one shape an array.

    Args:
        rows: At least one.

    Raises:
        ColumnsError: A row has other keys than the first.
    """
    names = list(rows[0])
    for number, row in enumerate(rows):
        if row.keys() != rows[0].keys():
            raise ColumnsError(
                f"rows must have the same keys: one has {', '.join(map(repr, names))}, and the one {number} rows later "
                f"{', '.join(map(repr, row))}"
            )
    return {name: _column(name, [row[name] for row in rows]) for name in names}


def _column(name: str, cells: list[Any]) -> Any:
    if not any(isinstance(cell, list | tuple) for cell in cells):
        return cells
    if not all(isinstance(cell, list | tuple) for cell in cells):
        raise ColumnsError(f"column {name!r} has lists in some rows and other values in others")
    lists = [unwrapped(list(cell), []) for cell in cells]
    filled: list[Any] = next((cell for cell in lists if cell), [])
    if any(isinstance(value, str | bytes) for value in filled):
        offsets = np.cumsum([0, *map(len, lists)])
        values = np.empty(offsets[-1], object)
        values[:] = [value for cell in lists for value in cell]
        return Ragged(values, offsets)
    return Ragged.from_rows(lists)


def marks_of_rows(rows: Sequence[Mapping[str, Any]]) -> Origin | None:
    """Where the inference-only tensors in rows were computed."""
    return marks.combine(origin for row in rows for origin in marks_of(row))


def marks_of(columns: Mapping[str, Any]) -> Iterator[Origin]:
    """Where the inference-only tensors among columns, and in lists of them, were computed."""
    for column in columns.values():
        values = column.values if isinstance(column, Ragged) else column
        if isinstance(values, np.ndarray) and values.dtype == object:
            values = values.tolist()
        origins: list[Origin | None] = []
        unwrapped(values, origins)  # sees lists of tensors, too, and what shares memory with one
        yield from (origin or Origin() for origin in origins)
