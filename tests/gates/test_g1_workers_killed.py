"""G1: workers end every few batches, in every way there is, and no row is lost or doubled."""

from __future__ import annotations

import asyncio

import pytest

from cluster import Pool
from tests.gates import chaos
from tests.gates.faults import Faulty, fired, write_plan

pytestmark = pytest.mark.gate

ROWS = 1024


@pytest.mark.parametrize("how", chaos.HOWS)
def test_g1_one_way_to_end_every_few_batches(backend, tmp_path, say, how):
    once = chaos.kills_of(1, ROWS, every=16, hows=[how])
    outcome = chaos.run(tmp_path, rows=ROWS, once=once, backend=backend)
    say(outcome)
    assert (outcome.losses, outcome.doubles, outcome.equal) == (0, 0, True)
    assert outcome.kills == {how: len(once)}
    assert outcome.report.workers_lost == len(once)
    assert outcome.report.dead_rows == 0


@pytest.mark.parametrize("seed", [7])
def test_g1_every_way_to_end_at_once(backend, tmp_path, say, seed):
    once = chaos.kills_of(seed, 2 * ROWS, every=8)
    outcome = chaos.run(tmp_path, rows=2 * ROWS, once=once, backend=backend, replicas=3)
    say(outcome)
    assert (outcome.losses, outcome.doubles, outcome.equal) == (0, 0, True)
    assert outcome.kills.total() == len(once)


def test_g1_all_batches_of_a_shard_end_a_worker(backend, tmp_path, say):
    once = {batch * chaos.BATCH_ROWS: "SIGKILL" for batch in range(chaos.SHARD_ROWS // chaos.BATCH_ROWS)}
    outcome = chaos.run(tmp_path, rows=512, once=once, backend=backend)
    say(outcome)
    assert (outcome.losses, outcome.doubles, outcome.equal) == (0, 0, True)


@pytest.mark.parametrize("ordered", [True, False])
def test_g1_a_stream_gets_each_row_once(backend, tmp_path, ordered):
    source = chaos.source_of(1024)
    plan = write_plan(tmp_path / "plan", once=chaos.kills_of(3, 1024, every=8))
    with Pool(Faulty, init={"plan": plan}, replicas=2, backend=backend, max_attempts=9) as pool:
        batches = list(
            pool.map(source, batch=chaos.POLICY, shard_rows=chaos.SHARD_ROWS, ordered=ordered),
        )
    assert len(fired(plan)) == 8
    ids = [row for batch in batches for row in batch["id"].tolist()]
    assert (ids if ordered else sorted(ids)) == source["id"].tolist()


async def test_g1_many_callers_are_answered(backend, tmp_path):
    source = chaos.source_of(400)
    plan = write_plan(tmp_path / "plan", once=chaos.kills_of(5, 400, every=5))
    async with Pool(Faulty, init={"plan": plan}, replicas=2, backend=backend, max_attempts=9) as pool:
        parts = [{name: column[start : start + 4] for name, column in source.items()} for start in range(0, 400, 4)]
        answers = await asyncio.gather(*(pool.apredict(part, batch=chaos.POLICY) for part in parts))
    assert len(fired(plan)) == 5
    assert [answer["id"].tolist() for answer in answers] == [part["id"].tolist() for part in parts]
    assert len({answer["id"].origin.job for answer in answers}) <= 10
