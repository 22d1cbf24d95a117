"""The workers of a pool, from job to job: who they are, and what they say."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic

from cluster.backends import Backend, Said
from cluster.scheduler import Event, ReplicaBuildFailed, ReplicaLost, ReplicaReady
from workers.messages import BuildFailed, Command, Ready, Report, WorkerExited


@dataclass
class Replica:
    """One worker of the fleet.

    Attributes:
        ready: Whether its predictor or trainer is built.
        pid: Of its process, once ready.
    """

    ready: bool = False
    pid: int | None = None


@dataclass(frozen=True)
class Note:
    """An event of a job's own, such as its consumer's."""

    job: str
    event: Event


class Fleet:
    """Keeps the books of a backend's workers and turns their coming and going into events.

    Everything that the driver must react to comes out of `next`: workers' reports and what consumers `post`.

    Args:
        backend: Runs the workers; closed with the fleet.

    Attributes:
        replicas: The living workers by name.
        next_replica: Number of the next new worker: names are never used twice.
        lost: How many workers ended that nobody asked to.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.replicas: dict[str, Replica] = {}
        self.next_replica = 0
        self.lost = 0
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

    def discard(self, name: str) -> None:
        """End a worker and hear no more of it."""
        if self.replicas.pop(name, None) is not None:
            self.backend.kill(name)

    def post(self, note: Note) -> None:
        """Have `next` return a note."""
        self._inbox.put_nowait(note)

    async def next(self) -> Event | Note | Said:
        """Wait for what comes next: a replica's coming or going, a note, or any other report."""
        while True:
            if self._broken is not None:
                raise self._broken
            item = await self._inbox.get()
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
        await self.backend.close()

    def _noted(self, name: str, report: Report) -> Event | Said:
        match report:
            case Ready(pid=pid):
                self.replicas[name] = Replica(ready=True, pid=pid)
                return ReplicaReady(at_s=monotonic(), replica=name)
            case BuildFailed(failure=failure):
                self.discard(name)
                return ReplicaBuildFailed(at_s=monotonic(), replica=name, failure=failure)
            case WorkerExited(reason=reason):
                del self.replicas[name]
                self.lost += 1
                return ReplicaLost(at_s=monotonic(), replica=name, reason=reason)
        return Said(name, report)

    async def _poll(self) -> None:
        try:
            while True:
                for said in await self.backend.poll():
                    self._inbox.put_nowait(said)
        except Exception as error:  # a bug in the backend must not leave the driver waiting for ever
            self._broken = error
            self._inbox.put_nowait(error)
