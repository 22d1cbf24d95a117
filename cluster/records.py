"""Records: which attempt's files are a shard's output. Once a record is written, that is settled for good."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workers.messages import Staged
    from workers.shards import Shard


@dataclass(frozen=True, kw_only=True)
class RecordFile:
    """One data file of a shard.

    Args:
        name: under which it is published in the job folder.
        staged: the name under which the worker staged it.
        rows: number of rows.
        size_bytes: of the file.
        digest: of the rows.
    """

    name: str
    staged: str
    rows: int
    size_bytes: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Record:
    """The committed output of one shard.

    Args:
        job: the job that the shard belongs to.
        shard: its index.
        shard_id: its id, which also covers the source's identity.
        files: in the order of the rows.
        rows: number of rows in all files.
        size_bytes: of all files.
        digest: of the rows of all files.
        schema: names and types of the columns.
        weights_epoch: of the weights that computed the rows.
        weights_digest: of the same; empty without weights.
        attempt: which try it was, from 1.
        replica: which replica it was.
    """

    job: str
    shard: int
    shard_id: str
    files: tuple[RecordFile, ...]
    rows: int
    size_bytes: int
    digest: str
    schema: str
    weights_epoch: int
    weights_digest: str
    attempt: int
    replica: str

    @classmethod
    def of(
        cls,
        shard: Shard,
        staged: Staged,
        *,
        job: str,
        attempt: int,
        replica: str,
        weights_epoch: int,
        weights_digest: str,
    ) -> Record:
        """Return the record that would commit one staged file as all of a shard's output."""
        file = RecordFile(
            name=f"part-{shard.index:06d}.parquet",
            staged=Path(staged.path).name,
            rows=staged.rows,
            size_bytes=staged.size_bytes,
            digest=staged.digest,
        )
        return cls(
            job=job,
            shard=shard.index,
            shard_id=shard.id,
            files=(file,),
            rows=staged.rows,
            size_bytes=staged.size_bytes,
            digest=staged.digest,
            schema=staged.schema,
            weights_epoch=weights_epoch,
            weights_digest=weights_digest,
            attempt=attempt,
            replica=replica,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Record:
        """Return the record that `to_dict` described."""
        return cls(**{**values, "files": tuple(RecordFile(**file) for file in values["files"])})
