"""What both pools are from outside: a driver in a thread of its own, started at first use, ended with the pool."""

from __future__ import annotations

import atexit
import threading
import weakref
from types import TracebackType
from typing import Protocol, Self

from cluster.errors import UsageError
from cluster.loop import LoopThread
from workers.weights import WeightSnapshot


class Driven(Protocol):
    """What the thread drives: some workers."""

    async def open(self) -> None:
        """Start the workers."""
        ...

    async def close(self) -> None:
        """End the workers and wait until they are gone."""
        ...

    def kill(self) -> None:
        """End the workers at once, without waiting."""
        ...


class Door:
    """Lets callers of any thread in, and out again, whatever state they leave things in.

    Args:
        driven: The workers.
        weights: Held until the pool is closed.
        name: Of the thread.
    """

    def __init__(self, driven: Driven, weights: WeightSnapshot | None, *, name: str) -> None:
        self._driven = driven
        self._weights = weights
        self._name = name
        self._starting = threading.RLock()
        self._thread: LoopThread | None = None
        self._closed = False

    def close(self) -> None:
        """End the workers and wait until they are gone; may be called twice."""
        with self._starting:
            self._closed = True
            if self._thread is not None:
                self._finalizer.detach()
                atexit.unregister(self._finalizer)
                _shut_down(self._thread, self._driven)
                self._thread = None
            self._hold(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _loop(self) -> LoopThread:
        """The driver's thread; the first call starts it, and the workers."""
        with self._starting:
            if self._closed:
                raise UsageError("this pool was closed; make a new one")
            if self._thread is None:
                thread = LoopThread(self._name)
                # For a pool that is dropped or still open when Python ends, while threads still run.
                self._finalizer = weakref.finalize(self, _shut_down, thread, self._driven)
                # Finalizers run at exit too, but after the exit hook of whatever was imported since the first of them
                # was made; and a pool needs its libraries until it has ended.
                atexit.register(self._finalizer)
                try:
                    thread.run(self._driven.open())
                except BaseException:  # the next call may be luckier
                    self._finalizer()
                    atexit.unregister(self._finalizer)
                    raise
                self._thread = thread
            return self._thread

    def _hold(self, weights: WeightSnapshot | None) -> None:
        """Hold these weights in place of those before."""
        before, self._weights = self._weights, weights
        if before is not None:
            before.close()


def _shut_down(thread: LoopThread, driven: Driven) -> None:
    """End a pool's workers and its thread."""
    if thread.is_current():  # where the garbage collector may bring us: nobody waits for what a thread does to itself
        thread.send(driven.kill)
        return
    try:
        thread.run(driven.close())
        thread.close()
    except BaseException:  # interrupted: whoever cannot wait must not leave workers behind
        thread.send(driven.kill)
        raise
