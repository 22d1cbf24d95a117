"""A small job that commits three shards; as a program, one that kills itself after a given number of steps.

python -m tests.cluster.committer FOLDER STEPS
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from cluster.folder import JobFolder, Record, RecordFile

IDENTITY = {"source": {"path": "/data/x.npy", "size_bytes": 80}, "predictor": "models:Embed", "plan": ["a", "b"]}
SHARDS = 3


def stage(job: JobFolder, shard: int, data: bytes, *, attempt: int = 1, replica: str = "w0") -> Record:
    """Stage data as an attempt's output, and return the record that would commit it."""
    path = job.staged_path(shard, attempt=attempt, replica=replica)
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    file = RecordFile(name=f"part-{shard:06d}.parquet", staged=path.name, rows=1, size_bytes=len(data), digest=digest)
    return Record(
        job=job.job,
        shard=shard,
        shard_id=f"{shard:06d}-abc",
        files=(file,),
        rows=1,
        size_bytes=len(data),
        digest=digest,
        schema="{}",
        weights_epoch=0,
        weights_digest="",
        attempt=attempt,
        replica=replica,
    )


def run(folder: Path, checkpoint: Callable[[str], None] = lambda step: None) -> JobFolder:
    """Do what is left of the job."""
    job = JobFolder.open(folder, IDENTITY, shards=SHARDS, checkpoint=checkpoint)
    for shard in sorted(set(range(SHARDS)) - job.committed().keys()):
        job.commit(stage(job, shard, b"rows of shard %d" % shard))
    job.finish({"rows": SHARDS})
    return job


def files(folder: Path) -> dict[str, bytes]:
    """The published files of a job folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def leftovers(folder: Path) -> list[str]:
    """What lies in the folders of things that should not last."""
    return [path.name for inner in ("staged", "temporary") for path in (folder / "_shoal" / inner).iterdir()]


if __name__ == "__main__":
    left = int(sys.argv[2])

    def die_in_time(step: str) -> None:
        """Count down."""
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    run(Path(sys.argv[1]), die_in_time)
