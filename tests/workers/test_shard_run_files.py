"""Attempts whose output goes to files: kept columns, dead letters, nothing left of what fails."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests import predictors
from tests.workers.driving import reports_of, shard_of, worker_of
from tests.workers.test_shard_run import Lengths, Picky
from workers.batching import BatchPolicy
from workers.messages import BatchDone, RunShard, ShardDone, ShardFailed, Stage
from workers.ragged import Ragged
from workers.sinks import ParquetSink

FOUR = BatchPolicy(max_rows=4)


@pytest.fixture
def shard():
    with shard_of({"x": np.arange(10.0), "id": np.array([f"row {row}" for row in range(10)], object)}) as made:
        yield made


def stage(folder, **options):
    return Stage(str(folder / "000000-1-w0"), ParquetSink(**options))


def table_of(done):
    (file,) = done.staged.files
    return pq.read_table(file.path).to_pydict()


def test_kept_columns_stand_beside_the_rows_that_are_left(shard, tmp_path):
    worker = worker_of(Picky, bad=[1, 7], unprepared=[0, 5])
    *reports, done = reports_of(worker, RunShard("job", shard, 1, FOUR, stage(tmp_path, keep=["id"]), (), 4))
    left = [2, 3, 4, 6, 8, 9]
    assert table_of(done) == {"id": [f"row {row}" for row in left], "y": [2.0 * row for row in left]}
    assert all(report.columns is None for report in reports if isinstance(report, BatchDone))
    assert [each.row for each in done.dead] == [0, 1, 5, 7]
    letters = pq.read_table(done.staged.dead.path).to_pydict()
    assert letters["row"] == [0, 1, 5, 7]
    assert all(f'"row {row}"' in values for row, values in zip((0, 1, 5, 7), letters["values"], strict=True))


def test_files_are_in_input_order_when_batches_are_not(tmp_path):
    lengths = [5, 1, 4, 2, 3, 3, 9]
    policy = BatchPolicy(max_rows=2, length_of="tokens", sort_within=4)
    rows = {"tokens": Ragged.from_rows([np.arange(length) for length in lengths]), "id": np.arange(7)}
    with shard_of(rows) as shard:
        *_, done = reports_of(worker_of(Lengths), RunShard("job", shard, 1, policy, stage(tmp_path, keep=["id"])))
    table = table_of(done)
    assert (table["id"], table["n"]) == (list(range(7)), lengths)


def test_all_columns_can_be_kept(shard, tmp_path):
    *_, done = reports_of(worker_of(predictors.Double), RunShard("job", shard, 1, FOUR, stage(tmp_path, keep="*")))
    assert list(table_of(done)) == ["x", "id", "y"]


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        (["name"], "keeps the input column 'name', which is not there; the columns are: 'x', 'id'"),
        (["id", "x"], "returned the column 'x', and the sink keeps the input column of that name"),
    ],
)
def test_columns_that_cannot_be_kept_fail_as_the_users(shard, tmp_path, keep, message):
    class Same:
        def __call__(self, batch):
            return {"x": batch["x"]}

    *_, failed = reports_of(worker_of(Same), RunShard("job", shard, 1, FOUR, stage(tmp_path, keep=keep)))
    assert isinstance(failed, ShardFailed)
    assert failed.failure.owner == "user"
    assert message in failed.failure.message
    assert list(tmp_path.iterdir()) == []


def test_a_shard_of_dead_rows_alone_has_dead_letters_alone(shard, tmp_path):
    *_, done = reports_of(
        worker_of(Picky, bad=list(range(10))), RunShard("job", shard, 1, FOUR, stage(tmp_path), (), 10)
    )
    assert isinstance(done, ShardDone)
    assert (done.staged.files, done.staged.rows, done.staged.schema) == ((), 0, "")
    assert done.staged.dead.rows == 10


def test_a_folder_that_is_gone_is_the_storages(shard, tmp_path):
    *_, failed = reports_of(worker_of(predictors.Double), RunShard("job", shard, 1, FOUR, stage(tmp_path / "no")))
    assert failed.failure.owner == "storage"
    assert failed.failure.where.startswith("staging ")


def test_nothing_is_left_of_an_attempt_that_fails_or_is_closed(shard, tmp_path):
    staged = stage(tmp_path, row_group_rows=1)
    *_, failed = reports_of(worker_of(Picky, bad=[9]), RunShard("job", shard, 1, FOUR, staged))
    assert isinstance(failed, ShardFailed)
    assert list(tmp_path.iterdir()) == []
    for at in range(6):
        reports = worker_of(predictors.Double).handle(RunShard("job", shard, 1, FOUR, staged))
        for _ in range(at + 1):
            next(reports)
        assert bool(list(tmp_path.iterdir())) is (at > 0)  # it was under way
        reports.close()
        assert list(tmp_path.iterdir()) == []
