"""The files of one attempt, written under temporary names: all of them in the end, or none."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import BinaryIO

from workers.messages import StagedFile
from workers.storage import open_output, remove


class _GivenUp(Exception):
    """Leaves the context of a file that is not to be."""


class StagedFiles:
    """Opens files, and makes all of them durable at the end, or leaves none.

    Args:
        prefix: What their names begin with, a local path or a URL.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._open: dict[str, tuple[ExitStack, BinaryIO]] = {}
        self._closed: list[StagedFile] = []

    def open(self, suffix: str) -> BinaryIO:
        """Create a file, to be written from start to end.

        Raises:
            OSError: It cannot be created, or is there already.
        """
        stack = ExitStack()
        file = stack.enter_context(open_output(self._path(suffix)))
        self._open[suffix] = (stack, file)
        return file

    def finish(self, *, rows: int) -> tuple[StagedFile, ...]:
        """Make the files durable, in the order in which they were opened.

        Raises:
            OSError: One cannot be written. `discard` removes the others.
        """
        while self._open:
            suffix = next(iter(self._open))
            stack, file = self._open.pop(suffix)
            staged = StagedFile(self._path(suffix), suffix, rows=rows, size_bytes=file.tell())
            stack.close()
            self._closed.append(staged)
        return tuple(self._closed)

    def discard(self) -> None:
        """Remove all of them. Harmless when called again."""
        while self._open:
            stack, _ = self._open.popitem()[1]
            # On a full disk, closing fails as well; the file is removed all the same.
            with suppress(_GivenUp, OSError):
                stack.__exit__(_GivenUp, _GivenUp(), None)
        while self._closed:
            with suppress(OSError):  # the next run removes what is left
                remove(self._closed.pop().path)

    def _path(self, suffix: str) -> str:
        return f"{self._prefix}{suffix}.staged"
