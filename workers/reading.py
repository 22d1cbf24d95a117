"""Reading shards: a worker takes its rows out of their file by itself, and only if it is the file that was planned."""

from __future__ import annotations

import threading
import zlib
from typing import Protocol, TypeAlias

from workers.columns import Columns
from workers.errors import SourceError, WorkersError
from workers.readers.files import check_unchanged
from workers.shards import (
    Fragment,
    MemoryFragment,
    NpyFragment,
    NpzFragment,
    ParquetFragment,
    RecordsFragment,
    Shard,
)

_Forwardly: TypeAlias = RecordsFragment | NpzFragment | ParquetFragment


class _Forward(Protocol):
    """The rows of a fragment, forward only."""

    @property
    def row(self) -> int: ...

    def read(self, start: int, stop: int) -> Columns: ...

    def close(self) -> None: ...


class ShardReader:
    """Reads one shard after another; close it at the end.

    What can only be read forward, as compressed files and row groups, stays open, one at a time: the next shard of it
    is read from where the last one ended, if it comes later. Threads may share a reader.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forward: tuple[Fragment, _Forward] | None = None

    def read(self, shard: Shard) -> Columns:
        """The rows of a shard. Local .npy files and memory are mapped: those columns are read-only and cost no copy.

        Raises:
            SourceError: The file is missing, unreadable, or not the one that was planned.
            ColumnsError: It holds a type that shoal does not carry.
        """
        fragment, start, stop = shard.fragment, shard.start, shard.stop
        try:
            match fragment:
                case MemoryFragment():
                    from workers.readers.memory import read_memory

                    return read_memory(fragment, start, stop)
                case NpyFragment():
                    from workers.readers.npy import read_npy

                    return read_npy(fragment, start, stop)
                case RecordsFragment(compression=None):
                    from workers.readers.lines import read_records

                    return read_records(fragment, start, stop)
                case RecordsFragment() | NpzFragment() | ParquetFragment():
                    return self._read_forward(fragment, start, stop)
        except WorkersError:
            raise
        except (OSError, ValueError, EOFError, zlib.error) as error:  # what libraries raise over damaged files
            raise SourceError(f"cannot read shard {shard.id} from {fragment.path}: {error}") from error

    def close(self) -> None:
        """Let go of what is open; the reader may be used again."""
        with self._lock:
            self._close()

    def _read_forward(self, fragment: _Forwardly, start: int, stop: int) -> Columns:
        with self._lock:
            if self._forward is None or self._forward[0] != fragment or self._forward[1].row > start:
                self._close()
                self._forward = (fragment, _opened(fragment))
            try:
                check_unchanged(fragment)
                return self._forward[1].read(start, stop)
            except BaseException:
                self._close()
                raise

    def _close(self) -> None:
        if self._forward is not None:
            (_, forward), self._forward = self._forward, None
            forward.close()


def _opened(fragment: _Forwardly) -> _Forward:
    match fragment:
        case RecordsFragment():
            from workers.readers.lines import CompressedRecords

            return CompressedRecords(fragment)
        case NpzFragment():
            from workers.readers.npz import NpzRows

            return NpzRows(fragment)
        case ParquetFragment():
            from workers.readers.parquet import RowGroupRows

            return RowGroupRows(fragment)


def read_shard(shard: Shard) -> Columns:
    """The rows of one shard; see `ShardReader.read`."""
    reader = ShardReader()
    try:
        return reader.read(shard)
    finally:
        reader.close()
