"""Arrays in memory as a source."""

from __future__ import annotations

import fcntl
import os
import weakref
from collections.abc import Mapping
from typing import Any

from cluster.sources.base import FragmentRows
from workers.columns import as_columns, digest_rows, row_count
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
        descriptor = _sealed_memory(rows)
        # Also for a source that nobody closed: the memory goes with it.
        self._close = weakref.finalize(self, os.close, descriptor)
        found = os.fstat(descriptor)
        fragment = MemoryFragment(
            path=f"/proc/{os.getpid()}/fd/{descriptor}",
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

    def close(self) -> None:
        """Give the memory back, once no worker maps it any more."""
        self._close()


def _sealed_memory(rows: Mapping[str, Any]) -> int:
    """Write rows as an Arrow IPC file into memory that nobody can change, and return its descriptor."""
    import pyarrow as pa

    from workers.arrow import to_table

    table = to_table(rows)
    descriptor = os.memfd_create("shoal-rows", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with open(descriptor, "wb", closefd=False) as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
