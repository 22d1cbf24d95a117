""".npy files: one for each column and shard, two for a Ragged column."""

from __future__ import annotations

import json
import os
import shutil
import string
from collections.abc import Mapping
from tempfile import TemporaryFile
from typing import IO, BinaryIO

import numpy as np
from numpy.lib import format as npy_format

from workers.columns import Columns
from workers.errors import ColumnsError
from workers.ragged import Array, Column, Ragged
from workers.sinks.base import OpenFile, PartWriter

_PLAIN = frozenset(string.ascii_letters + string.digits + "_.-")
_MAX_NAME_BYTES = 160  # file names may have 255


class NpyPart(PartWriter):
    """Writes `NpySink`'s files, all of them together.

    Args:
        open_file: Opens the files.
    """

    def __init__(self, open_file: OpenFile) -> None:
        self._open_file = open_file
        self._columns: dict[str, _ColumnFile] = {}

    def write(self, rows: Columns) -> None:
        """Append rows to the file of each column."""
        if not self._columns:
            _check_columns(rows)
            self._columns = {name: _ColumnFile(name, column, self._open_file) for name, column in rows.items()}
        for name, column in rows.items():
            self._columns[name].write(column)

    def close(self) -> None:
        """Write the headers, which say how many rows there are."""
        for column in self._columns.values():
            column.close()

    def abandon(self) -> None:
        """Remove what waits in temporary files."""
        for column in self._columns.values():
            column.abandon()


class _ColumnFile:
    """The file of a column; the two files of a Ragged one."""

    def __init__(self, name: str, column: Column, open_file: OpenFile) -> None:
        self._values = _ArrayFile(open_file(_suffix(name)), _values(column))
        self._elements = 0
        self._offsets: _ArrayFile | None = None
        if isinstance(column, Ragged):
            self._offsets = _ArrayFile(open_file(_offsets_suffix(name)), column.offsets)
            self._offsets.write(np.zeros(1, np.int64))

    def write(self, column: Column) -> None:
        self._values.write(_values(column))
        if isinstance(column, Ragged) and self._offsets is not None:
            self._offsets.write(column.offsets[1:] + self._elements)
            self._elements += int(column.offsets[-1])

    def close(self) -> None:
        for file in self._files():
            file.close()

    def abandon(self) -> None:
        for file in self._files():
            file.abandon()

    def _files(self) -> list[_ArrayFile]:
        return [self._values] if self._offsets is None else [self._values, self._offsets]


class _ArrayFile:
    """An array that grows along axis 0. Its header is as long as any array's of the type, and is written last.

    Where the file cannot be written out of order, as on an object store, the array waits in a temporary file.
    """

    def __init__(self, file: BinaryIO, like: Array) -> None:
        self._file = file
        self._dtype, self._row_shape = like.dtype, like.shape[1:]
        self._rows = 0
        self._body: IO[bytes] | None = None

    def write(self, array: Array) -> None:
        if self._body is None:
            self._body = self._file if self._file.seekable() else TemporaryFile()  # noqa: SIM115  (see abandon)
            self._write_header(self._body)
        self._body.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        self._rows += len(array)

    def close(self) -> None:
        assert self._body is not None, "the first group is written, also without rows"
        self._body.seek(0)
        self._write_header(self._body)
        self._body.seek(0, os.SEEK_END)
        if self._body is not self._file:
            self._body.seek(0)
            shutil.copyfileobj(self._body, self._file, 1 << 20)
            self._body.close()

    def abandon(self) -> None:
        if self._body is not None and self._body is not self._file:
            self._body.close()

    def _write_header(self, body: IO[bytes]) -> None:
        header = {"descr": self._dtype.str, "fortran_order": False, "shape": (self._rows, *self._row_shape)}
        npy_format.write_array_header_1_0(body, header)


def read_npy(files: Mapping[str, BinaryIO], schema: str) -> Columns:
    """Read the files of one shard.

    Args:
        files: By suffix.
        schema: JSON of the names and types of the columns.

    Raises:
        OSError: A file is missing, cannot be read, or is no .npy file.
    """
    return {name: _read_column(name, kind, files) for name, kind in json.loads(schema).items()}


def _read_column(name: str, kind: str, files: Mapping[str, BinaryIO]) -> Column:
    values = _read_array(_suffix(name), files)
    return Ragged(values, _read_array(_offsets_suffix(name), files)) if kind.startswith("ragged<") else values


def _read_array(suffix: str, files: Mapping[str, BinaryIO]) -> Array:
    if suffix not in files:
        raise OSError(f"there is no file {suffix} among {', '.join(sorted(files)) or 'none'}")
    try:
        array: Array = npy_format.read_array(files[suffix], allow_pickle=False)
    except ValueError as error:
        raise OSError(f"{suffix} is no .npy file: {error}") from error
    return array


def _check_columns(rows: Columns) -> None:
    suffixes: dict[str, str] = {}
    for name, column in rows.items():
        if _values(column).dtype == object:
            raise ColumnsError(
                f"column {name!r} holds strings, bytes or None, and .npy files hold numbers and times only; "
                "use ParquetSink or JsonlSink, or leave the column out"
            )
        if len(_suffix(name)) > _MAX_NAME_BYTES:
            raise ColumnsError(f"column {name!r} has too long a name for a file; rename it, or use ParquetSink")
        for suffix in (_suffix(name), _offsets_suffix(name))[: 1 + isinstance(column, Ragged)]:
            if suffix in suffixes:
                raise ColumnsError(f"columns {suffixes[suffix]!r} and {name!r} would both be in {suffix}; rename one")
            suffixes[suffix] = name


def _values(column: Column) -> Array:
    return np.asarray(column.values if isinstance(column, Ragged) else column)


def _suffix(name: str) -> str:
    return f".{_plain(name)}.npy"


def _offsets_suffix(name: str) -> str:
    return f".{_plain(name)}.offsets.npy"


def _plain(name: str) -> str:
    """The name with only characters that file systems and object stores leave as they are; others as =XX, of UTF-8."""
    return "".join(
        char if char in _PLAIN else "".join(f"={byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))
        for char in name
    )
