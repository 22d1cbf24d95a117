"""Which worker a first command asks for."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol

from workers.messages import BuildPredictor, BuildTrainer, Command, Report


class Worker(Protocol):
    """What all workers are: commands in, reports out, one at a time."""

    def start(self) -> Report:
        """Build the user's class: `Ready` or `BuildFailed`."""
        ...

    def handle(self, command: Command) -> Generator[Report, None, None]:
        """Carry out one command; closing the generator early drops the rest of the work."""
        ...

    def look_ahead(self, command: Command | None, say: Callable[[Report], None]) -> None:
        """Hear which command is the next one, and perhaps begin what does no harm if it is dropped.

        Called while `handle` is between two reports. `say` sends a report from any thread.
        """
        ...

    def close(self) -> None:
        """End what was begun; the last call."""
        ...


def worker_for(command: Command) -> Worker:
    """The worker that `command`, its first, describes; each kind's module is imported only where it is needed."""
    match command:
        case BuildPredictor():
            from workers.inference import InferenceWorker

            return InferenceWorker(command)
        case BuildTrainer():
            from workers.training import TrainingWorker

            return TrainingWorker(command)
    raise TypeError(f"the first command of a worker builds something; got {type(command).__name__}")
