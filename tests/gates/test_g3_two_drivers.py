"""G3: two drivers work on one job at once: each shard has one record, and the stale driver stops."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from cluster import Pool, read_results
from tests.gates import chaos, driving
from tests.gates.faults import Faulty, write_plan
from tests.waiting import until

pytestmark = pytest.mark.gate


@pytest.fixture
def undisturbed(tmp_path):
    """The digest of the same rows, computed by one driver that nothing happens to."""
    plan = write_plan(tmp_path / "calm")
    with Pool(Faulty, init={"plan": plan}, replicas=1, backend="inline") as pool:
        report = pool.run(
            chaos.source_of(1024), tmp_path / "calm" / "out", batch=chaos.POLICY, shard_rows=chaos.SHARD_ROWS
        )
    return report.digest


def test_g3_the_stale_driver_stops_and_each_shard_has_one_record(place, tmp_path, undisturbed):
    plan, gate, out = write_plan(tmp_path / "plan"), tmp_path / "gate", tmp_path / "out"
    gate.mkdir()
    drivers = []
    try:
        for count in (1, 2):  # the second one starts once the first one's worker has rows in hand
            drivers.append(driving.start(out, plan, gate, place))
            until(lambda count=count: len(list(gate.glob("*.waits"))) == count)
        (gate / "open").touch()
        stale, current = map(driving.ended, drivers)
    finally:
        for driver in drivers:
            driver.kill()
            driver.wait()
    assert stale["error"] == "JobFenced", stale
    assert current == {"digest": undisturbed, "shards": 8, "resumed": 0}
    records = [json.loads(path.read_text()) for path in sorted((out / "_shoal" / "records").glob("*.json"))]
    assert Counter(record["shard"] for record in records) == dict.fromkeys(range(8), 1)
    assert np.asarray(read_results(out)["id"]).tolist() == list(range(1024))
    assert not list((out / "_shoal" / "staged").iterdir())
