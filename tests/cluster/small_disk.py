"""A job on a disk that fills up, and becomes read-only; to be run where such a disk can be had.

python -m tests.cluster.small_disk FOLDER: the folder is the root of a file system of its own, of about 256 KiB.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cluster.errors import JobFolderError
from cluster.folder import JobFolder
from tests.cluster.committer import IDENTITY, stage


def fails(action: Callable[[], object], words: str) -> None:
    """Check that something ends with a clear error."""
    with pytest.raises(JobFolderError, match=words):
        action()


def main(root: Path) -> None:
    """Fill it, and see what becomes of the job."""
    job = JobFolder.open(root / "out", IDENTITY, shards=3)
    first, second = stage(job, 0, b"first"), stage(job, 1, b"second")
    job.commit(first)

    filler = root / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    fails(lambda: job.commit(second), "No space left on device")
    fails(lambda: JobFolder.open(root / "another", IDENTITY, shards=3), "No space left on device")
    job.fail({"status": "failed"})  # has no room either, and says nothing
    assert job.committed() == {0: first}

    filler.unlink()
    assert job.commit(second) == second
    again = JobFolder.open(root / "out", IDENTITY, shards=3)
    assert again.committed() == {0: first, 1: second}

    third = stage(again, 2, b"third")
    subprocess.run(["mount", "-o", "remount,ro", root], check=True)
    fails(lambda: again.commit(third), "Read-only file system")
    fails(lambda: JobFolder.open(root / "out", IDENTITY, shards=3), "It must be writable")
    assert JobFolder.load(root / "out").committed() == {0: first, 1: second}
    print("done")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
