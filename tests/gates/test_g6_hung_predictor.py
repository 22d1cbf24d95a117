"""G6: a predictor hangs; its worker is killed at the deadline, and the rows are tried elsewhere."""

from __future__ import annotations

import time

import pytest

from cluster import BatchPolicy, Pool, WorkersLost
from tests.gates import chaos
from tests.gates.faults import Faulty, fired, write_plan

pytestmark = pytest.mark.gate

TIMEOUT_S = 6.0
"""Long beside the milliseconds that a batch takes, on a busy machine too."""


@pytest.mark.parametrize("replicas", [1, 2])
def test_g6_a_hung_batch_is_killed_at_its_deadline_and_retried(backend, tmp_path, replicas):
    once = {40: "hang", 300: "hang"}
    outcome = chaos.run(tmp_path, rows=512, once=once, backend=backend, replicas=replicas, batch_timeout_s=TIMEOUT_S)
    assert (outcome.losses, outcome.doubles, outcome.equal) == (0, 0, True)
    assert outcome.kills == {"hang": 2}
    assert outcome.report.workers_lost >= 2  # more where the machine is so busy that others are late as well


def test_g6_rows_that_always_hang_end_the_job_by_name(backend, tmp_path):
    plan = write_plan(tmp_path / "plan", always={40: "hang"})
    with (
        Pool(Faulty, init={"plan": plan}, replicas=2, backend=backend, batch_timeout_s=TIMEOUT_S) as pool,
        pytest.raises(WorkersLost, match=r"(?s)batch_timeout_s.* row 40 "),
    ):
        pool.run(chaos.source_of(64), tmp_path / "out", batch=BatchPolicy(max_rows=2))


def test_g6_what_hangs_in_a_job_that_was_left_does_not_hang_the_next(backend, tmp_path):
    plan = write_plan(tmp_path / "plan", once={40: "hang"})
    with Pool(Faulty, init={"plan": plan}, replicas=1, backend=backend, batch_timeout_s=TIMEOUT_S) as pool:
        batches = pool.map(chaos.source_of(64), batch=BatchPolicy(max_rows=8))
        for _ in range(5):
            next(batches)
        while not fired(plan):
            time.sleep(0.01)
        for _ in range(5):
            pool.private_bytes()  # the driver hears what is there meanwhile
        batches.close()
        assert len(pool.predict(chaos.source_of(64))["y"]) == 64
