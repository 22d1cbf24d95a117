"""One contract for every backend: what a driver may rely on, whatever runs the workers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

import tensor
from cluster.backends.fake import FakeBackend, Lose, Repeat
from cluster.backends.inline import InlineBackend
from cluster.backends.local import LocalBackend
from cluster.planning import plan_shards
from cluster.ray.backend import RayBackend
from cluster.sources import ArraySource
from tests import predictors
from workers.batching import BatchPolicy
from workers.code import CodeRef
from workers.messages import (
    PREPARE,
    BatchDone,
    BatchStarted,
    BuildFailed,
    BuildPredictor,
    CancelJob,
    CancelShard,
    ProbeDone,
    ProbeShard,
    Ready,
    RunShard,
    ShardDone,
    ShardFailed,
    SwapFailed,
    SwapWeights,
    WeightsSwapped,
    WorkerExited,
)
from workers.weights import WeightSnapshot

BACKENDS = {"inline": InlineBackend, "local": LocalBackend, "fake": FakeBackend}


@pytest.fixture(params=[*BACKENDS, "ray"])
async def backend(request):
    if request.param == "ray":
        made = RayBackend(request.getfixturevalue("ray_head").address)
    else:
        made = BACKENDS[request.param]()
    await made.open(1, {})
    yield made
    await made.close()


@pytest.fixture
def source():
    made = ArraySource({"x": np.arange(10, dtype=np.float32)})
    yield made
    made.close()


@pytest.fixture
def shard(source):
    (planned,) = plan_shards(source.fragments())
    return planned


def build(target, weights=None, **init):
    return BuildPredictor("w0", CodeRef.of(target), init, weights)


def run(shard, *, job="job", attempt=1, max_rows=4):
    return RunShard(job, shard, attempt, BatchPolicy(max_rows=max_rows))


async def hear(backend, until):
    """All reports up to and with the first one of a kind."""
    reports = []
    async with asyncio.timeout(120):
        while True:
            reports += [said.report for said in await backend.poll()]
            if any(isinstance(report, until) for report in reports):
                return reports


async def test_a_worker_is_built_and_runs_a_shard(backend, shard):
    backend.start("w0", build(predictors.Double))
    backend.submit("w0", run(shard))
    reports = await hear(backend, ShardDone)
    assert [type(report) for report in reports] == [Ready] + [BatchStarted, BatchDone] * 3 + [ShardDone]
    outputs = [report.columns["y"] for report in reports if isinstance(report, BatchDone)]
    assert [len(output) for output in outputs] == [4, 4, 2]
    assert all(output.is_inference() for output in outputs)
    assert outputs[0].origin == tensor.marks.Origin(job="job", shard=0, replica="w0")
    np.testing.assert_array_equal(np.concatenate([np.asarray(output) for output in outputs]), np.arange(10) * 2)
    assert reports[-1].batches == 3


async def test_commands_are_carried_out_in_order(backend, shard):
    backend.start("w0", build(predictors.Double))
    for attempt in (1, 2, 3):
        backend.submit("w0", run(shard, attempt=attempt))
    done = []
    while len(done) < 3:
        done += [report.attempt for report in await hear(backend, ShardDone) if isinstance(report, ShardDone)]
    assert done == [1, 2, 3]


async def test_results_share_no_memory_with_the_predictor(backend, shard):
    backend.start("w0", build(predictors.Reuses))
    backend.submit("w0", run(shard))
    reports = await hear(backend, ShardDone)
    rows = np.concatenate([np.asarray(report.columns["y"]) for report in reports if isinstance(report, BatchDone)])
    np.testing.assert_array_equal(rows, np.arange(10) * 2)


async def test_a_predictor_that_cannot_be_built_is_reported(backend):
    backend.start("w0", build(predictors.Linear))  # without its weights
    (report,) = await hear(backend, BuildFailed)
    assert report.failure.type == "TypeError"
    assert "weights" in report.failure.message


async def test_an_error_of_the_users_is_reported_with_its_line(backend, shard):
    backend.start("w0", build(predictors.Raises, on=5.0))
    backend.submit("w0", run(shard))
    failed = (await hear(backend, ShardFailed))[-1]
    assert (failed.start, failed.stop) == (5, 6)  # the row, not its batch
    assert failed.failure.message == "cannot stomach 5.0"
    assert "predictors.py" in failed.failure.line
    assert failed.failure.source.startswith("raise ValueError")


async def test_a_worker_outlives_an_error_of_the_users(backend, shard):
    backend.start("w0", build(predictors.Raises, on=5.0))
    backend.submit("w0", run(shard))
    await hear(backend, ShardFailed)
    backend.submit("w0", run(shard, attempt=2, max_rows=1))
    failed = (await hear(backend, ShardFailed))[-1]
    assert (failed.attempt, failed.start) == (2, 5)


async def test_a_cancelled_job_stops_between_batches_and_the_next_one_runs(backend, shard):
    backend.start("w0", build(predictors.Double))
    await hear(backend, Ready)
    backend.submit("w0", run(shard, job="first", max_rows=1))
    backend.submit("w0", run(shard, job="first", attempt=2, max_rows=1))
    backend.submit("w0", CancelJob("first"))
    backend.submit("w0", run(shard, job="second"))
    reports = await hear(backend, ShardDone)
    while not any(isinstance(report, ShardDone) and report.job == "second" for report in reports):
        reports += await hear(backend, ShardDone)
    assert not any(report.job == "first" and report.attempt == 2 for report in reports)


async def test_rows_that_raise_are_given_up_and_the_others_come_through(backend, shard):
    backend.start("w0", build(predictors.Raises, on=5.0))
    backend.submit("w0", replace(run(shard), max_dead_rows=1))
    reports = await hear(backend, ShardDone)
    rows = [np.asarray(report.columns["y"]) for report in reports if isinstance(report, BatchDone)]
    assert [row.tolist() for row in rows] == [[0, 1, 2, 3], [4, 6, 7], [8, 9]]
    (dead,) = reports[-1].dead
    assert (dead.row, dead.attempts, dead.failure.message) == (5, 3, "cannot stomach 5.0")
    assert "predictors.py" in dead.failure.line


async def test_a_cancelled_attempt_stops_and_the_next_one_runs(backend, shard):
    backend.start("w0", build(predictors.Double))
    await hear(backend, Ready)
    backend.submit("w0", run(shard, attempt=1, max_rows=1))
    backend.submit("w0", run(shard, attempt=2, max_rows=1))
    backend.submit("w0", CancelShard("job", shard.index, 2))
    backend.submit("w0", CancelShard("job", shard.index, 9))  # of which nothing is known
    backend.submit("w0", run(shard, attempt=3))
    reports = await hear(backend, ShardDone)
    while not any(isinstance(report, ShardDone) and report.attempt == 3 for report in reports):
        reports += await hear(backend, ShardDone)
    done = [report.attempt for report in reports if isinstance(report, ShardDone)]
    assert 2 not in done


async def test_prepare_is_announced_and_a_probe_answers(backend, shard):
    backend.start("w0", build(predictors.Modes))
    await hear(backend, Ready)
    backend.submit("w0", ProbeShard("job", shard, 1, BatchPolicy(max_rows=5), (), 1))
    reports = await hear(backend, ProbeDone)
    backend.submit("w0", run(shard, attempt=2, max_rows=5))
    reports += await hear(backend, ShardDone)
    told = [(report.attempt, report.batch) for report in reports if isinstance(report, BatchStarted)]
    assert told == [(1, PREPARE), (1, 1), (2, PREPARE), (2, 0), (2, 1)]
    assert [report.columns is None for report in reports if isinstance(report, BatchDone)] == [True] * 3 + [False] * 2


async def test_killing_a_worker_is_its_last_word(backend, shard):
    backend.start("w0", build(predictors.Double))
    await hear(backend, Ready)
    backend.kill("w0")
    backend.submit("w0", run(shard))  # into the void
    assert [type(report) for report in await hear(backend, WorkerExited)] == [WorkerExited]


async def test_sys_exit_ends_the_worker(backend, shard):
    backend.start("w0", build(predictors.DiesAlways, on=5.0, how="exit"))
    backend.submit("w0", run(shard))
    reports = await hear(backend, WorkerExited)
    assert not any(isinstance(report, ShardDone | ShardFailed) for report in reports)
    assert "0" in reports[-1].reason


async def test_weights_are_shared_marked_and_swapped(backend, shard):
    first = WeightSnapshot.from_mapping({"weight": np.ones((4, 1), np.float32), "bias": np.zeros(4, np.float32)})
    second = WeightSnapshot.from_mapping(
        {"weight": np.full((4, 1), 2, np.float32), "bias": np.zeros(4, np.float32)}, epoch=1
    )
    wrong = WeightSnapshot.from_mapping({"weight": np.ones((5, 1), np.float32)}, epoch=2)
    backend.start("w0", build(predictors.Column, first.ref))
    for snapshot, expected in ((None, 1.0), (second, 2.0), (wrong, 2.0)):
        if snapshot is not None:
            backend.submit("w0", SwapWeights(snapshot.ref))
            heard = await hear(backend, SwapFailed if snapshot is wrong else WeightsSwapped)
            assert len(heard) == 1
        backend.submit("w0", run(shard, max_rows=10))
        reports = await hear(backend, ShardDone)
        (logits,) = (report.columns["logits"] for report in reports if isinstance(report, BatchDone))
        np.testing.assert_array_equal(np.asarray(logits)[:, 0], np.arange(10) * expected)
        assert reports[-1].weights_digest == (first if expected == 1.0 else second).digest
    for snapshot in (first, second, wrong):
        snapshot.close()


async def test_waiting_may_be_cancelled_without_losing_a_report(backend, shard):
    backend.start("w0", build(predictors.Double))
    backend.submit("w0", run(shard))
    reports = []
    while not any(isinstance(report, ShardDone) for report in reports):
        waiting = asyncio.ensure_future(backend.poll())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if not waiting.cancel():
            reports += [said.report for said in waiting.result()]
        else:
            await asyncio.wait({waiting})
            if not waiting.cancelled():
                reports += [said.report for said in waiting.result()]
    assert [type(report) for report in reports] == [Ready] + [BatchStarted, BatchDone] * 3 + [ShardDone]


@pytest.mark.parametrize("backend", ["local"], indirect=True)
async def test_a_worker_that_dies_in_prepare_has_said_of_which_shard(backend, source):
    first, second = plan_shards(source.fragments(), shard_rows=5)
    backend.start("w0", build(predictors.DiesAhead, on=5.0))
    backend.submit("w0", run(first, max_rows=5))
    backend.submit("w0", run(second))
    reports = await hear(backend, WorkerExited)
    assert [(type(report), report.shard, report.batch) for report in reports[1:-1]] == [
        (BatchStarted, 0, PREPARE),
        (BatchDone, 0, PREPARE),
        (BatchStarted, 0, 0),
        (BatchStarted, 1, PREPARE),
    ]
    assert "SIGKILL" in reports[-1].reason


@pytest.mark.parametrize("backend", ["local"], indirect=True)
async def test_workers_that_have_ended_leave_nothing_behind(backend):
    for name in ("w0", "w1", "w2"):
        backend.start(name, build(predictors.Double))
        backend.kill(name)
        await hear(backend, WorkerExited)
    await asyncio.sleep(0)
    assert len(backend._children) <= 1


async def test_closing_twice_is_fine(backend):
    backend.start("w0", build(predictors.Double))
    await backend.close()
    await backend.close()


async def test_the_fake_loses_and_repeats_what_its_script_says(shard):
    backend = FakeBackend([Repeat(report=2), Lose(report=4, reason="pulled the plug")])
    backend.start("w0", build(predictors.Double))
    backend.submit("w0", run(shard))
    reports = await hear(backend, WorkerExited)
    assert [type(report) for report in reports] == [Ready, BatchStarted, BatchStarted, BatchDone, WorkerExited]
    assert reports[-1].reason == "pulled the plug"
    await backend.close()
