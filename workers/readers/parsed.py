"""What parsers of text make of it, as columns: the types that were settled, and the rows that were counted.

Importing this module imports pyarrow.
"""

from __future__ import annotations

import pyarrow as pa

from workers.arrow import to_columns
from workers.columns import Columns
from workers.errors import ColumnsError


def parsed_columns(table: pa.Table) -> Columns:
    """The columns of a table that was parsed.

    Raises:
        ColumnsError: A whole number is missing, or a type is not carried.
    """
    for index, field in enumerate(table.schema):
        column = table.column(index)
        if column.null_count and (pa.types.is_integer(field.type) or pa.types.is_boolean(field.type)):
            raise ColumnsError(
                f"column {field.name!r} ({field.type}) lacks {column.null_count} of {len(column)} values; read it as "
                f'numbers with NaN, types={{"{field.name}": "float64"}}, or as text'
            )
    return to_columns(table)
