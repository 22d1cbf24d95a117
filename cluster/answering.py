"""Answers many concurrent callers with few jobs: while one runs, the next requests gather, to be run together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from typing import Any

from cluster.errors import JobFailed
from cluster.failures import error_of
from cluster.gathered import Results
from cluster.requests import Gathered, Request, shared_out, together
from workers.batching import BatchPolicy
from workers.columns import Columns


class Requests:
    """Answers callers, as many with one job as it can.

    Args:
        turn: Waits for the workers; entered for each job, so that other jobs take turns with these.
        run: Runs one job, within a turn, on all these rows; it should go on when some of them fail.
    """

    def __init__(
        self,
        turn: Callable[[], AbstractAsyncContextManager[None]],
        run: Callable[[Sequence[Columns], BatchPolicy], Coroutine[Any, Any, Gathered]],
    ) -> None:
        self._turn = turn
        self._run = run
        self._waiting: list[Request] = []
        self._serving: asyncio.Task[None] | None = None

    async def ask(self, columns: Columns, policy: BatchPolicy) -> list[Results]:
        """Have rows computed, together with those of others.

        Returns:
            Their output, a row for each row of input: batches, in order.

        Raises:
            JobFailed: The predictor failed on one of these rows, or no worker can be had.
        """
        request = Request(columns, policy, asyncio.get_running_loop().create_future())
        if request.rows == 0:
            return []
        self._waiting.append(request)
        if self._serving is None:
            # In a context of its own: what the first caller has set is nobody else's.
            self._serving = asyncio.create_task(self._serve(), name="answer requests", context=Context())
        answer = await request.answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _serve(self) -> None:
        try:
            while self._waiting:
                async with self._turn():
                    waiting = [request for request in self._waiting if not request.answer.done()]
                    chosen = together(waiting)
                    self._waiting = [request for request in waiting if request not in chosen]
                    await self._answer(chosen)
        finally:
            self._serving = None

    async def _answer(self, chosen: Sequence[Request]) -> None:
        """Answer some requests with one job; where that fails, with one for each half of them."""
        requests = [request for request in chosen if not request.answer.done()]
        if not requests:
            return
        try:
            gathered = await self._run_until_left(requests)
        except Exception as error:
            rows_to_blame = isinstance(error, JobFailed) and error.shard is not None
            if rows_to_blame and len(requests) > 1:
                half = len(requests) // 2
                await self._answer(requests[:half])
                await self._answer(requests[half:])
                return
            for request in requests:
                _settle(request, error)
            return
        if gathered is not None:
            for request, share in zip(requests, shared_out(gathered, [r.rows for r in requests]), strict=True):
                _settle(request, _answer_of(share))

    async def _run_until_left(self, requests: Sequence[Request]) -> Gathered | None:
        """Run the job of some requests; when all of their callers have left, it ends, and the result is None."""
        job = asyncio.create_task(self._run([request.columns for request in requests], requests[0].policy))

        def leave(_: object) -> None:
            if all(request.answer.done() for request in requests):
                job.cancel()

        for request in requests:
            request.answer.add_done_callback(leave)
        try:
            await asyncio.wait({job})
        except asyncio.CancelledError:  # the pool is being closed
            job.cancel()
            await asyncio.wait({job})
            raise
        finally:
            for request in requests:
                request.answer.remove_done_callback(leave)
        return None if job.cancelled() else job.result()


def _answer_of(share: Gathered) -> list[Results] | Exception:
    if not share.dead:
        return share.batches
    (row, failure), *others = share.dead
    return error_of(failure, f"row {row} of this request" + (f", and {len(others)} more" if others else ""))


def _settle(request: Request, answer: list[Results] | Exception) -> None:
    if not request.answer.done():
        request.answer.set_result(answer)
