"""An event loop in a thread of its own, so that one driver serves sync and async callers alike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import Any, Generic, TypeVar

from cluster.errors import ClusterError, UsageError

T = TypeVar("T")

_END = object()


class LoopThread:
    """Runs coroutines in a daemon thread.

    Local workers are started from this thread and die with it (see `workers.process`), so it lives as long as its pool.

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and wait for it. Ctrl-C cancels it, and waits until it has cleaned up."""
        self._refuse_own_thread(coroutine)
        call = _Call(self._loop, coroutine)
        try:
            return call.result.result()
        except ClusterError as error:
            # Where in the driver it was raised says nothing to a user; the message says what happened.
            raise error.with_traceback(None) from None
        except BaseException:
            if not call.result.done():  # we were interrupted, not the coroutine
                call.cancel()
                wait([call.result])
            raise

    async def arun(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine from another event loop; cancelling the caller cancels it and waits for its clean-up."""
        call = _Call(self._loop, coroutine)
        waiting = asyncio.wrap_future(call.result)
        try:
            return await asyncio.shield(waiting)
        except ClusterError as error:
            raise error.with_traceback(None) from None
        except asyncio.CancelledError:
            call.cancel()
            with suppress(BaseException):
                await waiting
            raise

    def send(self, function: Callable[[], object]) -> None:
        """Have the loop call a function, without waiting."""
        with suppress(RuntimeError):  # it is closed
            self._loop.call_soon_threadsafe(function)

    def iterate(self, generator: AsyncGenerator[T, None]) -> Generator[T, None, None]:
        """Drive an async generator from synchronous code; closing the iterator closes it."""
        try:
            while (item := self.run(_next(generator))) is not _END:
                yield item
        finally:
            if not self._loop.is_closed():
                closing = _Call(self._loop, generator.aclose())
                if not self.is_current():  # where the garbage collector may bring us
                    closing.result.result()

    async def aiterate(self, generator: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Drive an async generator of this loop from another one."""
        try:
            while (item := await self.arun(_next(generator))) is not _END:
                yield item
        finally:
            if not self._loop.is_closed():
                await self.arun(generator.aclose())

    def is_current(self) -> bool:
        """Whether the caller runs in the loop's thread, and so must not wait for it."""
        return threading.current_thread() is self._thread

    def _refuse_own_thread(self, coroutine: Coroutine[Any, Any, object]) -> None:
        if self.is_current():
            coroutine.close()
            raise UsageError("a pool cannot be used from its own driver's thread; use it from the thread that made it")

    def close(self) -> None:
        """Cancel what still runs, stop the loop and join the thread; may be called twice."""
        if self._loop.is_closed():
            return
        self.run(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        # The loop also ends in here: the thread that closes it may run a loop of its own.
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            with suppress(RuntimeError):  # no thread can be started any more where Python is about to end
                self._loop.run_until_complete(self._loop.shutdown_default_executor())
        finally:
            self._loop.close()


class _Call(Generic[T]):
    """A coroutine under way in the loop; `result` is done when the coroutine is, also after `cancel`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> None:
        if loop.is_closed():
            coroutine.close()
            raise _closed()
        self.result: Future[T] = Future()
        self.result.set_running_or_notify_cancel()  # only the coroutine's own end ends it
        self._loop = loop
        self._task: asyncio.Task[T] | None = None
        self._cancelled = False
        loop.call_soon_threadsafe(self._start, coroutine)

    def cancel(self) -> None:
        self._cancelled = True
        self._loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())

    def _start(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._task = self._loop.create_task(coroutine)
        self._task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self.result.set_exception(asyncio.CancelledError() if self._cancelled else _closed())
        elif error := task.exception():
            self.result.set_exception(error)
        else:
            self.result.set_result(task.result())


def _closed() -> UsageError:
    return UsageError("the pool was closed before this job was through; close it when all results are read")


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _next(generator: AsyncGenerator[T, None]) -> T | Any:
    return await anext(generator, _END)
