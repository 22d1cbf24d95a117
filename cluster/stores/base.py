"""What a job folder needs of the place where it lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import BinaryIO, Protocol

Checkpoint = Callable[[str], None]
"""Called after each step of a write with the step's name; a test's chance to die there."""


def uninterrupted(step: str) -> None:
    """The checkpoint of a run that nobody tests."""


class Store(Protocol):
    """A folder of files, named by their paths within it, with "/".

    Files are whole or not there, whatever crashes. All methods may be called from several threads and by several
    drivers at once; all raise `OSError` where the place fails them.

    Attributes:
        place: Its absolute path or URL.
        requirement: For people: what it must be able to do.
        temporaries: The folder that it needs for files on their way into place; empty if it needs none.
    """

    place: str
    requirement: str
    temporaries: str

    def make(self, folders: Iterable[str]) -> None:
        """Create folders that are missing, where the place knows such a thing; "" is the folder itself."""
        ...

    def entries(self, folder: str) -> dict[str, int]:
        """The names in a folder, folders among them, with their sizes in bytes; empty if it is not there."""
        ...

    def size_bytes(self, name: str) -> int | None:
        """How long a file is; None if it is not there."""
        ...

    def read(self, name: str) -> bytes:
        """All of a file; `FileNotFoundError` if it is not there."""
        ...

    def read_all(self, names: Iterable[str]) -> list[bytes]:
        """Many small files, in that order."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading, seekable; `FileNotFoundError` if it is not there."""
        ...

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Create a file, or leave the one that is there: of several writers exactly one wins.

        Returns:
            Whether this call surely created it. If not, what is there may still be its own, when the place's answer
            was lost on the way: read it.
        """
        ...

    def replace(self, name: str, data: bytes) -> None:
        """Create or replace a file."""
        ...

    def publish(self, staged: str, name: str) -> bool:
        """Give a staged file its final name; False if it is not there. May be done again, by anyone, at any time."""
        ...

    def settle(self, folder: str) -> None:
        """Make the names in a folder survive a crash of the machine."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Delete files, as far as they are there."""
        ...
