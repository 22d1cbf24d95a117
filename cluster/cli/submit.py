"""`shoal submit`, `shoal follow`, `shoal stop`: jobs that run on a Ray cluster, seen from elsewhere."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import typer

from cluster.cli.failing import INTERRUPTED, told_as_one_message
from cluster.errors import SourceNotFoundError, UsageError
from cluster.jobs import Job
from cluster.ray import shipping
from cluster.ray.submission import Ended, Submissions


def submit_job(
    path: Path, *, address: str | None, output: str | None, replicas: int | None, job: str | None, wait: bool
) -> None:
    """Send a job file with its folder to a cluster, and follow it there unless `wait` is false."""
    with told_as_one_message():
        written = Job.as_written(path, output=output, replicas=replicas, backend="ray")
        for name, place in (("source", written.source.path), ("output", written.output)):
            if not Path(place).expanduser().is_absolute():
                raise UsageError(shipping.needs_absolute(name, place))
        folder, command = _command(path.resolve(), written, output=output, replicas=replicas)
        cluster = Submissions(address)
        needed = _needed(path.resolve(), written)
        submitted = cluster.submit(folder, command, runtime_env=written.ray.runtime_env, needed=needed, job=job)
    print(f"shoal: {submitted} runs on {cluster.address}", file=sys.stderr)
    if wait:
        _follow(cluster, submitted)
    else:
        print(submitted)


def follow_job(job: str, *, address: str | None) -> None:
    """Show the log of a job from its start until it ends, and end with its exit status."""
    with told_as_one_message():
        cluster = Submissions(address)
        cluster.ended(job)  # says so if there is no such job
    _follow(cluster, job)


def stop_job(job: str, *, address: str | None) -> None:
    """Stop a job."""
    with told_as_one_message():
        ended = asyncio.run(Submissions(address).stop(job))
    print(f"shoal: {_how(job, ended)}; what is committed stays", file=sys.stderr)


def _command(path: Path, job: Job, *, output: str | None, replicas: int | None) -> tuple[Path, list[str]]:
    """The folder to send, and what to run in its copy."""
    folder = (path.parent / Path(job.working_dir).expanduser()).resolve()
    if not path.is_relative_to(folder):
        raise UsageError(f"{path} lies outside its working_dir {folder}, which is what is sent; move it there")
    command = ["shoal", "run", str(path.relative_to(folder)), "--backend", "ray"]
    if output is not None:
        command += ["--output", output]
    if replicas is not None:
        command += ["--replicas", str(replicas)]
    return folder, command


def _needed(path: Path, job: Job) -> list[Path]:
    """The files that the job reads from the copy of its folder, beside the predictor's."""
    if job.weights is None or Path(job.weights).expanduser().is_absolute():
        return [path]
    weights = path.parent / job.weights
    if not weights.is_file():
        raise SourceNotFoundError(f"there is no weights file {weights}")
    return [path, weights.resolve()]


def _follow(cluster: Submissions, job: str) -> None:
    with told_as_one_message():
        try:
            ended = asyncio.run(_shown(cluster, job))
        except KeyboardInterrupt:
            print(f"\nshoal: {job} goes on; shoal follow {job} shows it, shoal stop {job} ends it", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
    print(f"shoal: {_how(job, ended)}", file=sys.stderr)
    if ended.exit_status:
        raise typer.Exit(ended.exit_status)


async def _shown(cluster: Submissions, job: str) -> Ended:
    while True:
        async for text in cluster.log(job):
            print(text, end="", flush=True)
        ended = cluster.ended(job)
        if ended is not None:
            return ended


def _how(job: str, ended: Ended) -> str:
    said = f": {ended.message}" if ended.status == "FAILED" and ended.message else ""
    return f"{job} {ended.status.lower()}{said}"
