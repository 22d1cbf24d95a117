"""JSON lines: one file for each shard, one object a row."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import IO, Any, BinaryIO

import pyarrow as pa

from workers.columns import Columns, concat_rows, row_count
from workers.errors import ColumnsError
from workers.schema import column_type
from workers.sinks.base import OpenFile, PartWriter
from workers.sinks.json_text import from_json, json_texts
from workers.sinks.options import JsonlSink

SUFFIXES = {None: ".jsonl", "gzip": ".jsonl.gz", "zstd": ".jsonl.zst"}

_LINES_AT_ONCE = 1024  # Python's numbers take ten times an array's memory


class JsonlPart(PartWriter):
    """Writes `JsonlSink`'s file.

    Args:
        sink: Compression.
        open_file: Opens the file.
    """

    def __init__(self, sink: JsonlSink, open_file: OpenFile) -> None:
        self._sink = sink
        self._open_file = open_file
        self._lines: Any = None

    def write(self, rows: Columns) -> None:
        """Append rows."""
        keys = [json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in rows]
        line = "{" + ", ".join(f"{key}: %s" for key in keys) + "}\n"
        try:
            texts = [json_texts(name, column) for name, column in rows.items()]
            lines = "".join([line % cells for cells in zip(*texts, strict=True)]).encode()
        except UnicodeEncodeError as error:
            raise ColumnsError(f"the rows hold text that is no Unicode: {error}") from error
        if self._lines is None:
            self._lines = _compressed(self._open_file(SUFFIXES[self._sink.compression]), self._sink.compression)
        if row_count(rows):
            self._lines.write(lines)

    def close(self) -> None:
        """Write what the compressor holds back."""
        if self._sink.compression is not None:
            self._lines.close()

    def abandon(self) -> None:
        """End the compressor, which would otherwise write to the file later."""
        if self._lines is not None and self._sink.compression is not None:
            with suppress(OSError, ValueError):
                self._lines.close()


def _compressed(file: BinaryIO, compression: str | None) -> Any:
    match compression:
        case "gzip":
            # Without a time and a name, which would differ between attempts.
            return gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0)
        case "zstd":
            return pa.CompressedOutputStream(_KeptOpen(file), "zstd")
    return file


class _KeptOpen(io.RawIOBase):
    """A file that stays open when Arrow closes it."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return self._file.write(data)


def read_jsonl(file: BinaryIO, suffix: str, schema: str) -> Columns:
    """Read a whole file.

    Args:
        file: The file.
        suffix: Of its name, which says how it is compressed.
        schema: JSON of the names and types of the columns.

    Raises:
        OSError: It cannot be read, or its lines are not such rows.
    """
    kinds = {name: column_type(word) for name, word in json.loads(schema).items()}
    parts: list[Columns] = []
    with _decompressed(file, suffix) as lines:
        while True:
            try:
                rows = [json.loads(line) for line in islice(lines, _LINES_AT_ONCE)]
                cells = {name: [row[name] for row in rows] for name in kinds}
            except (ValueError, KeyError, TypeError, EOFError, pa.ArrowException) as error:
                raise OSError(f"it holds a line that is no row of {', '.join(kinds)}: {error!r}") from error
            if not rows and parts:
                return concat_rows(parts)
            parts.append({name: from_json(name, values, kinds[name]) for name, values in cells.items()})


@contextmanager
def _decompressed(file: BinaryIO, suffix: str) -> Iterator[IO[bytes]]:
    if suffix == SUFFIXES["gzip"]:
        with gzip.GzipFile(fileobj=file) as lines:
            yield lines  # type: ignore[misc]
    elif suffix == SUFFIXES["zstd"]:
        with pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd") as stream, io.BufferedReader(stream) as lines:
            yield lines
    else:
        yield file
