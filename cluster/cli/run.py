"""`shoal run`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import typer

from cluster.errors import ClusterError
from cluster.jobs import Job
from tensor.errors import TensorError
from workers.errors import WorkersError

_INTERRUPTED = 128 + signal.SIGINT  # as shells report it


def run_job(path: Path, *, output: Path | None, backend: str | None, replicas: int | None, quiet: bool) -> None:
    """Run a job file and print what was done; an error ends the process with status 1 and a message."""
    here = None if output is None else os.path.abspath(output)  # noqa: PTH100  (not relative to the job file)
    try:
        job = Job.from_file(path, output=here, backend=backend, replicas=replicas)
        report = job.run(progress=not quiet)
    except (ClusterError, WorkersError, TensorError, OSError) as error:
        print(f"shoal: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        print("\nshoal: interrupted; what is committed stays, and the same command goes on with it", file=sys.stderr)
        raise typer.Exit(_INTERRUPTED) from None
    print(report)
