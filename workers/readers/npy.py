""".npy files: mapped where they are files of this machine, read in parts where they are not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from workers import storage
from workers.columns import Columns, as_columns
from workers.errors import SourceError
from workers.ragged import Array
from workers.readers.files import opened
from workers.shards import NpyFragment


@dataclass(frozen=True, kw_only=True)
class NpyHeader:
    """What a .npy file says of its array.

    Attributes:
        shape: Rows first.
        dtype: Of the values.
        column_major: Whether rows are not one after another in the file.
        offset: Where the values start, in bytes from where the header did.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    column_major: bool
    offset: int

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return self.dtype.itemsize * math.prod(self.shape[1:])


def read_npy(fragment: NpyFragment, start: int, stop: int) -> Columns:
    """Rows `start` to `stop`."""
    with opened(fragment) as file:
        header = npy_header(file, fragment.path)
        if storage.is_url(fragment.path):
            rows = _fetched(file, header, start, stop)
        else:
            rows = mapped_rows(file, header, 0)[start:stop]
    return as_columns({fragment.column: rows})


def npy_header(file: BinaryIO, name: str) -> NpyHeader:
    """Read the header of a .npy file, or of a member of a .npz file.

    Args:
        file: Open where the header starts; then it is where the values do.
        name: What to call it in an error.

    Raises:
        SourceError: It is no .npy file, or holds pickled objects or records.
    """
    start = file.tell()
    try:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, column_major, dtype = read_header(file)
    except ValueError as error:
        raise SourceError(f"{name} is not a .npy file that NumPy can read: {error}") from error
    if dtype.hasobject:
        raise SourceError(
            f"{name} holds pickled Python objects, which shoal never unpickles; "
            "save strings as a fixed-width array (np.save of dtype 'U' or 'S') or as Parquet"
        )
    if dtype.names or not shape:
        what = "records" if dtype.names else "a single value"
        raise SourceError(f"{name} holds {what}; expected an array whose axis 0 are the rows")
    return NpyHeader(shape=shape, dtype=dtype, column_major=column_major, offset=file.tell() - start)


def mapped_rows(file: BinaryIO, header: NpyHeader, start_byte: int) -> Array:
    """Map an array, read-only.

    Args:
        file: A file of this machine.
        header: What it says of the array.
        start_byte: Where in the file the header starts.
    """
    if 0 in header.shape:
        return np.empty(header.shape, header.dtype)  # nothing to map
    order: Literal["C", "F"] = "F" if header.column_major else "C"
    mapped: Array = np.memmap(file, header.dtype, "r", start_byte + header.offset, header.shape, order)
    return mapped.view(np.ndarray)


def shaped_rows(data: bytes, header: NpyHeader, rows: int) -> npt.NDArray[np.generic]:
    """The array of so many rows that follow each other in `data`.

    Raises:
        SourceError: There are too few bytes.
    """
    if len(data) != rows * header.row_bytes:
        raise SourceError(f"{rows} rows of {header.row_bytes} bytes were to be read, and there are {len(data)} bytes")
    return np.frombuffer(data, header.dtype).reshape(rows, *header.shape[1:])


def _fetched(file: BinaryIO, header: NpyHeader, start: int, stop: int) -> Array:
    if header.column_major:
        data = file.read(math.prod(header.shape) * header.dtype.itemsize)
        return np.frombuffer(data, header.dtype).reshape(header.shape, order="F")[start:stop]
    if 0 in header.shape:
        return np.empty((stop - start, *header.shape[1:]), header.dtype)
    file.seek(header.offset + start * header.row_bytes)
    return shaped_rows(file.read((stop - start) * header.row_bytes), header, stop - start)
