"""Where a backend's reports wait until the driver polls."""

from __future__ import annotations

import asyncio

from cluster.backends.base import Said
from workers.messages import Report


class Outbox:
    """Reports in the order they were said; taking them is safe against cancellation."""

    def __init__(self) -> None:
        self._said: list[Said] = []
        self._filled = asyncio.Event()

    def put(self, worker: str, report: Report) -> None:
        """Add a report."""
        self._said.append(Said(worker, report))
        self._filled.set()

    async def take(self) -> list[Said]:
        """Wait for at least one report and take them all."""
        await self._filled.wait()
        taken, self._said = self._said, []
        self._filled.clear()
        return taken
