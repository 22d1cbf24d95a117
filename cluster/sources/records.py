"""What CSV, JSONL and text files have in common: they are looked through once, for where their records end.

That one pass makes shards exact ranges of rows: row numbers in errors, progress and dead letters are those of the
file, and workers read ranges of bytes side by side. It reads a block at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from cluster.sources.base import FragmentRows
from cluster.sources.files import compression_of, file_fields, reaching
from workers import storage
from workers.errors import SourceError
from workers.formats import RecordFormat
from workers.readers.lines import decompressed
from workers.readers.records import RecordStream, Splitter
from workers.shards import RecordsFragment
from workers.storage import FileInfo

_BOM = b"\xef\xbb\xbf"
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Where the records of a file are.

    Attributes:
        file: The file.
        compression: As pyarrow names it, by the file's name.
        header: The bytes of the first record, where it is none.
        sample: The first records, to tell types by, where they are wanted.
        edges: Where blocks of records start, in bytes of what the file decompresses to, and where the last ends.
        rows: How many records each block has.
    """

    file: FileInfo
    compression: str | None
    header: bytes
    sample: bytes
    edges: tuple[int, ...]
    rows: tuple[int, ...]

    def fragments(self, form: RecordFormat) -> Iterator[FragmentRows]:
        """The file's fragments: a block each, or all of a compressed file."""
        if not self.rows:
            return
        edges, counts = self.edges, self.rows
        if self.compression is not None:
            edges, counts = (edges[0], edges[-1]), (sum(counts),)
        first_row = 0
        fields = file_fields(self.file)
        for (start, stop), rows in zip(pairwise(edges), counts, strict=True):
            fragment = RecordsFragment(
                format=form,
                compression=self.compression,
                start_byte=start,
                stop_byte=stop,
                first_row=first_row,
                **fields,
            )
            yield FragmentRows(fragment, rows)
            first_row += rows


def scan_all(files: Sequence[FileInfo], split: Splitter, *, has_header: bool = False) -> list[Scan]:
    """Look through files; only the first that has records gives a sample.

    Args:
        files: Which.
        split: Where their records end.
        has_header: Whether the first record of each is none.

    Raises:
        SourceError: One cannot be read, is damaged, or changes meanwhile.
    """
    scans: list[Scan] = []
    sampled = False
    for file in files:
        scanned = _scan(file, split, has_header=has_header, sampled=sampled)
        sampled = sampled or bool(scanned.sample)
        scans.append(scanned)
    return scans


def _scan(file: FileInfo, split: Splitter, *, has_header: bool, sampled: bool) -> Scan:
    compression = compression_of(file.place)
    with reaching(), storage.open_input(file.place) as opened, _naming(file.place):
        data = decompressed(opened, compression)
        before = data.read(len(_BOM))
        first = len(_BOM) if before == _BOM else 0
        stream = RecordStream(data, split, before=before[first:], block_bytes=_BLOCK_BYTES)
        header = stream.take(1) if has_header else b""
        sample = b"" if sampled else stream.peek()
        edges, rows = [first + len(header)], []
        for size_bytes, records in stream.blocks():
            edges.append(edges[-1] + size_bytes)
            rows.append(records)
        if data is not opened:
            data.close()
        if storage.stat(file.place) != file:
            raise SourceError("it changes while it is looked through; wait until it is written")
    return Scan(file=file, compression=compression, header=header, sample=sample, edges=tuple(edges), rows=tuple(rows))


@contextmanager
def _naming(place: str) -> Iterator[None]:
    """Name the file in errors of what is in it."""
    try:
        yield
    except OSError as error:  # of the splitter, of pyarrow over damaged compression, or of the disk
        raise SourceError(f"{place} cannot be read: {error}") from error
