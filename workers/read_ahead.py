"""One shard read and prepared in a thread, while another one is computed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from threading import Thread

from workers.attempt import AttemptFailed
from workers.messages import BatchDone, BatchStarted, Report, RunShard
from workers.preparing import Prepared


class ReadAhead:
    """Reads and prepares one shard; the thread starts with it.

    Its reports are said the moment they are due, from this thread: when `prepare` ends the process or hangs, the driver
    knows of which shard.

    Args:
        command: The shard.
        steps: What to do: yields reports, returns the rows.
        say: Sends a report, and returns when it is on its way.

    Raises:
        RuntimeError: There is no room for a thread.
    """

    def __init__(
        self, command: RunShard, steps: Generator[Report, None, Prepared], say: Callable[[Report], None]
    ) -> None:
        self.command = command
        self._steps = steps
        self._say = say
        self._dropped = False
        self._prepared: Prepared | None = None
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name=f"reading shard {command.shard.index}", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether the thread is at it."""
        return self._thread.is_alive()

    def result(self) -> Prepared:
        """Wait for the rows.

        Raises:
            BaseException: What was raised on the way, as `AttemptFailed`, or `SystemExit` of the user's.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._prepared is not None, "dropped"
        return self._prepared

    def drop(self) -> None:
        """Have it end after the call of the user's code that it is in, if any; nobody wants the rows."""
        self._dropped = True
        self._prepared = None

    def close(self) -> None:
        """Drop it, and wait for the end of the thread."""
        self.drop()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._take_steps()
        except StopIteration as done:
            self._prepared = done.value
            if self._dropped:
                self._prepared = None
        except BaseException as error:  # raised again where the rows are asked for: it may mean to end the worker
            self._error = error
        finally:
            self._steps.close()

    def _take_steps(self) -> None:
        begun = None
        try:
            while not self._dropped:
                report = next(self._steps)
                begun = report if isinstance(report, BatchStarted) else None
                self._say(report)
        except AttemptFailed:
            self._say_over(begun)
            raise
        self._say_over(begun)

    def _say_over(self, begun: BatchStarted | None) -> None:
        """Its deadline is not to ring for a call that is through, or is not to come."""
        if begun is not None:
            self._say(BatchDone(begun.job, begun.shard, begun.attempt, begun.batch, 0, None, 0))
