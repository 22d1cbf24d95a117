"""Records: which attempt's files are a shard's output. Once a record is written, that is settled for good."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workers.messages import Staged, StagedFile
    from workers.shards import Shard


@dataclass(frozen=True, kw_only=True)
class RecordFile:
    """One file of a shard.

    Args:
        name: Under which it is published, within the job folder.
        staged: The name under which the worker staged it.
        rows: Number of rows.
        size_bytes: Of the file.
    """

    name: str
    staged: str
    rows: int
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Record:
    """The committed output of one shard.

    Args:
        job: The job that the shard belongs to.
        shard: Its index.
        shard_id: Its id, which also covers the source's identity.
        files: The files of its rows, by their suffixes; none for a shard without rows.
        rows: Number of rows.
        size_bytes: Of all files of its rows.
        digest: Of the rows.
        schema: Names and types of the columns; empty without files.
        dead: The file of its dead letters, if rows died.
        dead_rows: How many did.
        weights_epoch: Of the weights that computed the rows.
        weights_digest: Of the same; empty without weights.
        run: Which run of the job it was: attempts are counted from 1 in each.
        attempt: Which try it was, from 1.
        replica: Which replica it was.
    """

    job: str
    shard: int
    shard_id: str
    files: tuple[RecordFile, ...]
    rows: int
    size_bytes: int
    digest: str
    schema: str
    dead: RecordFile | None
    dead_rows: int
    weights_epoch: int
    weights_digest: str
    run: str
    attempt: int
    replica: str

    @classmethod
    def of(
        cls,
        shard: Shard,
        staged: Staged,
        *,
        job: str,
        run: str,
        attempt: int,
        replica: str,
        weights_epoch: int,
        weights_digest: str,
    ) -> Record:
        """Return the record that would commit what an attempt staged as all of a shard's output."""
        dead = staged.dead
        return cls(
            job=job,
            shard=shard.index,
            shard_id=shard.id,
            files=tuple(_file(f"{part_name(shard.index)}{file.suffix}", file) for file in staged.files),
            rows=staged.rows,
            size_bytes=sum(file.size_bytes for file in staged.files),
            digest=staged.digest,
            schema=staged.schema,
            dead=None if dead is None else _file(f"{DEAD_LETTERS}/{shard.index:06d}.parquet", dead),
            dead_rows=0 if dead is None else dead.rows,
            weights_epoch=weights_epoch,
            weights_digest=weights_digest,
            run=run,
            attempt=attempt,
            replica=replica,
        )

    @property
    def all_files(self) -> tuple[RecordFile, ...]:
        """The files of its rows, and that of its dead letters."""
        return self.files if self.dead is None else (*self.files, self.dead)

    def suffix_of(self, file: RecordFile) -> str:
        """What a file's name says about its format, as `.parquet` or `.embedding.npy`."""
        return file.name.removeprefix(part_name(self.shard))

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Record:
        """Return the record that `to_dict` described."""
        dead = values["dead"]
        return cls(
            **{
                **values,
                "files": tuple(RecordFile(**file) for file in values["files"]),
                "dead": None if dead is None else RecordFile(**dead),
            }
        )


DEAD_LETTERS = "_shoal/dead_letters"


def part_name(shard: int) -> str:
    """What the names of a shard's published files begin with."""
    return f"part-{shard:06d}"


def _file(name: str, staged: StagedFile) -> RecordFile:
    return RecordFile(name=name, staged=staged.path.rpartition("/")[2], rows=staged.rows, size_bytes=staged.size_bytes)
