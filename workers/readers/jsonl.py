"""JSON lines.

Importing this module imports pyarrow.
"""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.json as pj

from workers.columns import Columns
from workers.formats import JsonlFormat
from workers.readers.parsed import parsed_columns
from workers.readers.types import type_of


def parse_jsonl(data: bytes, form: JsonlFormat) -> Columns:
    """The columns of whole lines.

    Raises:
        ValueError: pyarrow's, over what is not JSON, values that have not the type of their column, and unknown keys.
    """
    schema = pa.schema([(name, type_of(kind)) for name, kind in form.columns])
    try:
        table = pj.read_json(
            pa.BufferReader(data),
            pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
            pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore" if form.others else "error"),
        )
    except pa.ArrowInvalid as error:
        if "unexpected field" not in str(error):
            raise
        raise ValueError(f"{_unknown_keys(data, schema.names)}; columns=[…] chooses what to read") from None
    return parsed_columns(table.select(schema.names), form.floats)


def _unknown_keys(data: bytes, names: list[str]) -> str:
    """What pyarrow does not say."""
    for line in data.splitlines():
        if line.strip() and (unknown := [key for key in json.loads(line) if key not in names]):
            return f"a line has the key {', '.join(map(repr, unknown))}, which the first lines had not: {line[:80]!r}"
    return "an object has an unknown key"
