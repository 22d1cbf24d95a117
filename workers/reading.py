"""Reading shards: a worker takes its rows out of their file by itself, and only if it is the file that was planned."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from workers.columns import Columns, as_columns, concat_rows
from workers.errors import SourceError, WorkersError
from workers.ragged import Array
from workers.shards import Fragment, MemoryFragment, NpyFragment, ParquetFragment, Shard

_DECODE_BYTES = 16 << 20  # what is decoded at a time where a shard is only a part of a row group


def read_shard(shard: Shard) -> Columns:
    """Return the rows of a shard; .npy files and memory are mapped, so those columns are read-only and cost no copy.

    Raises:
        SourceError: the file is missing, unreadable, or not the one that was planned.
        ColumnsError: it holds a type that shoal does not carry.
    """
    try:
        match shard.fragment:
            case MemoryFragment():
                return _read_memory(shard.fragment, shard.start, shard.stop)
            case NpyFragment():
                return _read_npy(shard.fragment, shard.start, shard.stop)
            case ParquetFragment():
                return _read_parquet(shard.fragment, shard.start, shard.stop)
    except WorkersError:
        raise
    except (OSError, ValueError) as error:  # what NumPy and pyarrow raise over damaged files
        raise SourceError(f"cannot read shard {shard.id} from {shard.fragment.path}: {error}") from error


def _read_memory(fragment: MemoryFragment, start: int, stop: int) -> Columns:
    import pyarrow as pa

    from workers.arrow import to_columns

    if fragment.memory is not None:
        table = pa.ipc.open_file(pa.py_buffer(fragment.memory)).read_all()
    else:
        with _opened(fragment), pa.memory_map(fragment.path) as mapped:
            table = pa.ipc.open_file(mapped).read_all()
    return to_columns(table.slice(start, stop - start))


def _read_npy(fragment: NpyFragment, start: int, stop: int) -> Columns:
    with _opened(fragment) as file:
        rows = map_npy(file)[start:stop]
    return as_columns({fragment.column: rows})


def _read_parquet(fragment: ParquetFragment, start: int, stop: int) -> Columns:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from workers.arrow import to_columns

    columns = None if fragment.columns is None else list(fragment.columns)
    # One thread: cores are for predictors, and replicas read side by side.
    with _opened(fragment) as file, pq.ParquetFile(file) as parquet:
        row_group = parquet.metadata.row_group(fragment.row_group)
        if (start, stop) == (0, row_group.num_rows):
            return to_columns(parquet.read_row_group(fragment.row_group, columns=columns, use_threads=False))
        step = max(1, _DECODE_BYTES * row_group.num_rows // max(1, row_group.total_byte_size))
        parts, first = [], 0
        for batch in parquet.iter_batches(step, row_groups=[fragment.row_group], columns=columns, use_threads=False):
            wanted = batch.slice(max(start - first, 0), max(stop - max(start, first), 0))
            if wanted.num_rows:
                parts.append(to_columns(pa.Table.from_batches([wanted])))
            first += batch.num_rows
            if first >= stop:
                break
    return concat_rows(parts)


def map_npy(file: BinaryIO) -> Array:
    """Map the array in an open .npy file, read-only.

    Raises:
        SourceError: it is no .npy file, or holds pickled objects or records.
    """
    try:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, column_major, dtype = read_header(file)
    except ValueError as error:
        raise SourceError(f"{file.name} is not a .npy file that NumPy can read: {error}") from error
    if dtype.hasobject:
        raise SourceError(
            f"{file.name} holds pickled Python objects, which shoal never unpickles; "
            "save strings as a fixed-width array (np.save of dtype 'U' or 'S') or as Parquet"
        )
    if dtype.names or not shape:
        what = "records" if dtype.names else "a single value"
        raise SourceError(f"{file.name} holds {what}; expected an array whose axis 0 are the rows")
    if 0 in shape:
        return np.empty(shape, dtype)  # nothing to map
    mapped = np.memmap(file, dtype, "r", file.tell(), shape, "F" if column_major else "C")
    return mapped.view(np.ndarray)


@contextmanager
def _opened(fragment: Fragment) -> Iterator[BinaryIO]:
    """Open a fragment's file after making sure that it is the planned one."""
    path = Path(fragment.path)
    if not path.exists():
        raise SourceError(
            f"{path} is missing; it was there, {fragment.size_bytes} bytes long, when the job was planned"
        )
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        changes = [
            f"{what} was {planned} and is {now}"
            for what, planned, now in (
                ("its size in bytes", fragment.size_bytes, found.st_size),
                ("its modification time in ns", fragment.mtime_ns, found.st_mtime_ns),
            )
            if planned != now
        ]
        if changes:
            raise SourceError(
                f"{path} changed after the job was planned: {', '.join(changes)}; start the job again on the new file"
            )
        yield file
