"""The `shoal` command. Nothing heavy is imported before a command needs it: `shoal --help` must answer at once."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Fan a dataset out over model replicas; gather results that can never be trained on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"shoal {metadata.version('shoal')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    job: Annotated[Path, typer.Argument(help="The job file, such as job.toml.", show_default=False)],
    output: Annotated[str | None, typer.Option(help="Write here instead of the job file's output.")] = None,
    backend: Annotated[str | None, typer.Option(help="local, ray or inline; overrides the job file.")] = None,
    replicas: Annotated[int | None, typer.Option(help="Workers; overrides the job file.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Run a job, or go on with one that was interrupted."""
    from cluster.cli.run import run_job

    run_job(job, output=output, backend=backend, replicas=replicas, quiet=quiet)


_ADDRESS = typer.Option(
    help="The cluster's dashboard, http://host:port; by default RAY_API_SERVER_ADDRESS, or port 8265 here.",
    show_default=False,
)


@app.command()
def submit(
    job: Annotated[Path, typer.Argument(help="The job file; its working_dir is sent along.", show_default=False)],
    address: Annotated[str | None, _ADDRESS] = None,
    output: Annotated[str | None, typer.Option(help="Write there instead, on the cluster's storage.")] = None,
    replicas: Annotated[int | None, typer.Option(help="Workers; overrides the job file.")] = None,
    name: Annotated[str | None, typer.Option("--id", help="The job's id on the cluster; made up by default.")] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Print the id and leave, instead of following.")] = False,
) -> None:
    """Run a job on a Ray cluster, from anywhere: send it there, show its log, end with its status."""
    from cluster.cli.submit import submit_job

    submit_job(job, address=address, output=output, replicas=replicas, job=name, wait=not no_wait)


@app.command()
def follow(
    job: Annotated[str, typer.Argument(help="The id that `shoal submit` printed.", show_default=False)],
    address: Annotated[str | None, _ADDRESS] = None,
) -> None:
    """Show the log of a submitted job from its start to its end, and end with its status."""
    from cluster.cli.submit import follow_job

    follow_job(job, address=address)


@app.command()
def stop(
    job: Annotated[str, typer.Argument(help="The id that `shoal submit` printed.", show_default=False)],
    address: Annotated[str | None, _ADDRESS] = None,
) -> None:
    """Stop a submitted job; what it has committed stays, and submitting it again goes on."""
    from cluster.cli.submit import stop_job

    stop_job(job, address=address)


@app.command()
def status(
    output: Annotated[str, typer.Argument(help="The folder that the job writes to.", show_default=False)],
) -> None:
    """Say how far a job is, or how it ended, and which rows it gave up."""
    from cluster.cli.status import show_status

    show_status(output)


@app.command()
def doctor() -> None:
    """Say what this machine gives shoal, and what stands in its way."""
    from cluster.cli.doctor import examine

    raise typer.Exit(examine())


def main() -> None:
    """Entry point of the command."""
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:  # the reader of `shoal … | head` has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more as it ends
        sys.exit(1)
