"""Weights and rows in Ray's object store: one put for all workers, and one copy on each of their nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import ray

from cluster.ray.telling import store_text
from workers.errors import MemoryFullError
from workers.messages import CancelJob, Command, OpenData
from workers.places import Place, bytes_of, place_of
from workers.shards import MemoryFragment
from workers.weights import SnapshotRef


class SharedObjects:
    """What the workers of one backend share.

    An object lives as long as a new worker may need it: weights until there are others, rows until their job ends.
    What a worker has mapped stays valid for that worker.
    """

    def __init__(self) -> None:
        self._puts: dict[Place, asyncio.Task[ray.ObjectRef[np.ndarray]]] = {}

    async def reference(self, command: Command) -> ray.ObjectRef[np.ndarray] | None:
        """The object that a command refers to; None for one that refers to none.

        Raises:
            MemoryFullError: The object store has no room for it.
            SourceError: A weights file is not what it was when its digest was taken.
            OSError: The rows are gone: their job has ended.
        """
        place = place_of(command)
        if place is None:
            if isinstance(command, CancelJob):
                self._keep(lambda kept: not isinstance(kept, MemoryFragment))
            return None
        if place not in self._puts:
            if isinstance(place, SnapshotRef):
                self._keep(lambda kept: not isinstance(kept, SnapshotRef))
            elif isinstance(command, OpenData):
                self._keep(lambda kept: not isinstance(kept, MemoryFragment))
            self._puts[place] = asyncio.create_task(asyncio.to_thread(_put, place), name="put into Ray's object store")
        try:
            return await asyncio.shield(self._puts[place])
        except Exception:
            self._puts.pop(place, None)  # the next worker may be luckier; and the error holds the bytes
            raise

    async def clear(self) -> None:
        """Let go of everything."""
        puts = list(self._puts.values())
        self._puts.clear()
        await asyncio.gather(*puts, return_exceptions=True)

    def _keep(self, wanted: Callable[[Place], bool]) -> None:
        self._puts = {place: put for place, put in self._puts.items() if wanted(place)}


def _put(place: Place) -> ray.ObjectRef[np.ndarray]:
    memory = bytes_of(place)
    try:
        return ray.put(np.frombuffer(memory, np.uint8))
    except (ray.exceptions.ObjectStoreFullError, ray.exceptions.OutOfDiskError, MemoryError) as error:
        what = "weights" if isinstance(place, SnapshotRef) else "rows"
        raise MemoryFullError(store_text(what, memory.nbytes)) from error
