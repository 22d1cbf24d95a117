"""What a backend is: workers by name, commands down, reports up.

Four implementations: `inline` (in this process), `local` (child processes), `ray` (actors, in `cluster.ray`) and `fake`
(scripted faults, for tests). One contract suite runs over all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from workers.messages import Command, Report


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a backend can do.

    Attributes:
        isolates: A worker that crashes takes nothing else down.
        can_kill: A worker can be stopped while it computes.
        in_process: Workers compute in the driver's own process.
    """

    isolates: bool
    can_kill: bool
    in_process: bool = False


@dataclass(frozen=True)
class Said:
    """A report, and the worker that made it."""

    worker: str
    report: Report


class Backend(Protocol):
    """Runs workers. All methods are called from the driver's event loop.

    It is opened first, and closed last. A worker is started with a command that builds it, and answers `Ready` or
    `BuildFailed`. It carries out commands one after the other, in order. Its last report is `WorkerExited`, whatever
    ended it, and comes after all that it said.
    """

    name: str
    capabilities: Capabilities

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that its workers have in place of the driver's, where the user has set any."""
        ...

    async def open(self, workers: int | None, environment: Mapping[str, str]) -> int:
        """Get ready to run workers.

        Args:
            workers: How many there are to be; None for as many as suit the place.
            environment: Variables that they must have before they load NumPy.

        Returns:
            How many to keep: fewer than asked for where there is no room for more, which it says in the log.

        Raises:
            UsageError: No worker could ever start.
            BackendFailed: The place where they would run cannot be had.
        """
        ...

    def start(self, worker: str, first: Command) -> None:
        """Start a worker under a name that is not in use; one that cannot be started is reported as `WorkerExited`."""
        ...

    def submit(self, worker: str, command: Command) -> None:
        """Queue a command; one for a worker that is gone is dropped, as its `WorkerExited` is on the way."""
        ...

    def kill(self, worker: str) -> None:
        """End a worker now, if it lives; its `WorkerExited` follows.

        A backend without `can_kill` ends it before its next batch.
        """
        ...

    async def poll(self) -> Sequence[Said]:
        """Wait until workers have said something, and return all of it; nothing is lost when the wait is cancelled."""
        ...

    async def private_bytes(self, worker: str) -> int | None:
        """Memory that belongs to this worker alone, without what it maps; None where it has no process of its own."""
        ...

    async def close(self) -> None:
        """End all workers and wait until they are gone; may be called twice."""
        ...
