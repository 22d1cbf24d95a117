"""JSON lines as a source."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cluster.errors import UsageError
from cluster.sources.base import FileSource
from cluster.sources.choice import checked_choice
from cluster.sources.column_types import checked_types, column_types, settled
from cluster.sources.files import find_files
from cluster.sources.records import scan_all
from workers.errors import SourceError
from workers.formats import JsonlFormat
from workers.readers.records import split_jsonl

if TYPE_CHECKING:
    import pyarrow as pa


class JsonlSource(FileSource):
    """JSON objects, one a line; their keys are the columns. Blank lines are skipped.

    Columns have the types that the first lines (a mebibyte) show: whole numbers, floats, booleans, strings and lists of
    these. A key that an object lacks is None in a column of strings, NaN in one of floats; whole numbers of which the
    first lines lack some are floats.

    Args:
        path: A file, a folder (with all .jsonl and .ndjson files in it and its folders), or a pattern such as
            "data/*.jsonl.gz"; in the order of their names. Local or a URL. Compressed by extension: .gz, .bz2, .zst,
            .lz4.
        columns: Keys to read; None means those of the first lines, and then others are an error.
        types: Arrow types by column, such as {"score": "float64"}, in place of what the first lines show.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceError: A file cannot be read, or does not start with JSON objects.
        UsageError: A type that there is not, a column that the first lines do not show.
        ColumnsError: A column has a type that shoal does not carry, such as an object.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        columns: Sequence[str] | None = None,
        *,
        types: Mapping[str, str] | None = None,
    ) -> None:
        wanted, named = checked_choice(columns), checked_types(types)
        found = find_files(path, (".jsonl", ".ndjson"))
        scans = scan_all(found.files, split_jsonl)
        place, sample = next(((scanned.file.place, scanned.sample) for scanned in scans if scanned.sample), ("", b""))
        schema, floats = _schema(sample, place, named, wanted)
        if wanted is not None and sample:
            missing = [name for name in wanted if name not in schema.names]
            if missing:
                raise UsageError(
                    f"the first lines of {place} have no key {', '.join(map(repr, missing))}; they have "
                    f"{', '.join(schema.names)}. types={{…}} names the type of a column that comes later"
                )
            schema = schema.empty_table().select(wanted).schema
        form = JsonlFormat(columns=column_types(schema, place), others=wanted is not None, floats=floats)
        super().__init__(
            [listed for scanned in scans for listed in scanned.fragments(form)],
            {
                "kind": "jsonl",
                "columns": None if wanted is None else list(wanted),
                "types": dict(form.columns),
                "floats": list(floats),
                "files": found.identity(),
            },
        )


def _schema(
    sample: bytes, place: str, named: Mapping[str, str], wanted: Sequence[str] | None
) -> tuple[pa.Schema, tuple[str, ...]]:
    """The types of the first lines, with those that the user named; and which are floats for whole numbers."""
    import pyarrow as pa
    import pyarrow.json as pj

    from workers.readers.types import type_of

    fields = {name: type_of(word) for name, word in named.items()}
    if not sample:
        return pa.schema(list(fields.items())), ()
    try:
        table = pj.read_json(
            pa.BufferReader(sample),
            pj.ReadOptions(use_threads=False, block_size=len(sample) + 1),
            pj.ParseOptions(explicit_schema=pa.schema(list(fields.items())), unexpected_field_behavior="infer"),
        )
    except pa.ArrowException as error:
        raise SourceError(f"{place} does not start with lines that are JSON objects: {error}") from error
    types = {field.name: _text_where_unsure(field.type) for field in table.schema} | fields
    return settled(table, types, fields, types if wanted is None else wanted, place)


def _text_where_unsure(kind: pa.DataType) -> pa.DataType:
    """Strings, of what JSON writes as strings, and of what was None so far."""
    import pyarrow as pa

    return pa.string() if pa.types.is_timestamp(kind) or pa.types.is_null(kind) else kind
