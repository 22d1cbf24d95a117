from __future__ import annotations

import numpy as np
import pytest

from tests import predictors
from tests.workers.driving import calls_in, reports_of, shard_of, worker_of
from tests.workers.test_shard_run import Picky
from workers.batching import BatchPolicy
from workers.messages import PREPARE, BatchDone, BatchStarted, Care, ProbeDone, ProbeShard, RunShard, ShardDone

FOUR = BatchPolicy(max_rows=4)


@pytest.fixture
def shard():
    with shard_of({"x": np.arange(10.0)}) as made:
        yield made


def probe(worker, shard, batch, piece=None, cares=()):
    *reports, done = reports_of(worker, ProbeShard("job", shard, 1, FOUR, cares, batch, piece))
    assert done == ProbeDone("job", shard.index, 1)
    assert all(report.columns is None for report in reports if isinstance(report, BatchDone))
    return reports


def test_a_piece_runs_alone(shard):
    reports = probe(worker_of(predictors.Double), shard, 1, (1, 3))
    assert calls_in(reports) == [(1, 1, 3)]
    assert [(report.first_row, report.last_row) for report in reports if isinstance(report, BatchStarted)] == [(5, 6)]


def test_a_sweep_runs_all_that_comes_after_with_its_cares(shard):
    reports = probe(worker_of(predictors.Double), shard, 1, cares=(Care(0, ((0, 1),)), Care(2, ((0, 1), (1, 2)))))
    assert calls_in(reports) == [(1, 0, 4), (2, 0, 1), (2, 1, 2)]
    assert [report.batch for report in reports if isinstance(report, BatchDone)] == [1, 2]
    assert probe(worker_of(predictors.Double), shard, 3) == []


def test_prepare_is_probed_like_a_batch(shard):
    worker = worker_of(Picky, unprepared=[])
    assert calls_in(probe(worker, shard, PREPARE, (2, 5))) == [(PREPARE, 2, 5)]
    assert calls_in(probe(worker, shard, PREPARE)) == [(PREPARE, 0, 10), (0, 0, 4), (1, 0, 4), (2, 0, 2)]
    assert probe(worker_of(predictors.Double), shard, PREPARE, (0, 10)) == []  # it has none


def test_batches_are_those_of_a_run(shard):
    """Also where `prepare` gives rows up, or leaves some out with care."""
    worker = worker_of(Picky, unprepared=[1])
    cares = (Care(PREPARE, ((0, 8), (9, 10))),)
    reports = probe(worker, shard, 1, cares=cares)
    ran = reports_of(worker, RunShard("job", shard, 2, FOUR, None, cares, 2))
    rows = [
        [(each.batch, each.first_row, each.last_row) for each in said if isinstance(each, BatchStarted)]
        for said in (reports, ran)
    ]
    assert rows[0] == [each for each in rows[1] if each[0] != 0]
    assert rows[0][-1] == (1, 5, 9)


@pytest.mark.parametrize("init", [{"bad": [5]}, {"unprepared": list(range(10))}])
def test_errors_are_nothing_to_a_probe(shard, init):
    probe(worker_of(Picky, **init), shard, 1)
    probe(worker_of(Picky, **init), shard, PREPARE, (0, 10))


def test_what_ends_a_process_is(shard):
    with pytest.raises(SystemExit):
        probe(worker_of(predictors.DiesAlways, on=5.0, how="exit"), shard, 1)


def test_rows_that_cannot_be_read_or_cut_are_nothing_to_a_probe():
    with shard_of({"x": np.arange(10.0)}) as shard:
        command = ProbeShard("job", shard, 1, BatchPolicy(length_of="n"), (), 0)
        assert reports_of(worker_of(predictors.Double), command) == [ProbeDone("job", 0, 1)]
    assert probe(worker_of(predictors.Double), shard, 0) == []


def test_the_rows_of_a_probe_are_read_once_for_the_command_that_follows():
    worker = worker_of(predictors.Double)
    with shard_of({"x": np.arange(10.0)}) as shard:
        probe(worker, shard, 0)
    probe(worker, shard, 0)
    *_, done = reports_of(worker, RunShard("job", shard, 2, FOUR))
    assert isinstance(done, ShardDone)
    *_, failed = reports_of(worker, RunShard("job", shard, 3, FOUR))  # nothing is held for longer
    assert failed.failure.owner == "source"
