"""Weights and rows in Ray's object store: one put for all workers, and one copy on each of their nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import ray

from cluster.ray.telling import store_text
from workers.errors import MemoryFullError
from workers.messages import CancelJob, Command, OpenData, ProbeShard, RunShard
from workers.places import Place, bytes_of, place_of
from workers.shards import MemoryFragment
from workers.weights import SnapshotRef


@dataclass
class _Shared:
    """An object, or a put under way, and the job whose rows it holds, if any."""

    put: asyncio.Task[ray.ObjectRef[np.ndarray]]
    job: str = ""


class SharedObjects:
    """What the workers of one backend share.

    An object lives as long as a new worker may need it: weights until there are others, rows until their job ends.
    What a worker has mapped stays valid for that worker.
    """

    def __init__(self) -> None:
        self._shared: dict[Place, _Shared] = {}
        self._dropped: set[asyncio.Task[ray.ObjectRef[np.ndarray]]] = set()

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
                self._drop(lambda kept, shared: shared.job == command.job)
            return None
        if place not in self._shared:
            if isinstance(place, SnapshotRef):
                self._drop(lambda kept, shared: isinstance(kept, SnapshotRef))
            elif isinstance(command, OpenData):
                self._drop(lambda kept, shared: isinstance(kept, MemoryFragment))
            put = asyncio.create_task(asyncio.to_thread(put_bytes, place), name="put into Ray's object store")
            self._shared[place] = _Shared(put)
        shared = self._shared[place]
        if isinstance(command, RunShard | ProbeShard):
            shared.job = command.job
        try:
            return await asyncio.shield(shared.put)
        except Exception:
            self._shared.pop(place, None)  # the next worker may be luckier; and the error holds the bytes
            raise

    async def clear(self) -> None:
        """Let go of everything, once it is there: a put cannot be stopped."""
        self._drop(lambda kept, shared: True)
        if self._dropped:
            await asyncio.wait(self._dropped)

    def _drop(self, unwanted: Callable[[Place, _Shared], bool]) -> None:
        for place in [place for place, shared in self._shared.items() if unwanted(place, shared)]:
            put = self._shared.pop(place).put
            if not put.done():
                self._dropped.add(put)
                put.add_done_callback(self._dropped.discard)


def put_bytes(place: Place) -> ray.ObjectRef[np.ndarray]:
    """Put the bytes of a place into this node's object store; uint8, shape (bytes,).

    Raises:
        MemoryFullError: It has no room for them.
        SourceError: A weights file is not what it was when its digest was taken.
    """
    memory = bytes_of(place)
    try:
        return ray.put(np.frombuffer(memory, np.uint8))
    except (ray.exceptions.ObjectStoreFullError, ray.exceptions.OutOfDiskError, MemoryError) as error:
        what = "weights" if isinstance(place, SnapshotRef) else "rows"
        raise MemoryFullError(store_text(what, memory.nbytes)) from error
