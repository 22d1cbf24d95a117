"""The fake backend: real predictors, scripted faults. It ships, for tests of this project and of its users.

    backend = FakeBackend([Lose(report=5), Repeat(report=9)])

Workers run in this process as with `inline`, so results are real; what the script changes is which reports arrive, how
often, and when a worker is lost. No process, no clock: the same script gives the same history each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cluster.backends.base import Capabilities, Said
from cluster.backends.inline import InlineBackend
from workers.messages import Command, WorkerExited


@dataclass(frozen=True)
class Fault:
    """Something goes wrong at one report.

    Attributes:
        report: Which, counted from 1 over all workers.
    """

    report: int


@dataclass(frozen=True)
class Lose(Fault):
    """The worker dies instead of saying it.

    Attributes:
        reason: As the driver will hear it.
    """

    reason: str = "killed by SIGKILL"


@dataclass(frozen=True)
class Repeat(Fault):
    """It arrives twice."""


class FakeBackend:
    """Runs workers in this process and lets a script go wrong with their reports.

    Args:
        script: The faults; several at one report happen in this order.

    Attributes:
        reports: How many reports were made so far.
    """

    name = "fake"
    capabilities = Capabilities(isolates=True, can_kill=True, in_process=True)

    def __init__(self, script: Iterable[Fault] = ()) -> None:
        self._workers = InlineBackend()
        self._script: dict[int, list[Fault]] = {}
        for fault in script:
            self._script.setdefault(fault.report, []).append(fault)
        self._lost: dict[str, str] = {}
        self.reports = 0

    @property
    def environment(self) -> Mapping[str, str]:
        """See `Backend.environment`."""
        return {}

    async def open(self, workers: int | None, environment: Mapping[str, str]) -> int:
        """See `Backend.open`."""
        return await self._workers.open(workers, environment)

    def start(self, worker: str, first: Command) -> None:
        """See `Backend.start`."""
        self._workers.start(worker, first)

    def submit(self, worker: str, command: Command) -> None:
        """See `Backend.submit`."""
        self._workers.submit(worker, command)

    def kill(self, worker: str) -> None:
        """See `Backend.kill`."""
        self._workers.kill(worker)

    async def poll(self) -> Sequence[Said]:
        """See `Backend.poll`."""
        while True:
            heard = [changed for said in await self._workers.poll() for changed in self._change(said)]
            if heard:
                return heard

    async def private_bytes(self, worker: str) -> int | None:
        """See `Backend.private_bytes`."""
        return None

    async def close(self) -> None:
        """See `Backend.close`."""
        await self._workers.close()

    def _change(self, said: Said) -> list[Said]:
        if isinstance(said.report, WorkerExited):
            return [Said(said.worker, WorkerExited(self._lost.pop(said.worker, said.report.reason)))]
        if said.worker in self._lost:
            return []
        self.reports += 1
        heard = [said]
        for fault in self._script.get(self.reports, ()):
            match fault:
                case Lose(reason=reason):
                    self._lost[said.worker] = reason
                    self._workers.kill(said.worker)
                    heard = []
                case Repeat():
                    heard = heard * 2
        return heard
