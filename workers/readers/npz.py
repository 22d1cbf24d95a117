""".npz files: uncompressed members are read like .npy files, compressed ones forward only."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, Any, BinaryIO, cast

import numpy as np

from workers import storage
from workers.columns import Columns, as_columns
from workers.errors import SourceError
from workers.ragged import Array
from workers.readers.files import opened
from workers.readers.npy import NpyHeader, mapped_rows, npy_header, shaped_rows
from workers.shards import NpzFragment

_LOCAL_HEADER_BYTES = 30
_SKIP_BYTES = 1 << 20


class NpzRows:
    """The arrays of a .npz file side by side, forward only; open until closed.

    Args:
        fragment: Which arrays.
    """

    def __init__(self, fragment: NpzFragment) -> None:
        self.row = 0
        with ExitStack() as stack:
            file = stack.enter_context(opened(fragment))
            archive = stack.enter_context(npz_archive(file, fragment.path))
            local = None if storage.is_url(fragment.path) else file
            self._members = {name: _Member(archive, name, fragment.path, local, stack) for name in fragment.columns}
            self._open = stack.pop_all()

    def read(self, start: int, stop: int) -> Columns:
        """Rows `start` to `stop`; `start` is `row`, or later."""
        rows = {name: member.read(self.row, start, stop) for name, member in self._members.items()}
        self.row = stop
        return as_columns(rows)

    def close(self) -> None:
        """Let go of the file."""
        self._open.close()


@contextmanager
def npz_archive(file: IO[bytes], path: str) -> Iterator[zipfile.ZipFile]:
    """The members of an open .npz file.

    Raises:
        SourceError: It is none, or damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        raise SourceError(f"{path} is not a .npz file that NumPy can read: {error}") from error


def npz_names(archive: zipfile.ZipFile) -> Sequence[str]:
    """The names of the arrays."""
    return [name.removesuffix(".npy") for name in archive.namelist()]


def npz_header(archive: zipfile.ZipFile, name: str, path: str) -> NpyHeader:
    """What a member says of its array.

    Raises:
        SourceError: See `npy_header`.
    """
    with archive.open(f"{name}.npy") as member:
        return npy_header(cast(BinaryIO, member), f"the array {name!r} of {path}")


class _Member:
    """One array: mapped where it can be, else a stream of rows, or whole where rows do not follow each other."""

    def __init__(
        self, archive: zipfile.ZipFile, name: str, path: str, local: BinaryIO | None, stack: ExitStack
    ) -> None:
        self._whole: Array | None = None
        info = archive.getinfo(f"{name}.npy")
        if local is not None and info.compress_type == zipfile.ZIP_STORED:
            local.seek(_data_start(local, info))
            start_byte = local.tell()
            self._whole = mapped_rows(local, npy_header(local, f"the array {name!r} of {path}"), start_byte)
            return
        stream = stack.enter_context(archive.open(info))
        self._stream: Any = stream
        self._header = npy_header(cast(BinaryIO, stream), f"the array {name!r} of {path}")
        if self._header.column_major or 0 in self._header.shape:
            data = stream.read(math.prod(self._header.shape) * self._header.dtype.itemsize)
            self._whole = np.frombuffer(data, self._header.dtype).reshape(self._header.shape, order="F")

    def read(self, row: int, start: int, stop: int) -> Array:
        if self._whole is not None:
            return self._whole[start:stop]
        left = (start - row) * self._header.row_bytes
        while left > 0 and (skipped := self._stream.read(min(left, _SKIP_BYTES))):
            left -= len(skipped)
        data = self._stream.read((stop - start) * self._header.row_bytes)
        return shaped_rows(data, self._header, stop - start)


def _data_start(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where a member's own bytes start: after its local header, whose name and extra field may be others."""
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER_BYTES)
    name_bytes, extra_bytes = (int.from_bytes(header[start : start + 2], "little") for start in (26, 28))
    return info.header_offset + len(header) + name_bytes + extra_bytes
