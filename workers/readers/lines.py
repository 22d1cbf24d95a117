"""Fragments of records: ranges of bytes, and compressed files, which are read from their start on."""

from __future__ import annotations

import io
from contextlib import ExitStack
from typing import BinaryIO

from workers.columns import Columns, row_count
from workers.errors import ColumnsError, SourceError
from workers.formats import CsvFormat, JsonlFormat, RecordFormat, TextFormat
from workers.readers.files import opened
from workers.readers.records import RecordStream, splitter_of
from workers.readers.row_error import RowError
from workers.shards import RecordsFragment

_SKIP_BYTES = 1 << 20


def read_records(fragment: RecordsFragment, start: int, stop: int) -> Columns:
    """Rows `start` to `stop` of a range of bytes."""
    with opened(fragment) as file:
        file.seek(fragment.start_byte)
        data = file.read(fragment.stop_byte - fragment.start_byte)
    return _taken(fragment, RecordStream(io.BytesIO(data), splitter_of(fragment.format)), start, stop)


class CompressedRecords:
    """The records of a compressed file, forward only; open until closed.

    Args:
        fragment: All of the file.
    """

    def __init__(self, fragment: RecordsFragment) -> None:
        self._fragment = fragment
        with ExitStack() as stack:
            file = stack.enter_context(decompressed(stack.enter_context(opened(fragment)), fragment.compression))
            left = fragment.start_byte
            while left > 0 and (skipped := file.read(min(left, _SKIP_BYTES))):
                left -= len(skipped)
            self._stream = RecordStream(file, splitter_of(fragment.format))
            self._open = stack.pop_all()

    @property
    def row(self) -> int:
        """The first row that can be read yet."""
        return self._stream.row

    def read(self, start: int, stop: int) -> Columns:
        """Rows `start` to `stop`; `start` is `row`, or later."""
        return _taken(self._fragment, self._stream, start, stop)

    def close(self) -> None:
        """Let go of the file."""
        self._open.close()


def decompressed(file: BinaryIO, compression: str | None) -> BinaryIO:
    """The bytes of a file without its compression, to be closed before the file."""
    if compression is None:
        return file
    import pyarrow as pa

    stream: BinaryIO = pa.CompressedInputStream(pa.PythonFile(file, "r"), compression)
    return stream


def _taken(fragment: RecordsFragment, stream: RecordStream, start: int, stop: int) -> Columns:
    stream.skip(start - stream.row)
    data = stream.take(stop - start)
    first_row = fragment.first_row + start
    in_bytes = f", in bytes {fragment.start_byte} to {fragment.stop_byte}" if fragment.compression is None else ""
    where = f"{fragment.path}: rows {first_row} to {fragment.first_row + stop - 1}{in_bytes}"
    try:
        rows = _parsed(data, fragment.format)
    except ColumnsError as error:
        raise ColumnsError(f"{where}: {error}") from error
    except SourceError as error:
        raise SourceError(f"{where}: {error}") from error
    except RowError as error:
        raise SourceError(
            f"{fragment.path}: row {first_row + error.row} (the first is row 0){in_bytes}, cannot be read: {error}"
        ) from error
    except ValueError as error:
        raise SourceError(f"{where}, cannot be read: {error}{_advice(fragment.format)}") from error
    if row_count(rows) != stop - start:
        raise SourceError(
            f"{where}, are {stop - start} lines that hold {row_count(rows)} rows: a row must end with its line"
        )
    return rows


def _parsed(data: bytes, form: RecordFormat) -> Columns:
    match form:
        case TextFormat():
            from workers.readers.text import parse_text

            return parse_text(data, form)
        case JsonlFormat():
            from workers.readers.jsonl import parse_jsonl

            return parse_jsonl(data, form)
        case CsvFormat():
            from workers.readers.csv import parse_csv

            return parse_csv(data, form)


def _advice(form: RecordFormat) -> str:
    if isinstance(form, TextFormat):
        return ""
    kinds = ", ".join(f"{name}: {kind}" for name, kind in form.columns)
    return (
        f". The types of columns ({kinds}) were taken from the start of the first file; "
        'types={"column": "float64", …} names others'
    )
