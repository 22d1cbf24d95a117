"""Opening a fragment's file, if it is the one that was planned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from workers import storage
from workers.errors import SourceError
from workers.shards import FileFragment, MemoryFragment


@contextmanager
def opened(fragment: FileFragment | MemoryFragment) -> Iterator[BinaryIO]:
    """The fragment's file, open for reading, after making sure that it is the planned one.

    Raises:
        SourceError: It is gone, or another; says what changed.
    """
    try:
        file = storage.open_input(fragment.path)
    except FileNotFoundError:
        raise _missing(fragment) from None
    with file:
        check_unchanged(fragment)  # after opening: what is replaced later does not matter to us
        yield file


def check_unchanged(fragment: FileFragment | MemoryFragment) -> None:
    """Make sure that a fragment's file is still as planned.

    Raises:
        SourceError: It is gone, or another; says what changed.
    """
    try:
        found = storage.stat(fragment.path)
    except FileNotFoundError:
        raise _missing(fragment) from None
    planned_etag = None if isinstance(fragment, MemoryFragment) else fragment.etag
    changes = [
        f"{what} was {planned} and is {now}"
        for what, planned, now in (
            ("its size in bytes", fragment.size_bytes, found.size_bytes),
            ("its modification time in ns", fragment.mtime_ns, found.mtime_ns),
            ("its etag", planned_etag, found.etag),
        )
        if planned != now
    ]
    if changes:
        raise SourceError(
            f"{fragment.path} changed after the job was planned: {', '.join(changes)}; "
            "start the job again on the new file"
        )


def _missing(fragment: FileFragment | MemoryFragment) -> SourceError:
    return SourceError(
        f"{fragment.path} is missing; it was there, {fragment.size_bytes} bytes long, when the job was planned"
    )
