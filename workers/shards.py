"""Shards: fixed units of work, each a range of rows in one fragment of a source.

A fragment names the file it is in together with that file's size, modification time and, where its store has them, its
etag, so that a worker can tell that it reads what was planned. There may be a million shards: they are small, and share
their fragments.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TypeAlias

from workers.formats import RecordFormat

Scalar: TypeAlias = str | int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFragment:
    """Rows in a file.

    Attributes:
        path: The file's path on this machine, or its URL.
        size_bytes: Its size when the job was planned.
        mtime_ns: Its modification time then.
        etag: What its object store knew this version by; None for a local file.
        first_row: How many rows of the file come before.
    """

    kind: ClassVar[str]

    path: str
    size_bytes: int
    mtime_ns: int
    etag: str | None = None
    first_row: int = 0

    @property
    def place(self) -> str:
        """What `first_row` counts the rows of, in words."""
        return self.path

    def identity(self) -> dict[str, Any]:
        """What tells this fragment from others, also in another run, as JSON values."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryFragment:
    """Rows in memory: an Arrow IPC file, as a rule in a sealed memfd reached by way of /proc.

    Attributes:
        path: Where every process on the node can map it.
        digest: Of the rows; what the fragment is known by, since its path differs from run to run.
        size_bytes: Of the file at `path`.
        mtime_ns: Of the same.
        start_byte: Where in the file the Arrow IPC file starts.
        stop_byte: Where it ends; None for the end of the file.
        first_row: How many rows of the source come before.
        memory: The Arrow IPC file's bytes, where a worker was handed them and cannot open `path`; they never travel
            with the fragment.
    """

    kind: ClassVar[str] = "memory"

    path: str
    digest: str
    size_bytes: int
    mtime_ns: int
    start_byte: int = 0
    stop_byte: int | None = None
    first_row: int = 0
    memory: memoryview | None = field(default=None, compare=False, repr=False)

    @property
    def place(self) -> str:
        """What `first_row` counts the rows of, in words."""
        return "the columns in memory"

    def identity(self) -> dict[str, Any]:
        """What tells this fragment from others, also in another run, as JSON values."""
        return {"kind": self.kind, "digest": self.digest, "start_byte": self.start_byte}


@dataclass(frozen=True, kw_only=True, slots=True)
class NpyFragment(FileFragment):
    """The rows (axis 0) of one .npy file.

    Attributes:
        column: The name under which predictors get them.
    """

    kind: ClassVar[str] = "npy"

    column: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NpzFragment(FileFragment):
    """The rows (axis 0) of the arrays in one .npz file.

    Attributes:
        columns: The names of the arrays to read.
    """

    kind: ClassVar[str] = "npz"

    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))  # messages turn tuples into lists


@dataclass(frozen=True, kw_only=True, slots=True)
class ParquetFragment(FileFragment):
    """One row group of one Parquet file.

    Attributes:
        row_group: Its number, from 0.
        columns: Names of the columns to read of the file; None means all.
        partition: Columns that the file's folders name, with their values; they come after the file's own.
        floats: Columns of whole numbers to read as float64, since the source misses some of their values.
        digest: Of the rows, where a job has written them down itself; what the fragment is then known by, wherever and
            whenever that was.
    """

    kind: ClassVar[str] = "parquet"

    row_group: int
    columns: tuple[str, ...] | None
    partition: tuple[tuple[str, Scalar], ...] = ()
    floats: tuple[str, ...] = ()
    digest: str | None = None

    def __post_init__(self) -> None:
        if self.columns is not None:  # messages turn tuples into lists
            object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "partition", tuple((name, value) for name, value in self.partition))
        object.__setattr__(self, "floats", tuple(self.floats))

    def identity(self) -> dict[str, Any]:
        """What tells this fragment from others, also in another run, as JSON values."""
        if self.digest is not None:
            return {"kind": self.kind, "digest": self.digest, "row_group": self.row_group}
        return {name: value for name, value in FileFragment.identity(self).items() if name != "digest"}


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordsFragment(FileFragment):
    """Whole records of a CSV, JSONL or text file: a range of bytes, or all of a compressed file.

    Attributes:
        format: How to read them.
        compression: As pyarrow names it; None for a file that can be read from any byte on.
        start_byte: Where the first record starts, in what the file decompresses to.
        stop_byte: Where the last one ends.
    """

    kind: ClassVar[str] = "records"

    format: RecordFormat
    compression: str | None
    start_byte: int
    stop_byte: int


Fragment: TypeAlias = MemoryFragment | NpyFragment | NpzFragment | ParquetFragment | RecordsFragment


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """A fixed unit of work, decided before the run.

    Attributes:
        index: Place among the shards of the job, from 0; the order of the output.
        id: Stable name, equal whenever the same source is planned in the same way.
        fragment: Where the rows are.
        start: First row within the fragment.
        stop: One past the last row.
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
