"""CSV files as a source."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from cluster.errors import UsageError
from cluster.sources.base import FileSource
from cluster.sources.choice import chosen_columns
from cluster.sources.column_types import checked_types, column_types, settled
from cluster.sources.files import extension_of, find_files
from cluster.sources.records import Scan, scan_all
from workers.errors import SourceError
from workers.formats import CsvFormat
from workers.readers.records import split_csv

if TYPE_CHECKING:
    import pyarrow as pa


class CsvSource(FileSource):
    """Records of CSV files; empty lines are skipped. Values may hold delimiters and line ends inside quotes.

    Columns have the types that the first records (a mebibyte) show: whole numbers, floats, booleans, dates, times and
    strings. An empty value is "" in a column of strings, NaN in one of floats; whole numbers of which the first records
    lack some are floats. Files are UTF-8.

    Args:
        path: A file, a folder (with all .csv files in it and its folders, or .tsv), or a pattern such as "data/*.csv";
            in the order of their names. Local or a URL. Compressed by extension: .gz, .bz2, .zst, .lz4.
        columns: Names of the columns to read; None means all.
        column_names: The names of all columns, for files without a header; else the first record has them.
        types: Arrow types by column, such as {"zip": "string"}, in place of what the first records show.
        delimiter: Between values, one character; by default a tab for .tsv files, else a comma.
        quote_char: Around values that hold delimiters or line ends; None where quotes mean nothing.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceError: A file cannot be read, or its first records are no CSV, or not UTF-8.
        UsageError: A file is empty, has other columns than the first, or lacks one; a type that there is not.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        columns: Sequence[str] | None = None,
        *,
        column_names: Sequence[str] | None = None,
        types: Mapping[str, str] | None = None,
        delimiter: str | None = None,
        quote_char: str | None = '"',
    ) -> None:
        named = checked_types(types)
        found = find_files(path, (".csv", ".tsv"))
        if delimiter is None:
            delimiter = _delimiter([extension_of(file.place) for file in found.files])
        syntax = CsvFormat(names=(), columns=(), delimiter=delimiter, quote_char=quote_char or "")
        _check_syntax(syntax)
        split = partial(split_csv, delimiter=syntax.delimiter, quote_char=syntax.quote_char)
        scans = scan_all(found.files, split, has_header=column_names is None)
        names = [_names(scanned, syntax, column_names) for scanned in scans]
        for scanned, its in zip(scans, names, strict=True):
            _check_same(scans[0].file.place, names[0], scanned.file.place, its)
        first = scans[0].file.place
        wanted = chosen_columns(columns, names[0], first)
        if unknown := [name for name in named if name not in names[0]]:
            raise UsageError(
                f"types names {', '.join(map(repr, unknown))}, and the columns of {first} are {', '.join(names[0])}"
            )
        sampled = next((index for index, scanned in enumerate(scans) if scanned.sample), 0)
        schema, floats = _schema(scans[sampled], replace(syntax, names=names[sampled]), named, wanted)
        kinds = column_types(schema.empty_table().select(wanted).schema, scans[sampled].file.place)
        super().__init__(
            [
                listed
                for scanned, its in zip(scans, names, strict=True)
                for listed in scanned.fragments(replace(syntax, names=its, columns=kinds, floats=floats))
            ],
            {
                "kind": "csv",
                "names": list(names[0]),
                "types": dict(kinds),
                "floats": list(floats),
                "delimiter": syntax.delimiter,
                "quote_char": syntax.quote_char,
                "files": found.identity(),
            },
        )


def _delimiter(extensions: Sequence[str]) -> str:
    if len({extension == ".tsv" for extension in extensions}) > 1:
        raise UsageError("there are .csv and .tsv files; name what stands between values with delimiter=")
    return "\t" if extensions[0] == ".tsv" else ","


def _check_syntax(syntax: CsvFormat) -> None:
    for what, character in (("delimiter", syntax.delimiter), ("quote_char", syntax.quote_char or '"')):
        if len(character) != 1 or not character.isascii() or character in "\r\n":
            raise UsageError(f"{what} must be one ASCII character, got {character!r}")
    if syntax.delimiter == syntax.quote_char:
        raise UsageError(f"delimiter and quote_char are both {syntax.delimiter!r}")


def _names(scanned: Scan, syntax: CsvFormat, column_names: Sequence[str] | None) -> tuple[str, ...]:
    if column_names is not None:
        names = tuple(column_names)
    else:
        names = tuple(_parsed(scanned.header, scanned, syntax).column_names)
    if len(set(names)) < len(names):
        raise UsageError(
            f"{scanned.file.place} has several columns of one name: {', '.join(names)}; name them with column_names=[…]"
            if column_names is None
            else f"column_names has a name twice: {', '.join(names)}"
        )
    return names


def _check_header(header: bytes, place: str) -> None:
    try:
        header.decode()
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{place} is not UTF-8: its first line, {header[:80]!r}, byte {error.start}; convert it, for example with "
            "iconv -f latin1 -t utf-8"
        ) from None


def _check_same(first_path: str, first: tuple[str, ...], path: str, names: tuple[str, ...]) -> None:
    if set(names) != set(first):
        raise UsageError(
            f"{first_path} and {path} do not hold the same columns: {', '.join(first)} in the first, "
            f"{', '.join(names)} in the second"
        )


def _schema(
    scanned: Scan, syntax: CsvFormat, named: Mapping[str, str], wanted: Sequence[str]
) -> tuple[pa.Schema, tuple[str, ...]]:
    """The types of the first records, with those that the user named; and which are floats for whole numbers."""
    import pyarrow as pa

    from workers.readers.types import type_of

    fields = {name: type_of(word) for name, word in named.items()}
    if not scanned.sample:
        return pa.schema([(name, fields.get(name, pa.string())) for name in syntax.names]), ()
    table = _parsed(scanned.sample, scanned, syntax, fields)
    for name in wanted:
        if name not in fields and pa.types.is_binary(table[name].type):  # what pyarrow makes of such text
            raise SourceError(_not_utf8(scanned.file.place, name, table[name]))
    types = {field.name: _carried(field.type) for field in table.schema} | fields
    return settled(table, types, fields, wanted, scanned.file.place)


def _not_utf8(place: str, name: str, values: pa.ChunkedArray) -> str:
    """What to say of a column of bytes."""
    from workers.readers.csv import not_utf8_advice

    for row, value in enumerate(values.to_pylist()):
        try:
            value.decode()
        except UnicodeDecodeError as error:
            near = value[max(0, error.start - 20) : error.start + 20]
            return (
                f"{place}: column {name!r} is not UTF-8 in row {row} (the first is row 0): {near!r}, byte "
                f"{error.start} of the value; {not_utf8_advice(name)}"
            )
    raise AssertionError("pyarrow took text for bytes")


def _parsed(data: bytes, scanned: Scan, syntax: CsvFormat, types: Mapping[str, pa.DataType] | None = None) -> pa.Table:
    """Records as a table of pyarrow's choice of types; without names of columns, the first one has them."""
    import pyarrow as pa
    import pyarrow.csv as pc

    from workers.readers.csv import csv_syntax

    if not data:
        raise UsageError(f"{scanned.file.place} is empty; expected a first line with the names of the columns")
    if not syntax.names:
        _check_header(data, scanned.file.place)
    try:
        return pc.read_csv(
            pa.BufferReader(data),
            pc.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=list(syntax.names)),
            csv_syntax(syntax.delimiter, syntax.quote_char),
            pc.ConvertOptions(column_types=dict(types or {})),
        )
    except pa.ArrowException as error:
        raise SourceError(f"{scanned.file.place} does not start with CSV records: {error}") from error


def _carried(kind: pa.DataType) -> pa.DataType:
    """Strings in place of what NumPy has no type for, and of what was empty so far."""
    import pyarrow as pa

    return pa.string() if pa.types.is_time(kind) or pa.types.is_null(kind) else kind
