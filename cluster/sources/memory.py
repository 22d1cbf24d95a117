"""Rows in memory as a source: columns, Arrow tables, frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster.errors import UsageError
from cluster.sources.base import FragmentRows
from cluster.sources.rows import columns_of_rows, marks_of, marks_of_rows
from tensor import marks
from workers.blobs import BlobWriter, SharedBlob
from workers.columns import RowsDigest, as_columns, row_count
from workers.shards import MemoryFragment
from workers.sinks.marking import mark_of

if TYPE_CHECKING:
    import pyarrow as pa

_DIGEST_ROWS = 65_536  # at a time: strings become Python objects


class _MemorySource:
    """Rows that were copied once into a sealed memfd, which every worker on this machine maps."""

    def __init__(self, table: pa.Table, mark: marks.Origin | None) -> None:
        digest = _digest_of(table)
        self._mark = mark
        self._blob = _in_shared_memory(table)
        found = Path(self._blob.path).stat()
        fragment = MemoryFragment(
            path=self._blob.path,
            digest=digest.hexdigest(),
            size_bytes=found.st_size,
            mtime_ns=found.st_mtime_ns,
        )
        self._fragments = [FragmentRows(fragment, table.num_rows)]
        self._identity = {
            "kind": "memory",
            "rows": table.num_rows,
            "columns": digest.schema,
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


class ArraySource(_MemorySource):
    """Columns in memory, copied once into a sealed memfd that every worker on this machine maps.

    Args:
        columns: Arrays, tensors, lists or Ragged by name, with equally many rows along axis 0.

    Raises:
        ColumnsError: The columns differ in length, or hold a type that shoal does not carry.
    """

    def __init__(self, columns: Mapping[str, Any]) -> None:
        rows = as_columns(columns)
        row_count(rows)
        from workers.arrow import to_table

        super().__init__(to_table(rows), marks.combine(marks_of(columns)))

    @classmethod
    def of_rows(cls, rows: Sequence[Mapping[str, Any]]) -> ArraySource:
        """The source of rows that are dicts, at least one; lists in them make Ragged.

        Raises:
            ColumnsError: A row has other keys than the first, or holds what shoal does not carry.
        """
        source = cls(columns_of_rows(rows))
        source._mark = marks_of_rows(rows)
        return source


class ArrowSource(_MemorySource):
    """An Arrow table, a record batch, a frame of pandas or polars, or what else exports Arrow's C interface.

    It is copied once into a sealed memfd that every worker on this machine maps. The index of a pandas frame is left
    out: `reset_index()` makes it a column. Whole numbers of which some are missing become float64 with NaN.

    Args:
        table: The rows.

    Raises:
        UsageError: It cannot be exported.
        ColumnsError: It holds a type that shoal does not carry, or nulls where NumPy has no place for them.
    """

    def __init__(self, table: Any) -> None:
        from workers.arrow import check_schema, fit_nulls

        arrow = as_table(table)
        check_schema(arrow.schema)
        super().__init__(fit_nulls(arrow), mark_of(arrow.schema))


def is_arrow(value: Any) -> bool:
    """Whether a value exports Arrow's C interface, as tables and frames do."""
    return hasattr(value, "__arrow_c_stream__") or (
        hasattr(value, "__arrow_c_array__") and hasattr(value, "column_names")
    )


def as_table(value: Any) -> pa.Table:
    """The Arrow table that a value exports.

    Raises:
        UsageError: It cannot.
    """
    import pyarrow as pa

    try:
        return pa.table(value)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise UsageError(f"this {type(value).__name__} is no table that Arrow can hold: {error}") from error


def _digest_of(table: pa.Table) -> RowsDigest:
    from workers.arrow import to_columns

    digest = RowsDigest()
    for start in range(0, max(table.num_rows, 1), _DIGEST_ROWS):
        digest.update(to_columns(table.slice(start, _DIGEST_ROWS)))
    return digest


def _in_shared_memory(table: pa.Table) -> SharedBlob:
    """Write rows as an Arrow IPC file into memory that nobody can change."""
    import pyarrow as pa

    blob = BlobWriter("rows")
    try:
        with open(blob.fd, "wb", closefd=False) as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        return blob.seal()
    except BaseException:
        blob.discard()
        raise
