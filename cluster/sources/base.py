"""What a source is: a list of fragments with their rows, and an identity to compare on resume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from tensor import Origin
from workers.shards import Fragment


@dataclass(frozen=True, slots=True)
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


class FileSource:
    """What sources of files have in common; but for one that overrides `close`, they hold nothing open.

    Args:
        fragments: All of them, in the order of the rows.
        identity: What a resumed job compares, as JSON values.
        mark: Where inference-only rows were computed.
    """

    def __init__(self, fragments: Sequence[FragmentRows], identity: dict[str, Any], mark: Origin | None = None) -> None:
        self._fragments = tuple(fragments)
        self._identity = identity
        self._mark = mark

    def fragments(self) -> list[FragmentRows]:
        """Return every fragment, in the order of the rows."""
        return list(self._fragments)

    def identity(self) -> dict[str, Any]:
        """Return paths, sizes and times of the files, and how they are read."""
        return dict(self._identity)

    def mark(self) -> Origin | None:
        """Return where the rows were computed in inference mode; None where no file says so."""
        return self._mark

    def close(self) -> None:
        """Do nothing: the source holds nothing open."""
