"""What parsers of text make of it, as columns: the types that were settled, and the rows that were counted.

Importing this module imports pyarrow.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from workers.arrow import to_columns
from workers.columns import Columns
from workers.errors import ColumnsError

_INEXACT = 2**53  # from here on, whole numbers may have been rounded as float64


def parsed_columns(table: pa.Table, floats: Collection[str]) -> Columns:
    """The columns of a table that was parsed.

    Args:
        table: It.
        floats: Columns of float64 that may have been whole numbers.

    Raises:
        ColumnsError: A whole number is missing, or may have lost digits; or a type is not carried.
    """
    for index, field in enumerate(table.schema):
        column = table.column(index)
        if column.null_count and (pa.types.is_integer(field.type) or pa.types.is_boolean(field.type)):
            raise ColumnsError(
                f"column {field.name!r} ({field.type}) lacks {column.null_count} of {len(column)} values; read it as "
                f'numbers with NaN, types={{"{field.name}": "float64"}}, or as text'
            )
    columns = to_columns(table)
    for name in floats:
        values = np.asarray(columns[name])
        if (large := (np.abs(values) >= _INEXACT) & np.isfinite(values)).any():
            raise ColumnsError(
                f"column {name!r} is float64, since the first records miss some of its whole numbers, and "
                f"{values[large][0]:.0f} may have lost digits as such; fill what is missing, or take it as it is, "
                f'types={{"{name}": "float64"}}, or as text'
            )
    return columns
