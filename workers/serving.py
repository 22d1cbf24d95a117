"""Serving a driver: commands in, reports out, whatever carries them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing

from workers.code import CodeRef
from workers.failures import Step, failure_of
from workers.messages import BuildPredictor, BuildTrainer, CancelJob, Command, Report, RunShard
from workers.roles import worker_for


class Commands:
    """Commands in the order in which they came; a cancelled job's are dropped before anybody sees them.

    Args:
        receive: Waits for the next command; None when the driver is gone.
        has_more: Whether `receive` would return at once.
    """

    def __init__(self, receive: Callable[[], Command | None], has_more: Callable[[], bool]) -> None:
        self._receive = receive
        self._has_more = has_more
        self._waiting: deque[Command] = deque()

    def next(self) -> Command | None:
        """Wait for a command; None when the driver is gone."""
        return self._waiting.popleft() if self._waiting else self._receive()

    def cancelled(self, command: Command) -> bool:
        """Whether the driver gave up the job that `command` belongs to; takes in what has arrived, without waiting."""
        while self._has_more():
            arrived = self._receive()
            if arrived is None:
                return True
            self._waiting.append(arrived)
        cancelled = {waiting.job for waiting in self._waiting if isinstance(waiting, CancelJob)}
        if not cancelled:
            return False
        self._waiting = deque(waiting for waiting in self._waiting if getattr(waiting, "job", None) not in cancelled)
        return getattr(command, "job", None) in cancelled


def serve(commands: Commands, *, import_code: Callable[[CodeRef], None]) -> Generator[Report, None, None]:
    """Build the worker that the first command describes and carry out the others, until there are no more.

    Args:
        commands: Where they come from.
        import_code: Makes the user's class importable in this process, before it is built.

    Raises:
        SystemExit: The user's code ends the process; a note of the error says which line.
    """
    first = commands.next()
    if not isinstance(first, BuildPredictor | BuildTrainer):
        return
    import_code(first.code)
    worker = worker_for(first)
    try:
        yield worker.start()
        while (command := commands.next()) is not None:
            with closing(worker.handle(command)) as reports:  # closed early, it drops what it staged
                for report in reports:
                    yield report
                    if isinstance(command, RunShard) and commands.cancelled(command):
                        break
    except SystemExit as error:
        failure = failure_of(error, Step("user", first.code.name))
        error.add_note(f"{first.replica}: {failure.line or failure.where} called sys.exit({error.code!r})")
        raise
