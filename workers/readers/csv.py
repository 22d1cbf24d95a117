"""Records of CSV files.

Importing this module imports pyarrow.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.csv as pc

from workers.columns import Columns
from workers.formats import CsvFormat
from workers.readers.parsed import parsed_columns
from workers.readers.row_error import RowError
from workers.readers.types import type_of

_ROW = re.compile(r"(?:In CSV column #(?P<column>\d+): |CSV parse error: )Row #(?P<row>\d+): (?P<said>.*)", re.DOTALL)


def parse_csv(data: bytes, form: CsvFormat) -> Columns:
    """The columns of whole records, without the header.

    Raises:
        RowError: Values that have not the type of their column, or too few or many of them.
        ValueError: pyarrow's, over anything else.
    """
    try:
        table = pc.read_csv(
            pa.BufferReader(data),
            pc.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=list(form.names)),
            csv_syntax(form.delimiter, form.quote_char),
            pc.ConvertOptions(
                column_types={name: type_of(kind) for name, kind in form.columns},
                include_columns=[name for name, _ in form.columns],
            ),
        )
    except pa.ArrowInvalid as error:
        match = _ROW.fullmatch(str(error))
        if match is None:
            raise
        raise RowError(int(match["row"]) - 1, _explained(match, form)) from None
    return parsed_columns(table, form.floats)


def _explained(match: re.Match[str], form: CsvFormat) -> str:
    """What pyarrow says of a row, with the column's name, and what to do."""
    said = match["said"][:300]
    if match["column"] is None:  # too few or too many values
        return said
    name = form.names[int(match["column"])]
    if "invalid UTF8" in said:
        return f"column {name!r} is not UTF-8; {not_utf8_advice(name)}"
    return (
        f"column {name!r}: {said}. Its type was taken from the start of the first file, or given; "
        f'types={{"{name}": "float64"}} or "string" names another'
    )


def not_utf8_advice(column: str) -> str:
    """What to do about text that is not UTF-8."""
    return (
        "convert the file, for example with iconv -f latin1 -t utf-8, or read the column as bytes, "
        f'types={{"{column}": "binary"}}'
    )


def csv_syntax(delimiter: str, quote_char: str) -> pc.ParseOptions:
    """How pyarrow is to take a CSV file apart."""
    return pc.ParseOptions(delimiter=delimiter, quote_char=quote_char or False, newlines_in_values=True)
