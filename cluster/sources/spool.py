"""Rows of an iterable for one call: in a temporary file without a name."""

from __future__ import annotations

import hashlib
import os
import tempfile
import weakref
from collections.abc import Iterable
from typing import Any

from cluster.sources.base import FileSource, FragmentRows
from cluster.sources.iterable import Part
from tensor import Origin, marks
from workers.shards import MemoryFragment

_ALIGNMENT_BYTES = 64


class SpooledSource(FileSource):
    """Pieces of rows, one Arrow file after another in a temporary file that has no name.

    The file lies where `TMPDIR` says, and is gone with this process, however that ends. Workers on this machine map it;
    elsewhere they are handed the bytes of their piece, as with rows in memory.

    Args:
        name: What the user calls the rows.
        pieces: The rows; all are read at once, here.
    """

    def __init__(self, name: str | None, pieces: Iterable[Part]) -> None:
        self._file = tempfile.TemporaryFile(prefix="shoal-rows-")  # noqa: SIM115  (closed with the source)
        self._close = weakref.finalize(self, self._file.close)
        mark: Origin | None = None
        digest = hashlib.sha256()
        placed: list[tuple[int, int, str, int]] = []
        try:
            for piece in pieces:
                data = _ipc_bytes(piece)
                self._file.seek(-self._file.tell() % _ALIGNMENT_BYTES, os.SEEK_CUR)
                start = self._file.tell()
                self._file.write(data)
                placed.append((start, self._file.tell(), hashlib.sha256(data).hexdigest(), piece.table.num_rows))
                digest.update(placed[-1][2].encode())
                mark = marks.combine([mark, piece.mark])
            self._file.flush()
        except BaseException:
            self.close()
            raise
        found = os.fstat(self._file.fileno())
        path = f"/proc/{os.getpid()}/fd/{self._file.fileno()}"
        fragments: list[FragmentRows] = []
        first_row = 0
        for start, stop, piece_digest, rows in placed:
            fragment = MemoryFragment(
                path=path,
                digest=piece_digest,
                size_bytes=found.st_size,
                mtime_ns=found.st_mtime_ns,
                start_byte=start,
                stop_byte=stop,
                first_row=first_row,
            )
            fragments.append(FragmentRows(fragment, rows))
            first_row += rows
        identity = {"kind": "iterable", "name": name, "rows": first_row, "digest": digest.hexdigest()}
        super().__init__(fragments, identity, mark)

    def close(self) -> None:
        """Give the file up."""
        self._close()


def _ipc_bytes(piece: Part) -> Any:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, piece.table.schema) as writer:
        writer.write_table(piece.table)
    return sink.getvalue()
