"""Arrays in memory as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cluster.sources.base import FragmentRows
from tensor import marks
from tensor.aliases import unwrapped
from workers.blobs import BlobWriter, SharedBlob
from workers.columns import Ragged, as_columns, digest_rows, row_count
from workers.schema import schema_of
from workers.shards import MemoryFragment


class ArraySource:
    """Columns in memory, copied once into a sealed memfd that every worker on this machine maps.

    Args:
        columns: arrays, tensors, lists or Ragged by name, with equally many rows along axis 0.

    Raises:
        ColumnsError: the columns differ in length, or hold a type that shoal does not carry.
    """

    def __init__(self, columns: Mapping[str, Any]) -> None:
        rows = as_columns(columns)
        self._mark = marks.combine(_marks_of(columns))
        self._blob = _in_shared_memory(rows)
        found = Path(self._blob.path).stat()
        fragment = MemoryFragment(
            path=self._blob.path,
            digest=digest_rows(rows),
            size_bytes=found.st_size,
            mtime_ns=found.st_mtime_ns,
        )
        self._fragments = [FragmentRows(fragment, row_count(rows))]
        self._identity = {
            "kind": "memory",
            "rows": row_count(rows),
            "columns": schema_of(rows),
            "digest": fragment.digest,
        }

    def fragments(self) -> list[FragmentRows]:
        """Return the one fragment."""
        return list(self._fragments)

    def identity(self) -> dict[str, Any]:
        """Return number, types and digest of the rows."""
        return dict(self._identity)

    def mark(self) -> marks.Origin | None:
        """Return where the inference-only tensors among the columns were computed."""
        return self._mark

    def close(self) -> None:
        """Give the memory back, once no worker maps it any more."""
        self._blob.close()


def _marks_of(columns: Mapping[str, Any]) -> Iterator[marks.Origin]:
    for column in columns.values():
        values = column.values if isinstance(column, Ragged) else column
        if isinstance(values, np.ndarray) and values.dtype == object:
            values = values.tolist()
        origins: list[marks.Origin | None] = []
        unwrapped(values, origins)  # sees lists of tensors, too, and what shares memory with one
        yield from (origin or marks.Origin() for origin in origins)


def _in_shared_memory(rows: Mapping[str, Any]) -> SharedBlob:
    """Write rows as an Arrow IPC file into memory that nobody can change."""
    import pyarrow as pa

    from workers.arrow import to_table

    table = to_table(rows)
    blob = BlobWriter("rows")
    try:
        with open(blob.fd, "wb", closefd=False) as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        return blob.seal()
    except BaseException:
        blob.discard()
        raise
