"""The `shoal` command. Nothing heavy is imported before a command needs it: `shoal --help` must answer at once."""

from __future__ import annotations

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
    output: Annotated[Path | None, typer.Option(help="Write here instead of the job file's output.")] = None,
    backend: Annotated[str | None, typer.Option(help="local or inline; overrides the job file.")] = None,
    replicas: Annotated[int | None, typer.Option(help="Workers; overrides the job file.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Run a job, or go on with one that was interrupted."""
    from cluster.cli.run import run_job

    run_job(job, output=output, backend=backend, replicas=replicas, quiet=quiet)


@app.command()
def doctor() -> None:
    """Say what this machine gives shoal, and what stands in its way."""
    from cluster.cli.doctor import examine

    raise typer.Exit(examine())


def main() -> None:
    """Entry point of the command."""
    app()
