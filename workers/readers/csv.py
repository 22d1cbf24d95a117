"""Records of CSV files.

Importing this module imports pyarrow.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.csv as pc

from workers.columns import Columns
from workers.formats import CsvFormat
from workers.readers.parsed import parsed_columns
from workers.readers.types import type_of


def parse_csv(data: bytes, form: CsvFormat) -> Columns:
    """The columns of whole records, without the header.

    Raises:
        ValueError: pyarrow's, over values that have not the type of their column, or too few or many of them.
    """
    table = pc.read_csv(
        pa.BufferReader(data),
        pc.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=list(form.names)),
        csv_syntax(form.delimiter, form.quote_char),
        pc.ConvertOptions(
            column_types={name: type_of(kind) for name, kind in form.columns},
            include_columns=[name for name, _ in form.columns],
        ),
    )
    return parsed_columns(table)


def csv_syntax(delimiter: str, quote_char: str) -> pc.ParseOptions:
    """How pyarrow is to take a CSV file apart."""
    return pc.ParseOptions(delimiter=delimiter, quote_char=quote_char or False, newlines_in_values=True)
