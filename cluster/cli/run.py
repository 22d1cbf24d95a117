"""`shoal run`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import typer

from cluster.cli.failing import told_as_one_message
from cluster.jobs import Job
from cluster.paths import absolute_place


def run_job(path: Path, *, output: str | None, backend: str | None, replicas: int | None, quiet: bool) -> None:
    """Run a job file and print what was done; an error ends the process with status 1 and a message."""
    with told_as_one_message():
        try:
            with _ending_on_sigterm():
                here = None if output is None else absolute_place(output)  # not relative to the job file
                job = Job.from_file(path, output=here, backend=backend, replicas=replicas)
                report = job.run(progress=not quiet)
        except KeyboardInterrupt as error:
            how = "terminated" if isinstance(error, _Terminated) else "interrupted"
            print(f"\nshoal: {how}; what is committed stays, and the same command goes on with it", file=sys.stderr)
            number = signal.SIGTERM if isinstance(error, _Terminated) else signal.SIGINT
            raise typer.Exit(128 + number) from None  # as shells report it
    print(report)


class _Terminated(KeyboardInterrupt):
    """SIGTERM arrived: from a cluster's scheduler as a rule."""


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """End what runs as after Ctrl-C, with its clean-up, instead of at once."""

    def end(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
