"""Columns: the rows of a batch, a shard or a result as a dict of equally long columns.

A column is a NumPy array whose axis 0 are the rows, or a `Ragged`. Strings and bytes are object arrays, None where a
value is missing. Nothing here copies more than it must: slices are views.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from workers.errors import ColumnsError
from workers.ragged import Array, Column, Ragged
from workers.schema import Schema, schema_of, unify

__all__ = [
    "Array",
    "Column",
    "Columns",
    "Ragged",
    "RowsDigest",
    "as_columns",
    "concat_rows",
    "digest_rows",
    "row_count",
    "slice_rows",
    "take_rows",
]

Columns: TypeAlias = dict[str, Column]


def as_columns(values: Mapping[str, Any]) -> Columns:
    """Make columns of what users hand over: arrays, tensors, lists, fixed-width strings, any byte order.

    Args:
        values: per column anything that NumPy takes for an array with the rows along axis 0, or a Ragged.

    Returns:
        Columns of types that shoal carries, sharing memory with the arguments where possible.

    Raises:
        ColumnsError: a value cannot be a column, or the lengths differ.
    """
    columns = {name: _as_column(name, value) for name, value in values.items()}
    schema_of(columns)
    row_count(columns)
    return columns


def row_count(columns: Mapping[str, Column]) -> int:
    """Return the number of rows.

    Raises:
        ColumnsError: the columns differ in length, or there are none.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if not lengths:
        raise ColumnsError("got no columns; rows need at least one")
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise ColumnsError(f"columns must have equally many rows along axis 0: {listed}")
    return next(iter(lengths.values()))


def slice_rows(columns: Mapping[str, Column], start: int, stop: int) -> Columns:
    """Return rows `start` to `stop` as views."""
    return {name: column[start:stop] for name, column in columns.items()}


def take_rows(columns: Mapping[str, Column], indices: npt.ArrayLike) -> Columns:
    """Copy out the rows at `indices`, integers of shape (n,), in that order."""
    picked = np.asarray(indices, np.int64)
    return {
        name: column.take(picked) if isinstance(column, Ragged) else column[picked] for name, column in columns.items()
    }


def concat_rows(batches: Sequence[Mapping[str, Column]]) -> Columns:
    """Append batches to each other; a single one is returned as it is.

    Raises:
        ColumnsError: there are no batches, or they differ in names, dtypes or row shapes.
    """
    if not batches:
        raise ColumnsError("got no batches to append, so there is no saying which columns they have")
    if len(batches) == 1:
        return dict(batches[0])
    unify(map(schema_of, batches))
    return {name: _concat_column([batch[name] for batch in batches]) for name in batches[0]}


def digest_rows(columns: Mapping[str, Column]) -> str:
    """Return the SHA-256 of the rows, as hex: see `RowsDigest`."""
    digest = RowsDigest()
    digest.update(columns)
    return digest.hexdigest()


class RowsDigest:
    """SHA-256 over canonical rows, fed batch by batch.

    Covered are sorted column names, types, row shapes and values (little-endian, C order; strings as UTF-8 with their
    lengths; ragged rows as lengths and values). The memory layout and the cuts between batches do not matter.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.schema: Schema | None = None
        self._streams: dict[tuple[str, str], Any] = {}

    def update(self, columns: Mapping[str, Column]) -> None:
        """Append rows.

        Raises:
            ColumnsError: the columns differ in length, or are not those of the rows before.
        """
        rows = row_count(columns)
        schema = schema_of(columns)
        self.schema = unify([self.schema, schema]) if self.schema else schema
        self.rows += rows
        for name in schema:
            for part, data in _canonical_streams(columns[name]):
                self._streams.setdefault((name, part), hashlib.sha256()).update(data)

    def hexdigest(self) -> str:
        """Return the digest of all rows so far."""
        streams = sorted((name, part, stream.hexdigest()) for (name, part), stream in self._streams.items())
        story = json.dumps([self.rows, self.schema, streams], sort_keys=True)
        return hashlib.sha256(story.encode()).hexdigest()


def _canonical_streams(column: Column) -> Iterator[tuple[str, bytes | Array]]:
    """The bytes of a column, in streams that only grow as rows are appended."""
    if isinstance(column, Ragged):
        yield "lengths", _canonical_bytes(column.lengths)
        for part, data in _canonical_streams(np.asarray(column.values)):
            yield f"values.{part}", data
    elif column.dtype == object:
        cells = [cell.encode() if isinstance(cell, str) else cell for cell in column]
        lengths = np.array([-1 if cell is None else len(cell) for cell in cells], np.int64)
        yield "lengths", _canonical_bytes(lengths)
        yield "bytes", b"".join(cell for cell in cells if cell is not None)
    else:
        yield "data", _canonical_bytes(column)


def _canonical_bytes(array: Array) -> Array:
    little_endian = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return np.ascontiguousarray(little_endian).reshape(-1).view(np.uint8)


def _concat_column(parts: list[Column]) -> Column:
    ragged = [part for part in parts if isinstance(part, Ragged)]
    return Ragged.concat(ragged) if ragged else np.concatenate([part for part in parts if isinstance(part, np.ndarray)])


def _as_column(name: str, value: Any) -> Column:
    if isinstance(value, Ragged):
        values = _as_column(name, value.values)
        return value if values is value.values else Ragged(np.asarray(values), value.offsets)
    if isinstance(value, np.ma.MaskedArray):
        raise ColumnsError(f"column {name!r} is a masked array; fill it with .filled(value), or pass the mask as well")
    if isinstance(value, list | tuple) and any(isinstance(cell, str | bytes) for cell in value):
        # Cell by cell: NumPy would make fixed-width strings, and those lose trailing NULs.
        array = np.empty(len(value), object)
        array[:] = value
        return array
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ColumnsError(
            f"column {name!r} is no array: {error}; rows of different lengths make a Ragged.from_rows(…)"
        ) from error
    if array.dtype.kind in "UST":
        return array.astype(object)
    return array.astype(array.dtype.newbyteorder("="), copy=False)
