"""The safetensors format on disk: its header, checked before anything is believed, and its atomic writer.

    8 bytes    size of the header, little-endian
    header     JSON: name -> {dtype, shape, data_offsets}, and "__metadata__": text -> text
    data       the bytes of the tensors, without gaps

https://huggingface.co/docs/safetensors. The library of that name copies every tensor into memory and starts the data
at a multiple of 8; here files are mapped, and ours start their data at a multiple of 64. A test swaps files with it.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np

from tensor.dtypes import Array, bfloat16
from tensor.errors import TensorError
from tensor.other_formats import what_else

_DATA_ALIGNMENT_BYTES = 64
_MAX_HEADER_BYTES = 100_000_000  # the format's own limit
_MAX_DIMENSIONS = 64  # NumPy's limit
_METADATA = "__metadata__"

_DTYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "F16": np.dtype("<f2"),
    "BF16": bfloat16.numpy_dtype,
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "F32": np.dtype("<f4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F64": np.dtype("<f8"),
}
CODES = {dtype: code for code, dtype in _DTYPES.items()}
"""The format's names of dtypes."""


class WeightsFileError(TensorError, ValueError):
    """A file is not safetensors, is damaged, or holds what tensors cannot."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One tensor of a file.

    Args:
        name: its name.
        dtype: its NumPy dtype.
        shape: its shape.
        offset_bytes: where its bytes start, from the start of the file. A mapping starts on a page, so the memory is
            aligned to n bytes exactly when this is a multiple of n.
        size_bytes: how many bytes it has.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset_bytes: int
    size_bytes: int

    def is_aligned(self, alignment_bytes: int | None = None) -> bool:
        """Tell whether a mapping of the file holds this tensor aligned; by default, to its own item size."""
        return self.offset_bytes % (alignment_bytes or self.dtype.itemsize) == 0


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file says about itself, checked against its size.

    Args:
        entries: the tensors, by name, in the order of the file's header.
        metadata: free text that travels with them.
        size_bytes: the size of the whole file.
    """

    entries: Mapping[str, Entry]
    metadata: Mapping[str, str]
    size_bytes: int


def read_header(path: str | os.PathLike[str]) -> Header:
    """Read and check the header of a safetensors file, without touching its data.

    Args:
        path: the file.

    Returns:
        Its tensors' names, dtypes, shapes and places.

    Raises:
        WeightsFileError: the file is another format, truncated, or its header contradicts itself.
        OSError: the file cannot be read.
    """
    with open_regular(path) as file:
        return parse_header(file, path=path)


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file for reading, if it is one: opening a FIFO would wait for somebody who writes.

    Raises:
        WeightsFileError: it is a folder, a FIFO, a device or a socket.
        OSError: it cannot be opened.
    """
    with _named(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _check_regular(os.fstat(descriptor).st_mode)
        except WeightsFileError:
            os.close(descriptor)
            raise
    return os.fdopen(descriptor, "rb")


def parse_header(file: BinaryIO, *, path: str | os.PathLike[str]) -> Header:
    """Read and check the header of an open safetensors file, from its start; see `read_header`."""
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(32)
    data_offset = 8 + int.from_bytes(start[:8], "little")
    with _named(path):
        if start[8:9] != b"{" or data_offset > _MAX_HEADER_BYTES:
            raise WeightsFileError(what_else(start))
        if data_offset > size_bytes:
            raise WeightsFileError(
                f"it has {size_bytes} bytes, its header alone {data_offset}: it was cut off, fetch it again"
            )
        file.seek(8)
        fields = _parse_json(file.read(data_offset - 8))
        metadata = fields.pop(_METADATA, None)
        metadata = {} if metadata is None else metadata
        if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
            raise WeightsFileError(f"its {_METADATA} is {metadata!r:.100}, expected text by name")
        entries = {name: _parse_entry(name, field, data_offset) for name, field in fields.items()}
        _check_no_gaps(entries, data_offset, size_bytes)
    return Header(entries=entries, metadata=metadata, size_bytes=size_bytes)


def write_file(path: str | os.PathLike[str], arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file so that its name only ever shows a whole one.

    Args:
        path: the final name. The file is written beside it under a temporary name, synced to disk and renamed.
        arrays: what to write; arrays that are contiguous are not copied.
        metadata: free text to store with it.

    Raises:
        WeightsFileError: the format has no such dtype, or a name is reserved.
        OSError: the file cannot be written.
    """
    path = Path(os.path.realpath(path))  # through links, as everything that writes does
    with _named(path):
        if path.exists():
            _check_regular(path.stat().st_mode)  # renaming over a device would take it away
        header, ordered = _layout(arrays, metadata)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            _write(file, header, ordered)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def write_stream(file: BinaryIO, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write the bytes of a safetensors file to something open, such as a `BytesIO`; see `write_file`."""
    with _named(getattr(file, "name", "") or type(file).__name__):
        header, ordered = _layout(arrays, metadata)
    _write(file, header, ordered)


def _write(file: BinaryIO, header: bytes, arrays: list[Array]) -> None:
    file.write(len(header).to_bytes(8, "little") + header)
    file.writelines(array.reshape(-1).view(np.uint8).data for array in arrays)


def _layout(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> tuple[bytes, list[Array]]:
    """Place the arrays, widest items first, so that each is aligned to its item size without gaps."""
    contiguous = {name: np.ascontiguousarray(array, array.dtype.newbyteorder("<")) for name, array in arrays.items()}
    ends: dict[str, int] = {}
    end = 0
    for name in sorted(contiguous, key=lambda name: (-contiguous[name].dtype.itemsize, name)):
        end += contiguous[name].nbytes
        ends[name] = end
    fields: dict[str, Any] = {_METADATA: dict(metadata)} if metadata else {}
    for name, array in contiguous.items():
        if name == _METADATA:
            raise WeightsFileError(f"no tensor can have the name {_METADATA!r}: the format keeps it for itself")
        if (code := CODES.get(array.dtype)) is None:
            raise WeightsFileError(f"array {name!r} is {array.dtype}, files can have {', '.join(map(str, CODES))}")
        shape = list(arrays[name].shape)  # ascontiguousarray makes a scalar one-dimensional
        fields[name] = {"dtype": code, "shape": shape, "data_offsets": [ends[name] - array.nbytes, ends[name]]}
    header = _to_json(fields)
    padding = -(8 + len(header)) % _DATA_ALIGNMENT_BYTES
    return header + b" " * padding, [contiguous[name] for name in ends]


def _to_json(fields: dict[str, Any]) -> bytes:
    try:
        header = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise WeightsFileError(f"a name or text has {half!r} in it, half of a surrogate pair") from None
    if len(header) > _MAX_HEADER_BYTES - 8 - _DATA_ALIGNMENT_BYTES:
        raise WeightsFileError(f"its names and metadata would have {len(header)} bytes, the format's limit is 100 MB")
    return header


def _parse_json(raw: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(fields := dict(pairs)) != len(pairs):
            raise WeightsFileError("its header gives a name twice")
        return fields

    def no_number(text: str) -> NoReturn:
        raise ValueError(f"{text} is no JSON")

    try:
        fields = json.loads(raw.decode(), object_pairs_hook=unique, parse_constant=no_number)
        if b"\\u" in raw:
            json.dumps(fields, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except WeightsFileError:
        raise
    except (ValueError, RecursionError) as error:
        raise WeightsFileError(f"its header is damaged: {error!s:.200}") from error
    if not isinstance(fields, dict):
        raise WeightsFileError(f"its header is a JSON {type(fields).__name__}, expected an object")
    return fields


def _parse_entry(name: str, field: Any, data_offset: int) -> Entry:
    match field:
        case {"dtype": str(code), "shape": [*shape], "data_offsets": [begin, end]} if _are_sizes([*shape, begin, end]):
            pass
        case _:
            raise WeightsFileError(
                f"its header describes tensor {name!r} as {field!r:.200}, which is no dtype, shape and place"
            )
    if (dtype := _DTYPES.get(code)) is None:
        raise WeightsFileError(
            f"tensor {name!r} is {code:.20}, here it can be {', '.join(_DTYPES)}: convert it where torch is, to F32"
        )
    if len(shape) > _MAX_DIMENSIONS or math.prod(max(1, length) for length in shape) > np.iinfo(np.intp).max // 16:
        raise WeightsFileError(f"tensor {name!r} has shape {shape!r:.200}, which no array can have")
    size_bytes = math.prod(shape) * dtype.itemsize
    if end - begin != size_bytes:
        raise WeightsFileError(
            f"tensor {name!r} is {code} {shape}, {size_bytes} bytes, but has {end - begin}: it is damaged"
        )
    return Entry(name=name, dtype=dtype, shape=tuple(shape), offset_bytes=data_offset + begin, size_bytes=size_bytes)


def _are_sizes(values: list[Any]) -> bool:
    return all(type(value) is int and value >= 0 for value in values)


def _check_no_gaps(entries: Mapping[str, Entry], data_offset: int, size_bytes: int) -> None:
    end = data_offset
    for entry in sorted(entries.values(), key=lambda entry: (entry.offset_bytes, entry.size_bytes)):
        if entry.offset_bytes != end:
            kind = "overlaps the one before it" if entry.offset_bytes < end else "leaves a gap before it"
            raise WeightsFileError(f"tensor {entry.name!r} starts at byte {entry.offset_bytes}, not {end}: it {kind}")
        end += entry.size_bytes
    if end != size_bytes:
        kind = "it was cut off, fetch it again" if size_bytes < end else "something was appended to it"
        raise WeightsFileError(f"it has {size_bytes} bytes, its header speaks of {end}: {kind}")


_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}


def _check_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise WeightsFileError(f"it is {_KINDS.get(stat.S_IFMT(mode), 'a device')}, expected a file")


@contextmanager
def _named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Let each message start with the file's name."""
    try:
        yield
    except WeightsFileError as error:
        raise WeightsFileError(f"{os.fspath(path)}: {error}") from error.__cause__


def _sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
