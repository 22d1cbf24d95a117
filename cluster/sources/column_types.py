"""The types of columns of files that do not say them: settled once, before the run.

Which part of a file a worker reads, then, cannot change what a column is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from cluster.errors import UsageError
from workers.errors import ColumnsError
from workers.formats import ColumnTypes

if TYPE_CHECKING:
    import pyarrow as pa


def checked_types(types: Mapping[str, str] | None) -> dict[str, str]:
    """The types that a user named.

    Raises:
        UsageError: A name that is no type of Arrow.
    """
    from workers.readers.types import type_of, word_of

    checked = {}
    for name, word in (types or {}).items():
        try:
            checked[name] = word_of(type_of(word))
        except (ValueError, TypeError):
            raise UsageError(
                f"types: {name!r} is to have the type {word!r}, which there is not; expected a type of Arrow, such as "
                "'int64', 'float32', 'bool', 'string', 'timestamp[ms]' or 'list<int64>'"
            ) from None
    return checked


def settled(
    table: pa.Table, types: Mapping[str, pa.DataType], named: Collection[str], wanted: Collection[str], place: str
) -> tuple[pa.Schema, tuple[str, ...]]:
    """The types of the first records' columns, and which of them are floats for whole numbers, some missing.

    Args:
        table: The records.
        types: What their columns are to be, in the order of the columns.
        named: Which of these the user has chosen; they stay.
        wanted: Which are read.
        place: The file.

    Raises:
        ColumnsError: Booleans or lists are missing, or whole numbers that would lose digits as floats.
    """
    import pyarrow as pa

    from workers.arrow import check_schema, fit_nulls

    kept = table.select([name for name in table.column_names if name in wanted and table[name].type == types[name]])
    try:
        check_schema(kept.schema)
        fitted = fit_nulls(kept, fixed=named).schema
    except ColumnsError as error:
        raise ColumnsError(f"{place}: {error}; columns=[…] chooses which to read, types={{…}} as what") from error
    floats = tuple(name for name in fitted.names if fitted.field(name).type != types[name])
    return pa.schema([(name, pa.float64() if name in floats else kind) for name, kind in types.items()]), floats


def column_types(schema: pa.Schema, place: str) -> ColumnTypes:
    """A schema as the words that plans hold.

    Raises:
        ColumnsError: A type that shoal does not carry.
    """
    from workers.arrow import check_schema
    from workers.readers.types import word_of

    try:
        check_schema(schema)
    except ColumnsError as error:
        raise ColumnsError(f"{place}: {error}; columns=[…] chooses which to read") from error
    return tuple((field.name, word_of(field.type)) for field in schema)
