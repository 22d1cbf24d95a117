"""G5: the only worker of a pool ends; another takes its place, and nothing hangs."""

from __future__ import annotations

import pytest

from tests.gates import chaos

pytestmark = pytest.mark.gate


@pytest.mark.parametrize("row", [0, 300, 511], ids=["first", "middle", "last"])
@pytest.mark.parametrize("how", ["SIGKILL", "exit"])
def test_g5_a_pool_of_one_replaces_its_dead_worker(backend, tmp_path, how, row):
    outcome = chaos.run(tmp_path, rows=512, once={row: how}, backend=backend, replicas=1)
    assert (outcome.losses, outcome.doubles, outcome.equal) == (0, 0, True)
    assert outcome.report.workers_lost == 1
