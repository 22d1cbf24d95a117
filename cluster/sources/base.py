"""What a source is: a list of fragments with their rows, and an identity to compare on resume."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from cluster.errors import SourceNotFoundError, UsageError
from tensor import Origin
from workers.shards import Fragment


@dataclass(frozen=True)
class FragmentRows:
    """A fragment and how many rows it has."""

    fragment: Fragment
    rows: int


@runtime_checkable
class Source(Protocol):
    """Where the rows of a job come from.

    A source looks at its files once, when it is made, and complains then; what it lists never changes.
    """

    def fragments(self) -> list[FragmentRows]:
        """Return every fragment, in the order of the rows."""
        ...

    def identity(self) -> dict[str, Any]:
        """Return what a resumed job compares, as JSON values."""
        ...

    def mark(self) -> Origin | None:
        """Return where inference-only rows were computed; None for rows that may be trained on."""
        ...

    def close(self) -> None:
        """Give up what the source holds; workers cannot read from it afterwards. Closing twice is fine."""
        ...


@dataclass(frozen=True)
class FileIdentity:
    """A file as it was when the source was made."""

    path: str
    size_bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> FileIdentity:
        """Look at a file.

        Raises:
            SourceNotFoundError: there is none.
            UsageError: it is something else.
        """
        if not path.exists():
            raise SourceNotFoundError(f"there is no file {path}")
        if not path.is_file():
            raise UsageError(f"{path} is not a file")
        found = path.stat()
        return cls(path=str(path), size_bytes=found.st_size, mtime_ns=found.st_mtime_ns)
