"""Staging: a worker writes an attempt's output under a temporary name, for the driver to commit or to throw away."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tensor import Origin
from workers.columns import Columns, RowsDigest, as_columns, concat_rows, row_count, slice_rows
from workers.errors import ColumnsError, PredictorError, StagingError
from workers.messages import Staged
from workers.ragged import Array, Column, Ragged

INFERENCE_ONLY_KEY = b"shoal.inference_only"
"""Parquet metadata that marks a file's numbers: JSON of their origin, {"job": …}."""


def mark_of(schema: Any) -> Origin | None:
    """Where the numbers of a Parquet file with this Arrow schema were computed; None if it is not marked."""
    mark = (schema.metadata or {}).get(INFERENCE_ONLY_KEY)
    return None if mark is None else Origin(job=json.loads(mark)["job"])


# A row group ends with the row that fills either of these.
_GROUP_BYTES = 16 << 20
_GROUP_ROWS = 65_536


class StagedWriter:
    """Writes one attempt's output to a Parquet file, batch by batch, in bounded memory.

    The file's bytes follow from its rows and the job alone: not from how the rows were cut into batches, nor from
    attempt or replica. Files of different runs can therefore be compared.

    Args:
        path: the staged name; there must be no such file yet.
        job: id of the job, kept in the file as the origin of its inference-only numbers.
    """

    def __init__(self, path: Path, *, job: str) -> None:
        self._path = path
        self._metadata = {INFERENCE_ONLY_KEY: json.dumps({"job": job}).encode()}
        self._digest = RowsDigest()
        self._pending: list[Columns] = []
        self._pending_rows = 0
        self._pending_bytes = 0
        self._file: BinaryIO | None = None
        self._parquet: Any = None
        self._finished = False

    def write(self, batch: Mapping[str, Any]) -> None:
        """Append one batch's output: arrays, tensors or Ragged by column name.

        Raises:
            PredictorError: the columns cannot be stored, or are not those of the batches before.
            StagingError: the file cannot be written.
        """
        with self._owned_errors():
            columns = as_columns(batch)
            self._digest.update(columns)
            rows, sizes_bytes = row_count(columns), _row_bytes(columns)
            start = 0
            # Once also without rows: the first batch says which columns there are.
            while start < rows or (self._parquet is None and not self._pending):
                filled = np.cumsum(sizes_bytes[start:])
                room = int(np.searchsorted(filled, _GROUP_BYTES - self._pending_bytes)) + 1
                stop = min(rows, start + room, start + _GROUP_ROWS - self._pending_rows)
                # Copied: a predictor may reuse the memory of its output in its next call.
                self._pending.append({name: _copy(part) for name, part in slice_rows(columns, start, stop).items()})
                self._pending_rows += stop - start
                self._pending_bytes += int(sizes_bytes[start:stop].sum())
                if self._pending_bytes >= _GROUP_BYTES or self._pending_rows >= _GROUP_ROWS:
                    self._write_group()
                start = stop

    def finish(self) -> Staged:
        """Write what is pending and make the file durable.

        Raises:
            PredictorError: no batch was written, or the columns cannot be stored.
            StagingError: the file cannot be written.
        """
        with self._owned_errors():
            if self._pending_rows or self._parquet is None:
                self._write_group()
            assert self._file is not None
            self._parquet.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            size_bytes = os.fstat(self._file.fileno()).st_size
            self._file.close()
        self._finished = True
        return Staged(
            path=str(self._path),
            rows=self._digest.rows,
            size_bytes=size_bytes,
            digest=self._digest.hexdigest(),
            schema=json.dumps(self._digest.schema, sort_keys=True),
        )

    def discard(self) -> None:
        """Remove the file, unless it is finished. Harmless when called again."""
        self._pending = []
        if self._file is None or self._finished:
            return
        with suppress(OSError, ValueError):  # they write what they hold back, and the disk may be full
            self._parquet.close()
        with suppress(OSError):
            self._file.close()
        self._file = None
        self._path.unlink(missing_ok=True)

    def _write_group(self) -> None:
        from workers.arrow import to_table

        table = to_table(concat_rows(self._pending))
        self._pending, self._pending_rows, self._pending_bytes = [], 0, 0
        if self._parquet is None:
            self._open(table)
        elif not table.schema.equals(self._schema):
            # Only where a column was None throughout the groups before, which are written as strings.
            raise ColumnsError(
                f"the columns changed their types between batches, from\n{self._schema}\nto\n{table.schema}"
            )
        self._parquet.write_table(table, row_group_size=max(1, table.num_rows))

    def _open(self, table: Any) -> None:
        import pyarrow.parquet as pq

        self._schema = table.schema
        self._file = self._path.open("xb")
        self._parquet = pq.ParquetWriter(
            self._file,
            table.schema.with_metadata(self._metadata),
            compression="zstd",
            # Dictionaries pay for strings; numbers that a model computed hardly ever repeat.
            use_dictionary=[field.name for field in table.schema if str(field.type) in ("string", "binary")],
        )

    @contextmanager
    def _owned_errors(self) -> Iterator[None]:
        """Give errors their owner, and leave no half-written file behind."""
        try:
            yield
        except BaseException as error:
            self.discard()
            match error:
                case ColumnsError():
                    raise PredictorError(f"the predictor's output cannot be stored: {error}") from error
                case OSError():
                    raise StagingError(f"cannot write the output to {self._path}: {error}") from error
            raise


def _row_bytes(columns: Columns) -> Array:
    """About how much memory each row takes: int64 array of shape (rows,), a function of the row alone."""
    sizes_bytes = np.zeros(row_count(columns), np.int64)
    for column in columns.values():
        if isinstance(column, Ragged):
            values = np.asarray(column.values)
            elements = np.concatenate([[0], np.cumsum(_row_bytes({"values": values}))])
            sizes_bytes += np.diff(elements[column.offsets])
        elif column.dtype == object:
            sizes_bytes += np.array([0 if cell is None else len(cell) for cell in column], np.int64)
        elif len(column):
            sizes_bytes += column.nbytes // len(column)
    return sizes_bytes


def _copy(column: Column) -> Column:
    if isinstance(column, Ragged):
        return Ragged(np.array(column.values), column.offsets.copy())
    return column.copy()
