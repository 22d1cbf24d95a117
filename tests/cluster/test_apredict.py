"""`apredict` for many concurrent callers: few jobs, and to each its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import numpy as np
import pytest

import tensor
from cluster import BatchPolicy, NpySource, Pool, PoolBusy, UsageError, UserCodeFailed
from tests import predictors
from tests.waiting import until


def asked(number, rows=3):
    return {"x": np.arange(number, number + rows, dtype=np.float32)}


async def test_a_hundred_callers_get_what_each_would_get_alone(tmp_path):
    async with Pool(predictors.Double, replicas=2) as pool:
        answers = await asyncio.gather(*(pool.apredict(asked(n, rows=n % 5)) for n in range(100)))
        alone = [await pool.apredict(asked(n, rows=n % 5)) for n in range(8)]
    for n, answer in enumerate(answers):
        assert not answer if n % 5 == 0 else answer["y"].tolist() == (asked(n, n % 5)["x"] * 2).tolist()
    for one, other in zip(alone, answers, strict=False):
        assert one.keys() == other.keys()
        assert all(bool((one[name] == other[name]).all()) for name in one)
    jobs = {answer["y"].origin.job for answer in answers if answer}
    assert len(jobs) <= 10
    origin = answers[99]["y"].origin
    assert [(part.start, part.stop) for part in origin.rows] == [(0, 4)]
    assert origin.rows[0].replica in ("w0", "w1")
    assert all(answer["y"].is_inference() for answer in answers if answer)


async def test_requests_that_look_different_are_answered_as_well():
    async with Pool(predictors.Double, replicas=1, backend="inline") as pool:
        requests = [{"x": np.ones(2, np.float64)}, {"x": np.ones((2, 2))}, {"x": [1.0], "label": ["a"]}, asked(1)]
        answers = await asyncio.gather(*map(pool.apredict, requests))
        small = await pool.apredict(asked(0, 50), batch=BatchPolicy(max_rows=4))
    assert [tuple(answer["y"].shape) for answer in answers] == [(2,), (2, 2), (1,), (3,)]
    assert list(answers[2]["label"]) == ["a"]
    assert len(small["y"]) == 50


async def test_one_bad_request_fails_alone():
    async with Pool(predictors.Raises, init={"on": 7.0}, replicas=1, backend="inline") as pool:
        requests = [pool.apredict(asked(n * 10)) for n in range(6)] + [pool.apredict(asked(6))]
        *good, bad = await asyncio.gather(*requests, return_exceptions=True)
        assert [answer["y"].tolist() for answer in good] == [[n * 10, n * 10 + 1, n * 10 + 2] for n in range(6)]
        assert isinstance(bad, UserCodeFailed)
        assert "ValueError: cannot stomach 7.0" in str(bad)
        assert pool.dead_letters == []
        with pytest.raises(UserCodeFailed, match="cannot stomach"):  # and so it does when it is alone
            await pool.apredict(asked(6))


async def test_a_caller_that_leaves_disturbs_nobody(tmp_path):
    async with Pool(predictors.WaitsAtGate, init={"pid_folder": str(tmp_path)}, replicas=1) as pool:
        tasks = [asyncio.create_task(pool.apredict(asked(n))) for n in range(5)]
        await asyncio.to_thread(until, lambda: list(tmp_path.iterdir()))
        tasks[0].cancel()
        tasks[3].cancel()
        with suppress(asyncio.CancelledError):
            await tasks[0]
        (tmp_path / "gate").touch()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [True, False, False, True, False]
    assert answers[4]["y"].tolist() == [8, 10, 12]


async def test_closing_the_pool_fails_those_who_wait(tmp_path):
    pool = Pool(predictors.WaitsAtGate, init={"pid_folder": str(tmp_path)}, replicas=1)
    tasks = [asyncio.create_task(pool.apredict(asked(n))) for n in range(3)]
    await asyncio.to_thread(until, lambda: list(tmp_path.iterdir()))
    await asyncio.to_thread(pool.close)
    for answer in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(answer, UsageError)
        assert "the pool was closed" in str(answer)


async def test_an_open_iterator_refuses_and_other_jobs_take_turns(tmp_path):
    async with Pool(predictors.Double, replicas=1, backend="inline") as pool:
        batches = pool.map(asked(0, 1000), batch=BatchPolicy(max_rows=10))
        next(batches)
        with pytest.raises(PoolBusy, match="still open"):
            await pool.apredict(asked(0))
        batches.close()
        report, answer, table = await asyncio.gather(
            pool.arun(asked(0, 100), tmp_path / "out"),
            pool.apredict(asked(1)),
            pool.apredict(tensor.arange(3)),
            return_exceptions=True,
        )
    assert report.rows == 100
    assert answer["y"].tolist() == [2, 4, 6]
    assert isinstance(table, UserCodeFailed)  # there is no column "x" in a lone tensor


async def test_the_callers_mode_and_marks_play_no_role():
    async with Pool(predictors.Modes, replicas=1, backend="inline") as pool:
        with tensor.inference_mode():
            inside = pool.apredict({"x": tensor.arange(2)})
            found = await asyncio.gather(inside, asyncio.create_task(pool.apredict({"x": tensor.arange(2)})))
        outside = await pool.apredict({"x": np.arange(2)})
    for answer in (*found, outside):
        assert answer["modes"].all()
        assert answer["modes"].is_inference()


async def test_files_are_jobs_of_their_own(tmp_path):
    np.save(tmp_path / "rows.npy", np.arange(5, dtype=np.float32))
    async with Pool(predictors.Raises, init={"on": 3.0}, replicas=1, backend="inline", max_dead_rows=1) as pool:
        answer = await pool.apredict(NpySource(tmp_path / "rows.npy", "x"))
        assert answer["y"].tolist() == [0, 1, 2, 4]
        assert [letter.row for letter in pool.dead_letters] == [3]
