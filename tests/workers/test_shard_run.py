from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensor
from tests import predictors
from tests.workers.driving import calls_in, reports_of, shard_of, streamed, worker_of
from workers.batching import BatchPolicy
from workers.messages import PREPARE, BatchDone, BatchStarted, Care, DeadRow, Failure, RunShard, ShardDone, ShardFailed
from workers.ragged import Ragged

KILLED = Failure("Picky.__call__", "WorkerLost", "killed by SIGKILL")


class Picky:
    """Twice each number; raises on some, in `prepare` or later, writes into what it gets, and reuses its output."""

    def __init__(self, *, bad=(), unprepared=None, error="ValueError"):
        self.bad, self.error = set(bad), {"ValueError": ValueError, "MemoryError": MemoryError}[error]
        self.scratch = np.zeros(64)
        if unprepared is not None:
            self.unprepared = set(unprepared)
            self.prepare = self._prepare

    def _prepare(self, columns):
        if self.unprepared & set(columns["x"].tolist()):
            raise ValueError(f"cannot prepare {sorted(self.unprepared & set(columns['x'].tolist()))}")
        self.scratch[: len(columns["x"])] = columns["x"]
        return {"x": self.scratch[: len(columns["x"])]}

    def __call__(self, batch):
        numbers = batch["x"] if batch["x"].flags.writeable else batch["x"].copy()
        numbers *= 2
        if self.bad & set((numbers / 2).tolist()):
            raise self.error(f"cannot stomach {sorted(self.bad & set((numbers / 2).tolist()))}")
        out = self.scratch[: len(numbers)]
        out[:] = numbers
        return {"y": out}


class Recovers:
    """Raises in one call, and writes into what it gets before; says how many rows each call got."""

    def __init__(self, *, prepare_raises, call_raises):
        self.raises = {"prepare": prepare_raises, "call": call_raises}

    def prepare(self, columns):
        y = self._doubled(columns["x"].copy(), "prepare")
        return {"y": y, "length": 99 - columns["x"].astype(int), "prepared": np.full(len(y), len(y))}

    def __call__(self, batch):
        return {**batch, "y": self._doubled(batch["y"], "call"), "called": np.full(len(batch["y"]), len(batch["y"]))}

    def _doubled(self, numbers, method):
        numbers *= 2
        self.raises[method] -= 1
        if self.raises[method] == 0:
            raise OSError("for once")
        return numbers


class Lengths:
    """Says which rows came together."""

    def __call__(self, batch):
        lengths = batch["tokens"].lengths
        return {
            "n": lengths,
            "longest": np.full(len(lengths), lengths.max()),
            "again": batch["tokens"],
            "name": np.array([f"row of {length}" for length in lengths], object),
        }


def run(worker, shard, **fields):
    policy = fields.pop("policy", BatchPolicy(max_rows=4))
    return reports_of(worker, RunShard("job", shard, 1, policy, **fields))


@pytest.fixture
def shard():
    with shard_of({"x": np.arange(10.0)}) as made:
        yield made


@given(bad=st.sets(st.integers(0, 9)), unprepared=st.none() | st.sets(st.integers(0, 9)), max_rows=st.integers(1, 11))
def test_rows_that_raise_are_dead_and_the_others_complete(bad, unprepared, max_rows):
    lost = bad | (unprepared or set())
    worker = worker_of(Picky, bad=list(bad), unprepared=None if unprepared is None else list(unprepared))
    with shard_of({"x": np.arange(10.0)}) as shard:
        *reports, done = run(worker, shard, policy=BatchPolicy(max_rows=max_rows), max_dead_rows=10)
    assert isinstance(done, ShardDone)
    assert [each.row for each in done.dead] == sorted(lost)
    left = [row for row in range(10) if row not in lost]
    assert [value for part in streamed(reports, "y") for value in part] == [2 * row for row in left]
    for each in done.dead:
        assert str(float(each.row)) in each.failure.message
        method = "prepare" if each.row in (unprepared or ()) else "__call__"
        assert each.failure.where.endswith(f"Picky.{method}")
    # The rows that each report stands for follow on each other, and name the dead among them.
    covered = 0
    for report in reports:
        if isinstance(report, BatchDone) and report.columns is not None:
            assert report.start == covered
            covered = report.stop
            rows = [row for row in range(report.start, report.stop) if row not in lost]
            assert np.asarray(report.columns["y"]).tolist() == [2 * row for row in rows]
            assert [each.row for each in report.dead] == [r for r in range(report.start, report.stop) if r in lost]
    assert sum(isinstance(report, BatchDone) and report.batch >= 0 for report in reports) == done.batches


def test_numbers_of_rows_are_those_of_the_shard(shard):
    reports = run(worker_of(Picky, bad=[6], unprepared=[0, 1]), shard, max_dead_rows=3)
    started = [report for report in reports if isinstance(report, BatchStarted) and report.batch >= 0]
    assert [(each.batch, each.batches, each.start, each.stop) for each in started] == [
        (0, 2, 0, 4),
        (1, 2, 0, 4),
        (1, 2, 0, 2),
        (1, 2, 0, 1),
        (1, 2, 1, 2),
        (1, 2, 2, 4),
    ]
    assert [(each.first_row, each.last_row) for each in started] == [(2, 5), (6, 9), (6, 7), (6, 6), (7, 7), (8, 9)]


def test_one_dead_row_too_many_ends_the_attempt_at_once(shard):
    *reports, failed = run(worker_of(Picky, bad=[1, 6, 7]), shard, max_dead_rows=1)
    assert isinstance(failed, ShardFailed)
    assert (failed.start, failed.stop, failed.failure.message) == (6, 7, "cannot stomach [6.0]")
    assert calls_in(reports)[-1] == (1, 2, 3)
    assert streamed(reports, "y") == [[0, 4, 6]]


def test_without_a_budget_the_row_is_found_and_named(shard):
    *_, failed = run(worker_of(Picky, unprepared=[5]), shard)
    assert (failed.start, failed.stop, failed.failure.message) == (5, 6, "cannot prepare [5.0]")


@pytest.mark.parametrize(("prepare_raises", "call_raises"), [(1, 0), (0, 1), (0, 2), (1, 3)])
@pytest.mark.parametrize(
    "policy", [BatchPolicy(max_rows=4), BatchPolicy(max_rows=4, sort_within=8, length_of="length")]
)
def test_an_error_that_comes_once_changes_nothing(shard, policy, prepare_raises, call_raises):
    outputs = []
    for raises in ((prepare_raises, call_raises), (0, 0)):
        worker = worker_of(Recovers, prepare_raises=raises[0], call_raises=raises[1])
        *reports, done = run(worker, shard, policy=policy)
        assert not done.dead
        outputs.append({name: streamed(reports, name) for name in ("y", "prepared", "called")})
    assert outputs[0] == outputs[1]
    assert [value for part in outputs[0]["y"] for value in part] == [4 * row for row in range(10)]


def test_memory_errors_are_bisected(shard):
    *_, done = run(worker_of(Picky, bad=[3], error="MemoryError"), shard, max_dead_rows=1)
    assert [(each.row, each.failure.type) for each in done.dead] == [(3, "MemoryError")]


def test_a_shard_of_dead_rows_alone_has_no_output(shard):
    for init in ({"bad": list(range(10))}, {"unprepared": list(range(10))}):
        *reports, done = run(worker_of(Picky, **init), shard, max_dead_rows=10)
        assert len(done.dead) == 10
        assert streamed(reports, "y") == []


@pytest.mark.parametrize(
    ("predictor", "init", "message"),
    [
        (predictors.Returns, {"rows": 3}, "got 4 rows and returned 3"),
        (predictors.Returns, {"kind": "objects"}, "does not carry"),
    ],
)
def test_what_is_not_about_a_row_is_not_bisected(shard, predictor, init, message):
    *reports, failed = run(worker_of(predictor, **init), shard, max_dead_rows=10)
    assert message in failed.failure.message
    assert (failed.start, failed.stop) == (0, 4)
    assert calls_in(reports) == [(0, 0, 4)]


def test_cares_say_how_batches_are_called(shard):
    cares = (
        Care(PREPARE, ((0, 3), (4, 10)), (DeadRow(3, KILLED, 3),)),  # leaves 0 1 2 4 | 5 6 7 8 | 9
        Care(1, ((0, 1), (2, 4)), (DeadRow(1, KILLED, 4),)),
        Care(2, ((0, 9),)),  # more than there is
    )
    *reports, done = run(worker_of(Picky, unprepared=[]), shard, cares=cares, max_dead_rows=2)
    assert done.dead == (DeadRow(3, KILLED, 3), DeadRow(6, KILLED, 4))
    assert calls_in(reports) == [
        (PREPARE, 0, 3),
        (PREPARE, 4, 10),
        (0, 0, 4),
        (1, 0, 1),
        (1, 2, 4),
        (2, 0, 1),
    ]
    assert streamed(reports, "y") == [[0, 2, 4, 8], [10, 14, 16], [18]]
    *_, failed = run(worker_of(Picky, unprepared=[]), shard, cares=cares, max_dead_rows=1)
    assert (failed.failure, failed.start, failed.stop) == (KILLED, 6, 7)


def test_sorted_batches_come_back_in_input_order():
    lengths = [5, 1, 4, 2, 3, 3, 9]
    tokens = Ragged.from_rows([np.arange(length) for length in lengths])
    policy = BatchPolicy(max_rows=2, length_of="tokens", sort_within=4)
    with shard_of({"tokens": tokens}) as shard:
        *reports, done = run(worker_of(Lengths), shard, policy=policy)
    assert streamed(reports, "n") == [lengths[:4], lengths[4:6], lengths[6:]]  # as soon as all before is there
    assert streamed(reports, "longest") == [[5, 2, 5, 2], [3, 3], [9]]
    outputs = [report for report in reports if isinstance(report, BatchDone)]
    assert [(each.rows, each.start, each.stop) for each in outputs] == [(2, 0, 0), (2, 0, 4), (2, 4, 6), (1, 6, 7)]
    assert outputs[1].columns["name"].tolist() == ["row of 5", "row of 1", "row of 4", "row of 2"]
    assert outputs[1].columns["again"].rows()[2].tolist() == [0, 1, 2, 3]
    assert outputs[1].columns["again"].values.is_inference()
    assert outputs[1].columns["n"].origin == tensor.marks.Origin(job="job", shard=0, replica="w0")
    started = [(each.first_row, each.last_row) for each in reports if isinstance(each, BatchStarted)]
    assert started == [(1, 3), (0, 2), (4, 5), (6, 6)]
    assert done.batches == 4


def test_a_policy_that_names_no_column_fails_as_the_users():
    with shard_of({"x": np.arange(3.0)}) as shard:
        (failed,) = run(worker_of(predictors.Double), shard, policy=BatchPolicy(length_of="tokens"))
    assert "no column 'tokens' to measure; the columns are: 'x'" in failed.failure.message
    assert (failed.failure.where, failed.failure.owner) == ("BatchPolicy(length_of='tokens')", "user")


def test_a_shard_that_cannot_be_read_is_the_sources():
    with shard_of({"x": np.arange(3.0)}) as shard:
        pass
    (failed,) = run(worker_of(predictors.Double), shard)
    assert (failed.failure.owner, failed.start, failed.stop) == ("source", 0, 3)


def test_graph_nodes_of_all_pieces_are_counted(shard):
    reports = run(worker_of(predictors.Double), shard)
    assert [each.graph_nodes for each in reports if isinstance(each, BatchDone)] == [0, 0, 0]
