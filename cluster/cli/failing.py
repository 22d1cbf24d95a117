"""How commands fail: one message on standard error, and a status that scripts understand."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cluster.errors import ClusterError
from tensor.errors import TensorError
from workers.errors import WorkersError

INTERRUPTED = 128 + signal.SIGINT
"""As shells report it."""


@contextmanager
def told_as_one_message() -> Iterator[None]:
    """End the command with status 1 and a message where the block raises what a user can do something about."""
    try:
        yield
    except BrokenPipeError:  # nobody reads what we print; `main` knows
        raise
    except (ClusterError, WorkersError, TensorError, OSError) as error:
        print(f"shoal: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
