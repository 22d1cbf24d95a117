"""Many callers, few jobs: each caller gets its own answer, its own error, and may leave."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import numpy as np
import pytest

from cluster.answering import Requests
from cluster.errors import BackendFailed, JobFailed, UserCodeFailed
from cluster.requests import Gathered
from workers.batching import BatchPolicy
from workers.columns import concat_rows
from workers.messages import Failure

BAD = -1.0
FATAL = -2.0
SETTING = ContextVar("SETTING", default="nobody's")


class Workers:
    """Doubles numbers; gives up those that are BAD, as far as a job may, and fails on FATAL ones."""

    def __init__(self):
        self.turn = asyncio.Lock()
        self.requests = Requests(lambda: self.turn, self.run)
        self.jobs = []
        self.started = asyncio.Queue()
        self.gate = asyncio.Event()
        self.gate.set()
        self.error = None

    def ask(self, *numbers):
        return self.requests.ask({"x": np.array(numbers, float)}, BatchPolicy())

    async def run(self, parts, policy):
        self.jobs.append(len(parts))
        self.started.put_nowait(None)
        self.setting = SETTING.get()
        await self.gate.wait()
        x = concat_rows(parts)["x"]
        if self.error:
            raise self.error
        dead = [row for row, number in enumerate(x) if number == BAD]
        if len(dead) > 16 or FATAL in x:
            error = UserCodeFailed("a row failed")
            error.shard = 0
            raise error
        failure = Failure(where="P.__call__", type="ValueError", message="bad")
        return Gathered(batches=[{"x": x[x != BAD] * 2}], dead=[(row, failure) for row in dead])


async def answers(*asked):
    """The answers of several callers at once, as lists of numbers, or errors."""
    found = await asyncio.gather(*asked, return_exceptions=True)
    return [a if isinstance(a, Exception) else [n for batch in a for n in batch["x"].tolist()] for a in found]


async def test_a_hundred_callers_make_two_jobs():
    workers = Workers()
    found = await answers(*(workers.ask(n, n + 0.5) for n in range(100)))
    assert found == [[n * 2, n * 2 + 1] for n in range(100)]
    assert len(workers.jobs) <= 2


async def test_requests_gather_while_a_job_runs():
    workers = Workers()
    workers.gate.clear()
    first = asyncio.create_task(workers.ask(1))
    await workers.started.get()
    others = [asyncio.create_task(workers.ask(n)) for n in range(10)]
    await asyncio.sleep(0)
    workers.gate.set()
    await asyncio.gather(first, *others)
    assert workers.jobs == [1, 10]


async def test_bad_rows_fail_their_own_request_alone():
    workers = Workers()
    found = await answers(*(workers.ask(n, BAD if n in (3, 7) else 1) for n in range(10)))
    assert [n for n, answer in enumerate(found) if isinstance(answer, UserCodeFailed)] == [3, 7]
    assert "ValueError: bad" in str(found[3])
    assert "row 1 of this request" in str(found[3])
    assert found[4] == [8, 2]
    assert workers.jobs == [10]


async def test_a_request_of_bad_rows_says_how_many():
    workers = Workers()
    found = await answers(workers.ask(BAD, 1, BAD), workers.ask(1))
    assert "row 0 of this request, and 1 more" in str(found[0])


@pytest.mark.parametrize("numbers", [(FATAL,), (BAD,) * 40])
async def test_a_request_that_ends_the_job_is_found_by_halves(numbers):
    workers = Workers()
    found = await answers(*(workers.ask(*(numbers if n == 5 else [n])) for n in range(16)))
    assert isinstance(found.pop(5), UserCodeFailed)
    assert found == [[n * 2] for n in range(16) if n != 5]
    assert len(workers.jobs) <= 2 * 4 + 1


@pytest.mark.parametrize("error", [JobFailed("no workers"), BackendFailed("no cluster")])
async def test_an_error_that_no_rows_are_to_blame_for_is_everybodys_at_once(error):
    workers = Workers()
    workers.error = error
    assert await answers(*(workers.ask(n) for n in range(10))) == [error] * 10
    assert len(workers.jobs) == 1
    workers.error = None
    assert await answers(workers.ask(1)) == [[2]]


async def test_a_caller_that_leaves_disturbs_nobody():
    workers = Workers()
    workers.gate.clear()
    tasks = [asyncio.create_task(workers.ask(n)) for n in range(4)]
    await workers.started.get()
    tasks[0].cancel()
    waiting = [asyncio.create_task(workers.ask(n)) for n in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    workers.gate.set()
    found = await asyncio.gather(*tasks, *waiting, return_exceptions=True)
    assert [isinstance(answer, asyncio.CancelledError) for answer in found] == [True, *[False] * 3, True, False]
    assert workers.jobs == [4, 1]


async def test_a_job_ends_when_all_of_its_callers_have_left():
    workers = Workers()
    workers.gate.clear()  # for ever
    tasks = [asyncio.create_task(workers.ask(n)) for n in range(3)]
    await workers.started.get()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    last = asyncio.create_task(workers.ask(7))
    await workers.started.get()
    workers.gate.set()
    assert (await last)[0]["x"].tolist() == [14]


async def test_other_jobs_get_their_turn_between_two_of_these():
    workers = Workers()
    workers.gate.clear()
    first = asyncio.create_task(workers.ask(1))
    await workers.started.get()

    async def another_job():
        async with workers.turn:
            return list(workers.jobs)

    other = asyncio.create_task(another_job())
    await asyncio.sleep(0)
    second = asyncio.create_task(workers.ask(2))
    await asyncio.sleep(0)
    workers.gate.set()
    assert await other == [1]
    await asyncio.gather(first, second)
    assert workers.jobs == [1, 1]


async def test_what_a_caller_has_set_reaches_no_job():
    workers = Workers()
    SETTING.set("the first caller's")
    await workers.ask(1)
    assert workers.setting == "nobody's"


async def test_closing_leaves_no_task_and_no_job_behind():
    workers = Workers()
    workers.gate.clear()
    asking = asyncio.create_task(workers.ask(1))
    await workers.started.get()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.wait(others)
    assert all(task.cancelled() for task in others)
    assert asking.cancelled()


async def test_no_rows_need_no_job():
    workers = Workers()
    assert await workers.ask() == []
    assert workers.jobs == []
