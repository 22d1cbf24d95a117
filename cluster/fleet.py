"""The workers of a pool, from job to job: who they are, and what they say."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from math import inf
from time import monotonic

from cluster.backends import Backend, Said
from cluster.losses import Losses
from cluster.scheduler import Event, ReplicaBuildFailed, ReplicaCondemned, ReplicaLost, ReplicaReady
from workers.messages import (
    BatchDone,
    BatchStarted,
    BuildFailed,
    Command,
    ProbeDone,
    Ready,
    Report,
    ShardDone,
    ShardFailed,
    WorkerExited,
)

_OF_CALLS = BatchStarted | BatchDone | ShardDone | ShardFailed | ProbeDone


@dataclass
class Replica:
    """One worker of the fleet.

    Attributes:
        ready: Whether its predictor or trainer is built.
        pid: Of its process, once ready.
        started_s: When it was started, or told to build its predictor anew, on the monotonic clock.
        killed: Why the driver killed it, while its end has not been heard of yet; empty for others.
    """

    ready: bool = False
    pid: int | None = None
    started_s: float = field(default_factory=monotonic)
    killed: str = ""


@dataclass(frozen=True)
class Note:
    """What a job tells itself: an event, such as its consumer's, or an error that ends it."""

    job: str
    item: Event | Exception


class Fleet:
    """Keeps the books of a backend's workers and turns their coming and going into events.

    Everything that the driver must react to comes out of `next`: workers' reports and what consumers `post`.

    Args:
        backend: Runs the workers; closed with the fleet.
        replaces: Whether others take the place of workers that are lost; else each loss is an error, and needs no line
            in the log.

    Attributes:
        replicas: The living workers by name.
        next_replica: Number of the next new worker: names are never used twice.
        lost: How many workers ended that nobody asked to.
    """

    def __init__(self, backend: Backend, *, replaces: bool = True) -> None:
        self.backend = backend
        self.replicas: dict[str, Replica] = {}
        self.next_replica = 0
        self.lost = 0
        self._losses = Losses() if replaces else None
        self._left: dict[tuple[str, str, int, int], float] = {}
        self._broken: Exception | None = None
        self._inbox: asyncio.Queue[Said | Note | Exception] = asyncio.Queue()
        self._pump = asyncio.get_running_loop().create_task(self._poll(), name="poll the backend")

    def start(self, name: str, first: Command) -> None:
        """Start a worker."""
        self.replicas[name] = Replica()
        self.backend.start(name, first)

    def send(self, name: str, command: Command) -> None:
        """Queue a command; a worker that is gone has no use for it."""
        if name in self.replicas:
            self.backend.submit(name, command)

    def kill_all(self) -> None:
        """End every worker; the next job starts others."""
        for name in list(self.replicas):
            self.discard(name)

    def kill(self, name: str, reason: str) -> None:
        """End a worker; that it is lost, for this reason, follows after all that it said before."""
        if name in self.replicas:
            self.replicas[name].killed = reason
            self.backend.kill(name)

    def discard(self, name: str) -> None:
        """End a worker and hear no more of it."""
        if self.replicas.pop(name, None) is not None:
            self.backend.kill(name)

    def leave(self, name: str, job: str, shard: int, attempt: int, due_s: float) -> None:
        """A job is over, and a worker may be busy with a call of it: kill it at `due_s`, on the monotonic clock."""
        self._left[name, job, shard, attempt] = due_s

    def post(self, note: Note) -> None:
        """Have `next` return a note."""
        self._inbox.put_nowait(note)

    async def next(self, *, until_s: float | None = None) -> Event | Note | Said | None:
        """Wait for what comes next: a replica's coming or going, a note, or any other report.

        Args:
            until_s: When to stop waiting, on the monotonic clock; None for never.

        Returns:
            None when that time has come.
        """
        while True:
            if self._broken is not None:
                raise self._broken
            due_s = min(self._left.values(), default=inf)
            try:
                item = await self._arrived(_earliest(until_s, due_s))
            except TimeoutError:
                if monotonic() < due_s:
                    return None
                condemned = self._condemn(due_s)
                if condemned is None:
                    continue
                return condemned
            if isinstance(item, Exception):
                raise item
            if isinstance(item, Note):
                return item
            if item.worker in self.replicas:
                return self._noted(item.worker, item.report)

    async def private_bytes(self) -> dict[str, int]:
        """Memory of its own that each ready worker has, where the backend can tell."""
        ready = [name for name, replica in self.replicas.items() if replica.ready]
        found = await asyncio.gather(*map(self.backend.private_bytes, ready))
        return {name: size_bytes for name, size_bytes in zip(ready, found, strict=True) if size_bytes is not None}

    async def close(self) -> None:
        """End all workers and wait until they are gone."""
        self._pump.cancel()
        self.replicas.clear()
        if self._losses is not None:
            self._losses.tell_rest()
        await self.backend.close()

    async def _arrived(self, until_s: float | None) -> Said | Note | Exception:
        if not self._inbox.empty() or until_s is None:
            return await self._inbox.get()
        async with asyncio.timeout(max(0.0, until_s - monotonic())):
            return await self._inbox.get()  # cancelled, it takes nothing out

    def _noted(self, name: str, report: Report) -> Event | Said:
        match report:
            case Ready(pid=pid):
                self.replicas[name].ready, self.replicas[name].pid = True, pid
                return ReplicaReady(at_s=monotonic(), replica=name)
            case BuildFailed(failure=failure):
                self.discard(name)
                return ReplicaBuildFailed(at_s=monotonic(), replica=name, failure=failure)
            case WorkerExited(reason=reason):
                reason = self.replicas.pop(name).killed or reason
                self.lost += 1
                if self._losses is not None:
                    self._losses.add(name, reason)
                return ReplicaLost(at_s=monotonic(), replica=name, reason=reason)
        if self._left and isinstance(report, _OF_CALLS):
            self._left.pop((name, report.job, report.shard, report.attempt), None)
        return Said(name, report)

    def _condemn(self, due_s: float) -> ReplicaCondemned | None:
        """Kill the worker that has been busy for too long with a job that is over, if it still lives."""
        call = next(call for call, when_s in self._left.items() if when_s == due_s)
        del self._left[call]
        name = call[0]
        if name not in self.replicas:
            return None
        self.kill(name, "killed by the driver: it hung in a call of a job that was over")
        return ReplicaCondemned(at_s=monotonic(), replica=name)

    async def _poll(self) -> None:
        try:
            while True:
                for said in await self.backend.poll():
                    self._inbox.put_nowait(said)
        except Exception as error:  # a bug in the backend must not leave the driver waiting for ever
            self._broken = error
            self._inbox.put_nowait(error)


def _earliest(until_s: float | None, due_s: float) -> float | None:
    """The earlier of two times, of which None and infinity are never."""
    first_s = due_s if until_s is None else min(until_s, due_s)
    return None if first_s == inf else first_s
