"""Parquet files: one for each shard."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tensor import Origin
from workers.arrow import to_columns, to_table
from workers.columns import Columns
from workers.errors import ColumnsError
from workers.ragged import Array, Column, Ragged
from workers.schema import column_type
from workers.sinks.base import OpenFile, PartWriter
from workers.sinks.marking import mark_for, mark_of
from workers.sinks.options import ParquetSink

SUFFIX = ".parquet"


class ParquetPart(PartWriter):
    """Writes `ParquetSink`'s file; each group of rows is a row group.

    Args:
        sink: Compression.
        open_file: Opens the file.
        job: The job's id, kept in the file as the origin of its inference-only numbers.
    """

    def __init__(self, sink: ParquetSink, open_file: OpenFile, job: str) -> None:
        self._sink = sink
        self._open_file = open_file
        self._job = job
        self._parquet: Any = None
        self._schema: Any = None

    def write(self, rows: Columns) -> None:
        """Append a row group."""
        table = to_table(rows)
        if self._parquet is None:
            self._open(table.schema)
        elif not table.schema.equals(self._schema):
            # Only where a column was None throughout the groups before, which are written as strings.
            raise ColumnsError(
                f"the columns changed their types between batches, from\n{self._schema}\nto\n{table.schema}"
            )
        self._parquet.write_table(table, row_group_size=max(1, table.num_rows))

    def close(self) -> None:
        """Write the footer."""
        self._parquet.close()

    def abandon(self) -> None:
        """Let go of the file, which Arrow would otherwise complete later."""
        if self._parquet is not None:
            with suppress(OSError, ValueError):  # it writes what it holds back, and the disk may be full
                self._parquet.close()

    def _open(self, schema: Any) -> None:
        self._schema = schema
        self._parquet = pq.ParquetWriter(
            self._open_file(SUFFIX),
            schema.with_metadata(mark_for(self._job)),
            compression=self._sink.compression or "none",
            compression_level=self._sink.compression_level,
            # Dictionaries pay for strings; numbers that a model computed hardly ever repeat.
            use_dictionary=[field.name for field in schema if str(field.type) in ("string", "binary")],
        )


def read_parquet(file: BinaryIO, schema: str) -> tuple[Columns, Origin | None]:
    """Read a whole file.

    Args:
        file: The file.
        schema: JSON of the names and types of the columns.

    Returns:
        Its columns, and where its numbers were computed; None if it is not marked.

    Raises:
        OSError: It cannot be read, or is no Parquet file.
    """
    try:
        with pq.ParquetFile(file) as parquet:
            # Not in Arrow's threads: they hold this Python file, and may let go of it while the interpreter ends.
            table = parquet.read(use_threads=False)
    except pa.ArrowException as error:
        raise OSError(str(error)) from error
    words = json.loads(schema)
    columns = to_columns(table)
    written = {name: _as_written(column, words[name]) if name in words else column for name, column in columns.items()}
    return written, mark_of(table.schema)


def _as_written(column: Column, word: str) -> Column:
    """The column with its times in the unit that they were written with: Parquet knows no seconds."""
    if isinstance(column, Ragged):
        return Ragged(_in_unit(np.asarray(column.values), word), column.offsets)
    return _in_unit(column, word)


def _in_unit(times: Array, word: str) -> Array:
    return times.astype(column_type(word).dtype, copy=False) if times.dtype.kind == "M" else times
