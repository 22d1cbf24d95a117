"""Shards: fixed units of work, each a range of rows in one fragment of a source.

A fragment names the file it is in together with that file's size and modification time, so that a worker can tell that
it reads what was planned. All of these travel as plain dicts (`to_dict`, `shard_from_dict`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TypeAlias

from workers.errors import SourceError


@dataclass(frozen=True, kw_only=True)
class MemoryFragment:
    """Rows in memory: an Arrow IPC file, as a rule a sealed memfd reached by way of /proc.

    Args:
        path: where every process on the node can map it.
        digest: of the rows; what the fragment is known by, since its path differs from run to run.
        memory: the file's bytes, where a worker was handed them and cannot open `path`; they never travel with the
            fragment.
    """

    kind: ClassVar[str] = "memory"

    path: str
    digest: str
    size_bytes: int
    mtime_ns: int
    memory: memoryview | None = field(default=None, compare=False, repr=False)

    def identity(self) -> dict[str, Any]:
        """Return what tells this fragment from others, also in another run."""
        return {"kind": self.kind, "digest": self.digest}


@dataclass(frozen=True, kw_only=True)
class NpyFragment:
    """The rows (axis 0) of one .npy file, handed to predictors as the column `column`."""

    kind: ClassVar[str] = "npy"

    path: str
    column: str
    size_bytes: int
    mtime_ns: int

    def identity(self) -> dict[str, Any]:
        """Return what tells this fragment from others, also in another run."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class ParquetFragment:
    """One row group of one Parquet file.

    Args:
        path: of the file.
        row_group: its number, from 0.
        columns: names of the columns to read; None means all.
    """

    kind: ClassVar[str] = "parquet"

    path: str
    row_group: int
    columns: tuple[str, ...] | None
    size_bytes: int
    mtime_ns: int

    def __post_init__(self) -> None:
        if self.columns is not None:  # messages and JSON turn tuples into lists
            object.__setattr__(self, "columns", tuple(self.columns))

    def identity(self) -> dict[str, Any]:
        """Return what tells this fragment from others, also in another run."""
        return {"kind": self.kind, **asdict(self)}


Fragment: TypeAlias = MemoryFragment | NpyFragment | ParquetFragment

_FRAGMENTS: dict[str, type[Fragment]] = {kind.kind: kind for kind in (MemoryFragment, NpyFragment, ParquetFragment)}


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A fixed unit of work, decided before the run.

    Args:
        index: place among the shards of the job, from 0; the order of the output.
        id: stable name, equal whenever the same source is planned in the same way.
        fragment: where the rows are.
        start: first row within the fragment.
        stop: one past the last row.
    """

    index: int
    id: str
    fragment: Fragment
    start: int
    stop: int

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.stop - self.start

    def to_dict(self) -> dict[str, Any]:
        """Return the shard as plain values, for msgpack or JSON."""
        return {
            "index": self.index,
            "id": self.id,
            "fragment": fragment_to_dict(self.fragment),
            "start": self.start,
            "stop": self.stop,
        }


def shard_from_dict(values: dict[str, Any]) -> Shard:
    """Return the shard that `to_dict` described."""
    return Shard(**{**values, "fragment": fragment_from_dict(values["fragment"])})


def fragment_to_dict(fragment: Fragment) -> dict[str, Any]:
    """Return the fragment as plain values, for msgpack or JSON."""
    return {"kind": fragment.kind, **asdict(fragment)}


def fragment_from_dict(values: dict[str, Any]) -> Fragment:
    """Return the fragment that `fragment_to_dict` described."""
    fields = dict(values)
    kind = fields.pop("kind")
    if kind not in _FRAGMENTS:
        raise SourceError(f"a fragment of kind {kind!r}; this version of shoal reads {', '.join(sorted(_FRAGMENTS))}")
    return _FRAGMENTS[kind](**fields)
