"""Dead letters: the rows that a job gave up, each with its error and its own values, as far as they fit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, BinaryIO

import numpy as np

from workers.columns import Array, Column, Columns, Ragged, slice_rows
from workers.messages import DeadRow
from workers.schema import schema_of
from workers.shards import MemoryFragment, Shard

# What a value may take, and all values of a row together.
_VALUE_CHARACTERS = 4_096
_VALUE_ELEMENTS = 1_024
_ROW_CHARACTERS = 65_536


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A row of input that has no row of output.

    Attributes:
        source: The file that it is in, or "memory".
        row: Its number there, from 0.
        shard: The shard that it belongs to.
        error_type: The exception's type, as "ValueError"; "WorkerLost" where the row ended its worker.
        message: The exception's text.
        where: What was running, as "Classify.__call__".
        line: `file:line` of the innermost line of the user's own code, empty where there is none.
        traceback: The whole traceback, from the user's code on.
        attempts: How often the row failed, together with others and alone.
        values: The row's own values, JSON of an object by column name, written as `JsonlSink` writes them; empty where
            a worker never saw them. A value that does not fit is an object in place of a plain value:
            {"type": "string", "length": 90000, "begin": "…"}.
    """

    source: str
    row: int
    shard: int
    error_type: str
    message: str
    where: str
    line: str
    traceback: str
    attempts: int
    values: str

    def __str__(self) -> str:
        error = f"{self.error_type}: {self.message}" if self.message else self.error_type
        return f"row {self.row} of {self.source} (shard {self.shard}): {error}, in {self.where}"


def dead_letters_of(shard: Shard, dead: Sequence[DeadRow], rows: Columns | None) -> list[DeadLetter]:
    """Describe rows that a worker gave up.

    Args:
        shard: The shard that they belong to.
        dead: The rows; their numbers count within the shard.
        rows: The values of exactly these rows, in their order, if they are at hand.
    """
    source = "memory" if isinstance(shard.fragment, MemoryFragment) else shard.fragment.path
    first = shard.fragment.first_row + shard.start
    return [
        DeadLetter(
            source=source,
            row=first + row.row,
            shard=shard.index,
            error_type=row.failure.type,
            message=row.failure.message,
            where=row.failure.where,
            line=row.failure.line,
            traceback=row.failure.traceback,
            attempts=row.attempts,
            values="" if rows is None else _values_text(slice_rows(rows, place, place + 1)),
        )
        for place, row in enumerate(dead)
    ]


def write_dead_letters(file: BinaryIO, letters: Sequence[DeadLetter]) -> None:
    """Write a Parquet file with a column for each field of `DeadLetter`. The letters alone decide its bytes.

    Raises:
        OSError: It cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [(field.name, pa.int64() if field.type == "int" else pa.string()) for field in fields(DeadLetter)]
    )
    rows = [{name: _unicode(value) for name, value in asdict(letter).items()} for letter in letters]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), file, compression="zstd")


def read_dead_letters(file: BinaryIO) -> list[DeadLetter]:
    """Read what `write_dead_letters` wrote.

    Raises:
        OSError: It cannot be read, or is no such file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            rows = parquet.read(use_threads=False).to_pylist()
        return [DeadLetter(**row) for row in rows]
    except (pa.ArrowException, TypeError) as error:
        raise OSError(f"it is no file of dead letters: {error}") from error


def _values_text(row: Columns) -> str:
    """The values of one row, as JSON of bounded size."""
    kinds = schema_of(row)
    texts: list[str] = []
    room = _ROW_CHARACTERS
    for name, column in row.items():
        text = _value_text(name, column, kinds[name])
        if len(text) > room:
            text = json.dumps({"type": kinds[name]})
        room -= len(text)
        texts.append(f"{json.dumps(name)}: {text}")
    return "{" + ", ".join(texts) + "}"


def _value_text(name: str, column: Column, kind: str) -> str:
    from workers.sinks.json_text import json_texts

    size, begin = _begin(column)
    try:
        if begin is None:
            return json_texts(name, column)[0]
        note = {"type": kind, **({} if size is None else {"length": size})}
        return f'{json.dumps(note)[:-1]}, "begin": {json_texts(name, begin)[0]}}}'
    except UnicodeEncodeError:  # halves of surrogate pairs
        return json.dumps({"type": kind})


def _begin(column: Column) -> tuple[int | None, Column | None]:
    """The length of a column's only row, and what to show of it where it is too large; None where it is not."""
    if isinstance(column, Ragged):
        elements = np.asarray(column.values)
        if elements.dtype == object:
            shown = _short_cells(elements[:_VALUE_ELEMENTS])
            whole = len(elements) <= _VALUE_ELEMENTS and shown is None
            shown = elements[:_VALUE_ELEMENTS] if shown is None else shown
        else:
            whole = elements.size <= _VALUE_ELEMENTS
            shown = elements.reshape(-1)[:_VALUE_ELEMENTS]
        return len(elements), None if whole else Ragged(shown, np.array([0, len(shown)]))
    if column.dtype == object:
        return (0 if column[0] is None else len(column[0])), _short_cells(column)
    if column.size <= _VALUE_ELEMENTS:
        return None, None
    return None, column.reshape(1, -1)[:, :_VALUE_ELEMENTS]


def _short_cells(cells: Array) -> Array | None:
    """The cells, cut to what a value may take in all; None if they fit as they are."""
    limit = max(1, _VALUE_CHARACTERS // max(1, len(cells)))
    if all(cell is None or len(cell) <= limit for cell in cells):
        return None
    short = np.empty(len(cells), object)
    short[:] = [None if cell is None else cell[:limit] for cell in cells]
    return short


def _unicode(value: Any) -> Any:
    """Messages of exceptions may hold what no file takes: halves of surrogate pairs."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
