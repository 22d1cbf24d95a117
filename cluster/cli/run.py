"""`shoal run`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import typer

from cluster.errors import ClusterError
from cluster.jobs import Job
from cluster.report import RunReport
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
    print(_summary(report))


def _summary(report: RunReport) -> str:
    lines = [
        f"{report.rows:,} rows in {report.shards} shards, in {report.output}",
        f"{report.seconds:.2f} s, {report.rows_per_s:,.0f} rows/s"
        + ("" if report.first_batch_s is None else f", first batch after {report.first_batch_s:.2f} s"),
        f"digest {report.digest}",
    ]
    if report.resumed_shards:
        lines[1] = f"{report.seconds:.2f} s; {report.resumed_shards} shards had been committed before"
    if report.workers_lost:
        lines.insert(2, f"{report.workers_lost} workers were lost and replaced")
    for name, size_bytes in report.private_bytes.items():
        lines.append(f"{name}: {size_bytes / 2**20:.0f} MiB of private memory")
    return "\n".join(lines)
