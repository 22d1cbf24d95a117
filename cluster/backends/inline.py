"""The inline backend: workers in this very process, a batch at a time. For debugging, notebooks and small jobs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

from cluster.backends.base import Capabilities, Said
from workers.messages import (
    CancelJob,
    CancelShard,
    Command,
    Report,
    WorkerExited,
    decode_command,
    decode_report,
    encode,
)
from workers.roles import Worker, worker_for


@dataclass
class _Worker:
    first: Command
    commands: deque[Command] = field(default_factory=deque)
    worker: Worker | None = None
    running: Command | None = None
    reports: Generator[Report, None, None] | None = None

    @property
    def has_work(self) -> bool:
        return self.worker is None or self.reports is not None or bool(self.commands)

    def step(self) -> Report | None:
        """Go on to the next report; None when a command is through."""
        if self.worker is None:
            self.worker = worker_for(self.first)
            return self.worker.start()
        if self.reports is None:
            self.running = self.commands.popleft()
            self.reports = self.worker.handle(self.running)
        report = next(self.reports, None)
        if report is None:
            self.stop_running()
        return report

    def cancel(self, cancel: CancelJob | CancelShard) -> None:
        self.commands = deque(command for command in self.commands if not cancel.covers(command))
        if self.running is not None and cancel.covers(self.running):
            self.stop_running()

    def stop_running(self) -> None:
        if self.reports is not None:
            self.reports.close()
        self.reports = self.running = None

    def end(self) -> None:
        self.stop_running()
        if self.worker is not None:
            self.worker.close()


class InlineBackend:
    """Runs every worker in turn, a report at a time, when it is polled. Shards are read when it is their turn.

    Commands and reports pass through the wire as with real workers, so results share no memory with the user's code,
    and what could not travel fails here too.
    """

    name = "inline"
    capabilities = Capabilities(isolates=False, can_kill=False, in_process=True)

    def __init__(self) -> None:
        self._workers: dict[str, _Worker] = {}
        self._turns: deque[str] = deque()
        self._exited: list[Said] = []
        self._work = asyncio.Event()

    @property
    def environment(self) -> Mapping[str, str]:
        """See `Backend.environment`."""
        return {}

    async def open(self, workers: int | None, environment: Mapping[str, str]) -> int:
        """See `Backend.open`: one worker by default, as more would not be faster; NumPy is loaded already."""
        return workers or 1

    def start(self, worker: str, first: Command) -> None:
        """See `Backend.start`."""
        self._workers[worker] = _Worker(_travelled(first))
        self._turns.append(worker)
        self._work.set()

    def submit(self, worker: str, command: Command) -> None:
        """See `Backend.submit`."""
        if worker not in self._workers:
            return
        if isinstance(command, CancelJob | CancelShard):
            self._workers[worker].cancel(command)
        else:
            self._workers[worker].commands.append(_travelled(command))
            self._work.set()

    def kill(self, worker: str) -> None:
        """See `Backend.kill`."""
        self._end(worker, "killed by the driver")

    async def poll(self) -> Sequence[Said]:
        """See `Backend.poll`."""
        while True:
            await self._work.wait()
            await asyncio.sleep(0)  # let the driver's other tasks run between two batches
            if self._exited:
                said, self._exited = self._exited, []
                return said
            worker = next((name for name in self._turns if self._workers[name].has_work), None)
            if worker is None:
                self._work.clear()
                continue
            self._turns.remove(worker)
            self._turns.append(worker)
            report = self._step(worker)
            if report is not None:
                return [Said(worker, decode_report(b"".join(encode(report))))]

    async def private_bytes(self, worker: str) -> int | None:
        """See `Backend.private_bytes`."""
        return None

    async def close(self) -> None:
        """See `Backend.close`."""
        for worker in list(self._workers):
            self._end(worker, "closed")

    def _step(self, worker: str) -> Report | None:
        try:
            return self._workers[worker].step()
        except BaseException as error:  # what would end a process: SystemExit, KeyboardInterrupt, a user's own
            self._end(worker, f"ended by {type(error).__name__}({', '.join(map(repr, error.args))})")
            return None

    def _end(self, worker: str, reason: str) -> None:
        if worker in self._workers:
            self._workers.pop(worker).end()
            self._turns.remove(worker)
            self._exited.append(Said(worker, WorkerExited(reason)))
            self._work.set()


def _travelled(command: Command) -> Command:
    return decode_command(b"".join(encode(command)))
