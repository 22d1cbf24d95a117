"""Writing down the rows of an iterable, so that they have a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from cluster.errors import UsageError
from cluster.sources.base import Source
from cluster.sources.iterable import IterableSource, Part

if TYPE_CHECKING:
    import pyarrow as pa

_PIECE_ROWS, _PIECE_BYTES = 16_384, 16 << 20


def spilled(source: Source | IterableSource, folder: str | None = None, digest: str | None = None) -> Source:
    """The source with a plan: itself, or what its rows were written to.

    Args:
        source: Any.
        folder: Where to keep the rows of an iterable, as a path or URL. None keeps them in a file without a name, which
            goes with `close` or this process.
        digest: Of rows that an earlier call has kept there: they are used as they are, and the iterable is left alone.

    Raises:
        UsageError, ColumnsError: See `IterableSource.parts`; and rows whose types change.
        OSError: They cannot be written.
    """
    if not isinstance(source, IterableSource):
        return source
    if folder is None:
        from cluster.sources.spool import SpooledSource

        return SpooledSource(source.name, pieces(source))
    from cluster.sources.kept import KeptRows

    kept = KeptRows(folder)
    found = None if digest is None else kept.source(source.name, digest)
    return found or kept.write(source.name, pieces(source))


def pieces(source: IterableSource) -> Iterator[Part]:
    """The rows in pieces that are worth a fragment each: 16,384 rows, or fewer where those are large.

    Raises:
        UsageError: A column changes its type.
    """
    schema: pa.Schema | None = None
    waiting: list[Part] = []
    for part in source.parts():
        schema = schema or part.table.schema.remove_metadata()
        for table in _slices(_as_schema(part.table, schema)):
            if waiting and not _fits(waiting, table):
                yield _joined(waiting)
                waiting = []
            waiting.append(replace(part, table=table))
    if waiting:
        yield _joined(waiting)


def _slices(table: pa.Table) -> Iterator[pa.Table]:
    rows = max(1, min(_PIECE_ROWS, _PIECE_BYTES * table.num_rows // max(1, table.nbytes)))
    for start in range(0, table.num_rows, rows):
        yield table.slice(start, rows)


def _fits(waiting: list[Part], table: pa.Table) -> bool:
    rows = table.num_rows + sum(part.table.num_rows for part in waiting)
    size_bytes: int = table.nbytes + sum(part.table.nbytes for part in waiting)
    return bool(rows <= _PIECE_ROWS and size_bytes <= _PIECE_BYTES)


def _joined(parts: list[Part]) -> Part:
    import pyarrow as pa

    from tensor import marks

    table = pa.concat_tables([part.table for part in parts]).combine_chunks()
    return Part(table=table, mark=marks.combine(part.mark for part in parts))


def _as_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table, with the types of the first one where no value is lost."""
    import pyarrow as pa

    table = table.replace_schema_metadata(None)
    if set(table.column_names) != set(schema.names):
        raise UsageError(
            f"the iterable's rows had the columns {', '.join(schema.names)}, and now have "
            f"{', '.join(table.column_names)}"
        )
    table = table.select(schema.names)
    if table.schema == schema:
        return table
    try:
        return table.cast(schema)
    except (pa.ArrowException, NotImplementedError) as error:
        changed = [
            f"{before.name!r} was {before.type} and is now {now.type}"
            for before, now in zip(schema, table.schema, strict=True)
            if before.type != now.type
        ]
        raise UsageError(f"the iterable's columns change their types: {'; '.join(changed)} ({error})") from error
