"""Serving a driver: commands in, reports out, whatever carries them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing

from workers.code import CodeRef
from workers.failures import Step, failure_of
from workers.messages import BuildPredictor, BuildTrainer, CancelJob, CancelShard, Command, ProbeShard, Report, RunShard
from workers.roles import worker_for


class Commands:
    """Commands in the order in which they came; those that were cancelled are dropped before anybody sees them.

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
        """Whether the driver gave up what `command` belongs to; takes in what has arrived, without waiting."""
        while self._has_more():
            arrived = self._receive()
            if arrived is None:
                return True
            self._waiting.append(arrived)
        cancels = [waiting for waiting in self._waiting if isinstance(waiting, CancelJob | CancelShard)]
        if not cancels:
            return False
        self._waiting = deque(
            waiting
            for waiting in self._waiting
            if waiting not in cancels and not any(cancel.covers(waiting) for cancel in cancels)
        )
        return any(cancel.covers(command) for cancel in cancels)

    def upcoming(self) -> Command | None:
        """The next command, if it is here."""
        return self._waiting[0] if self._waiting else None


def serve(
    commands: Commands, *, import_code: Callable[[CodeRef], None], say: Callable[[Report], None] | None = None
) -> Generator[Report, None, None]:
    """Build the worker that the first command describes and carry out the others, until there are no more.

    Args:
        commands: Where they come from.
        import_code: Makes the user's class importable in this process, before it is built.
        say: Sends a report from another thread than the one that takes them from here, and returns when it is on its
            way: before user code can end the process. Without it, nothing is read ahead.

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
                    if not isinstance(command, RunShard | ProbeShard):
                        continue
                    is_over = commands.cancelled(command)
                    if say is not None:  # a probe is to be alone
                        worker.look_ahead(commands.upcoming() if isinstance(command, RunShard) else None, say)
                    if is_over:
                        break
    except SystemExit as error:
        failure = failure_of(error, Step("user", first.code.name))
        error.add_note(f"{first.replica}: {failure.line or failure.where} called sys.exit({error.code!r})")
        raise
    finally:
        worker.close()
