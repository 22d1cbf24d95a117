"""A small job that commits three shards; as a program, one that kills itself after a given number of steps.

python -m tests.cluster.committer PLACE STEPS
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cluster.folder import JobFolder, Record, RecordFile
from workers import storage

IDENTITY = {"source": {"path": "/data/x.npy", "size_bytes": 80}, "predictor": "models:Embed", "plan": ["a", "b"]}
SHARDS = 3


def stage(
    job: JobFolder, shard: int, *parts: bytes, attempt: int = 1, replica: str = "w0", dead: bytes = b""
) -> Record:
    """Stage data as an attempt's output, and return the record that would commit it."""
    prefix = job.staged_prefix(shard, attempt=attempt, replica=replica)

    def staged(name: str, suffix: str, data: bytes) -> RecordFile:
        place = f"{prefix}{suffix}.staged"
        with storage.open_output(place) as file:
            file.write(data)
        return RecordFile(name=name, staged=place.rpartition("/")[2], rows=1, size_bytes=len(data))

    suffixes = [".parquet", *(f".{index}.npy" for index in range(1, len(parts)))]
    files = [staged(f"part-{shard:06d}{suffix}", suffix, data) for suffix, data in zip(suffixes, parts, strict=False)]
    letters = staged(f"_shoal/dead_letters/{shard:06d}.parquet", ".dead.parquet", dead) if dead else None
    return Record(
        job=job.job,
        shard=shard,
        shard_id=f"{shard:06d}-abc",
        files=tuple(files),
        rows=len(files[:1]),
        size_bytes=sum(map(len, parts)),
        digest=hashlib.sha256(b"".join(parts)).hexdigest(),
        schema="{}",
        dead=letters,
        dead_rows=1 if letters else 0,
        weights_epoch=0,
        weights_digest="",
        run=job.run,
        attempt=attempt,
        replica=replica,
    )


def run(place: str | Path, checkpoint: Callable[[str], None] = lambda step: None) -> JobFolder:
    """Do what is left of the job: one shard of two files, one of which a row died, one with two attempts staged."""
    job = JobFolder.open(place, IDENTITY, shards=SHARDS, checkpoint=checkpoint)
    for shard in sorted(set(range(SHARDS)) - job.committed().keys()):
        job.check_fence()
        parts = [b"rows of shard %d" % shard, b"more"][: 2 if shard == 0 else 1]
        record = stage(job, shard, *parts, dead=b"a letter" if shard == 1 else b"")
        if shard == 2:
            stage(job, shard, b"of a slower attempt", attempt=2)
        job.commit(record)
    job.finish({"rows": SHARDS})
    return job


WHOLE = {
    "part-000000.parquet": b"rows of shard 0",
    "part-000000.1.npy": b"more",
    "part-000001.parquet": b"rows of shard 1",
    "_shoal/dead_letters/000001.parquet": b"a letter",
    "part-000002.parquet": b"rows of shard 2",
}


def run_and_die(place: str | Path, steps: int) -> None:
    """Do so in a process that kills itself after that many steps."""
    command = [sys.executable, "-m", "tests.cluster.committer", str(place), str(steps)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


def files(place: str | Path) -> dict[str, bytes]:
    """The published files of a job folder."""
    return {
        name: data
        for name, data in contents(place).items()
        if "/" not in name or name.startswith("_shoal/dead_letters")
    }


def leftovers(place: str | Path) -> list[str]:
    """What lies in the folders of things that should not last."""
    return [name for name in contents(place) if name.startswith(("_shoal/staged", "_shoal/temporary"))]


def contents(place: str | Path) -> dict[str, bytes]:
    """All files, by name within the folder."""
    found = {}
    for info in storage.list_files(str(place)):
        with storage.open_input(info.place) as file:
            found[info.place[len(str(place)) + 1 :]] = file.read()
    return found


if __name__ == "__main__":
    left = int(sys.argv[2])

    def die_in_time(step: str) -> None:
        """Count down."""
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    run(sys.argv[1], die_in_time)
