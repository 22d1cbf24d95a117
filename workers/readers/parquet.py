"""Row groups of Parquet files: whole, or forward a part at a time.

Importing this module imports pyarrow.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from workers.arrow import as_floats, to_columns
from workers.columns import Columns
from workers.readers.files import opened
from workers.shards import ParquetFragment, Scalar

_DECODE_BYTES = 16 << 20  # what is decoded at a time where a shard is only a part of a row group


class RowGroupRows:
    """The rows of a row group, forward only; open until closed.

    Args:
        fragment: Which.
    """

    def __init__(self, fragment: ParquetFragment) -> None:
        self._fragment = fragment
        self._columns = None if fragment.columns is None else list(fragment.columns)
        self.row = 0
        with ExitStack() as stack:
            self._file = stack.enter_context(pq.ParquetFile(stack.enter_context(opened(fragment))))
            self._rows = self._file.metadata.row_group(fragment.row_group).num_rows
            self._batches = self._decoded()
            self._open = stack.pop_all()
        self._left: list[pa.RecordBatch] = []

    def read(self, start: int, stop: int) -> Columns:
        """Rows `start` to `stop`, and what the file's folders say of them; `start` is `row`, or later."""
        partition: Columns = {name: _repeated(value, stop - start) for name, value in self._fragment.partition}
        if self._columns == []:
            return partition
        if (start, stop) == (0, self._rows):
            # One thread: cores are for predictors, and replicas read side by side.
            group = self._fragment.row_group
            table = self._file.read_row_group(group, columns=self._columns, use_threads=False)
        else:
            self._take(start - self.row)
            table = pa.Table.from_batches(self._take(stop - start))
        return to_columns(as_floats(table, self._fragment.floats)) | partition

    def close(self) -> None:
        """Let go of the file, and of what is decoded: else a ring of references keeps it until the collector comes."""
        self._batches.close()
        self._left.clear()
        self._open.close()

    def _take(self, rows: int) -> list[pa.RecordBatch]:
        taken = []
        while rows > 0:
            batch = self._left.pop() if self._left else next(self._batches)
            taken.append(batch.slice(0, rows))
            if batch.num_rows > rows:
                self._left.append(batch.slice(rows))
            rows -= taken[-1].num_rows
            self.row += taken[-1].num_rows
        return taken

    def _decoded(self) -> Generator[pa.RecordBatch, None, None]:
        size_bytes = self._file.metadata.row_group(self._fragment.row_group).total_byte_size
        step = max(1, _DECODE_BYTES * self._rows // max(1, size_bytes))
        group = [self._fragment.row_group]
        yield from self._file.iter_batches(step, row_groups=group, columns=self._columns, use_threads=False)


def _repeated(value: Scalar, rows: int) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    if isinstance(value, int):
        return np.full(rows, value, np.int64)
    column = np.empty(rows, object)
    column[:] = value
    return column
