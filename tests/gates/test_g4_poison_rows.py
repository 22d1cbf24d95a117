"""G4: one row in a hundred fails for ever: by an exception, by ending the process, by hanging. The rest complete."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import numpy as np
import pytest

from cluster import JobFailed, Pool, read_dead_letters, read_results
from tests.gates import chaos
from tests.gates.driving import backend_at
from tests.gates.faults import Faulty, write_plan
from workers.columns import digest_rows

pytestmark = pytest.mark.gate

ROWS = 800
TIMEOUT_S = 4.0
"""Long beside the milliseconds that a batch takes, on a busy machine too."""


def poison_of(seed):
    """One row in a hundred, and what happens there."""
    hows = ["raise"] * 5 + ["SIGSEGV", "exit", "hang"]
    return dict(zip(random.Random(seed).sample(range(ROWS), len(hows)), hows, strict=True))


def make_pool(plan, backend, *, max_dead_rows):
    return Pool(
        Faulty,
        init={"plan": plan},
        replicas=2,
        backend=backend,
        max_dead_rows=max_dead_rows,
        batch_timeout_s=TIMEOUT_S,
        version="1",
    )


def test_g4_the_rest_complete_and_each_poison_row_has_its_record(backend, tmp_path, say):
    poison, source = poison_of(4), chaos.source_of(ROWS)
    plan = write_plan(tmp_path / "plan", always=poison)
    with make_pool(plan, backend, max_dead_rows=len(poison)) as pool:
        report = pool.run(source, tmp_path / "out", batch=chaos.POLICY, shard_rows=chaos.SHARD_ROWS)
    say(f"rows {ROWS} · dead {report.dead_rows} · workers lost {report.workers_lost} · probes {report.probes}")
    assert (report.rows, report.dead_rows) == (ROWS - len(poison), len(poison))
    table = {name: np.asarray(column) for name, column in read_results(tmp_path / "out").items()}
    healthy = ~np.isin(source["id"], list(poison))
    assert digest_rows(table) == digest_rows({"id": source["id"][healthy], "y": source["x"][healthy] * 3 + 1})
    letters = read_dead_letters(tmp_path / "out")
    assert sorted(letter.row for letter in letters) == sorted(poison)
    for letter in letters:
        how = poison[letter.row]
        assert letter.attempts >= 1
        if how == "raise":
            assert (letter.error_type, letter.message) == ("ValueError", f"cannot stomach row {letter.row}")
        else:
            assert letter.error_type == "WorkerLost"
            word = {"hang": "batch_timeout_s", "exit": "status 0", "out of memory": "SIGKILL"}.get(how, how)
            assert word in letter.message or backend != "local"


def test_g4_a_stream_leaves_them_out_and_says_so(backend, tmp_path):
    poison, source = {5: "raise", 300: "SIGKILL", 301: "raise"}, chaos.source_of(512)
    with make_pool(write_plan(tmp_path / "plan", always=poison), backend, max_dead_rows=3) as pool:
        table = pool.predict(source, batch=chaos.POLICY, shard_rows=chaos.SHARD_ROWS)
        assert np.asarray(table["id"]).tolist() == [row for row in range(512) if row not in poison]
        assert sorted(letter.row for letter in pool.dead_letters) == sorted(poison)


@pytest.mark.parametrize("how", ["raise", "SIGKILL"])
def test_g4_one_more_than_the_budget_ends_the_job_and_names_the_row(place, tmp_path, how):
    source, out = chaos.source_of(512), tmp_path / "out"
    plan = write_plan(tmp_path / "plan", always={400: how, 401: how})
    with (
        make_pool(plan, backend_at(place), max_dead_rows=1) as pool,
        pytest.raises(JobFailed, match=r"rows? 40[01] "),
    ):
        pool.run(source, out, batch=chaos.POLICY, shard_rows=chaos.SHARD_ROWS)
    committed = np.asarray(read_results(out, partial=True)["id"]).tolist()
    assert not {400, 401} & set(committed)
    assert Counter(committed).most_common(1)[0][1] == 1
    with make_pool(plan, backend_at(place), max_dead_rows=2) as pool:  # the same job, with a larger budget, goes on
        report = pool.run(source, out, batch=chaos.POLICY, shard_rows=chaos.SHARD_ROWS)
    assert (report.resumed_rows, report.dead_rows) == (len(committed), 2)


async def test_g4_a_request_that_kills_workers_fails_alone(backend, tmp_path):
    source = chaos.source_of(40)
    plan = write_plan(tmp_path / "plan", always={13: "SIGKILL", 21: "raise"})
    async with make_pool(plan, backend, max_dead_rows=0) as pool:
        parts = [{name: column[start : start + 4] for name, column in source.items()} for start in range(0, 40, 4)]
        answers = await asyncio.gather(*(pool.apredict(part) for part in parts), return_exceptions=True)
    raised, killed = answers.pop(5), answers.pop(3)
    assert isinstance(killed, JobFailed)
    assert "row 1 of this request" in str(killed)
    assert "ValueError: cannot stomach row 21" in str(raised)
    assert [row for answer in answers for row in answer["id"].tolist()] == [*range(12), *range(16, 20), *range(24, 40)]
