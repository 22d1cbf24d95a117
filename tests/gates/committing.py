"""A job with a row that dies; as a program, one that kills itself after a number of steps of its writes.

python -m tests.gates.committing OUT SOURCE LOG ADDRESS STEPS
"""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from cluster import Pool, RayBackend
from cluster.folder import JobFolder
from cluster.stores import Checkpoint, uninterrupted

SHARD_ROWS = 8
SHARDS = 3
POISON = 13


class Counted:
    """Twice a number; keeps a list of all rows that it was given to prepare; one row it cannot stomach."""

    def __init__(self, *, log):
        self.log = Path(log)

    def prepare(self, rows):
        with self.log.open("a") as log:
            log.write("".join(f"{row}\n" for row in rows["data"].tolist()))
        return rows

    def __call__(self, batch):
        if POISON in batch["data"]:
            raise ValueError("cannot stomach it")
        return {"y": batch["data"] * 2}


def write_source(path: Path) -> None:
    """Write the rows of the job."""
    np.save(path, np.arange(SHARDS * SHARD_ROWS))


def run(out: str, source: Path, log: Path, address: str = "inline", checkpoint: Checkpoint = uninterrupted) -> None:
    """Do what is left of the job; the address is that of a Ray cluster, or the name of another backend."""
    backend = address if address in ("inline", "local") else RayBackend(address, num_cpus=0.5)
    opened = JobFolder.open
    # The one argument that a pool does not pass on.
    JobFolder.open = functools.partial(opened, checkpoint=checkpoint)  # type: ignore[method-assign]
    try:
        with Pool(Counted, init={"log": str(log)}, replicas=1, backend=backend, max_dead_rows=1) as pool:
            pool.run(source, out, shard_rows=SHARD_ROWS, progress=False)
    finally:
        JobFolder.open = opened  # type: ignore[method-assign]


def run_and_die(out: str, source: Path, log: Path, address: str, steps: int) -> None:
    """Do so in a process that kills itself after that many steps."""
    command = [sys.executable, "-m", "tests.gates.committing", out, str(source), str(log), address, str(steps)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=200)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]


def main() -> None:
    """Run the job, but not to its end."""
    out, source, log, address, steps = sys.argv[1:]
    left = int(steps)

    def die_in_time(step: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    run(out, Path(source), Path(log), address, die_in_time)


if __name__ == "__main__":
    from tests.gates import committing

    committing.main()  # where the predictor is known by the name that it has in tests
