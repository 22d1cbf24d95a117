"""`Pool` end to end: the same rows on every backend, whatever dies on the way."""

from __future__ import annotations

import asyncio
import os
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow.parquet as pq
import pytest

import tensor
from cluster import (
    BatchPolicy,
    FakeBackend,
    JobFolderError,
    Pool,
    PoolBusy,
    Ragged,
    RayBackend,
    UsageError,
    UserCodeFailed,
    WeightSnapshot,
    WorkersLost,
    read_results,
)
from cluster.backends.fake import Lose, Repeat
from tests import predictors
from workers.columns import digest_rows

BACKENDS = ("inline", "local", "fake", "ray")
ROWS = 1600  # seven shards


@pytest.fixture
def make(request):
    """Makes a backend by its name; the cluster is started when it is first asked for."""

    def make_backend(name):
        if name == "ray":
            return RayBackend(request.getfixturevalue("ray_head").address, num_cpus=0.5)
        return FakeBackend() if name == "fake" else name

    return make_backend


@pytest.fixture(params=BACKENDS)
def backend(request, make):
    return make(request.param)


@pytest.fixture
def rows():
    return {"x": np.arange(ROWS, dtype=np.float32)}


@pytest.fixture
def weights():
    generator = np.random.default_rng(0)
    return {
        "weight": generator.standard_normal((4, 8), dtype=np.float32),
        "bias": generator.standard_normal(4, dtype=np.float32),
    }


def plain(columns):
    return {name: np.asarray(column) for name, column in columns.items()}


# --- what comes out


def test_map_streams_in_input_order(backend, rows):
    with Pool(predictors.Double, replicas=2, backend=backend) as pool:
        batches = list(pool.map(rows, batch=BatchPolicy(max_rows=16)))
    assert max(len(batch["y"]) for batch in batches) == 16
    np.testing.assert_array_equal(np.concatenate([np.asarray(batch["y"]) for batch in batches]), rows["x"] * 2)
    assert all(batch["y"].is_inference() for batch in batches)


def test_map_unordered_yields_every_row_once(rows):
    with Pool(predictors.Double, replicas=2) as pool:
        batches = list(pool.map(rows, batch=BatchPolicy(max_rows=16), ordered=False))
    np.testing.assert_array_equal(np.sort(np.concatenate([np.asarray(b["y"]) for b in batches])), rows["x"] * 2)


def test_predict_gathers_marked_rows_that_know_where_they_came_from(backend, rows):
    with Pool(predictors.Double, replicas=2, backend=backend) as pool:
        table = pool.predict(rows)
    np.testing.assert_array_equal(np.asarray(table["y"]), rows["x"] * 2)
    assert table["y"].is_inference()
    origin = table["y"].origin
    assert origin.job.startswith("Double-")
    assert [(part.start, part.stop) for part in origin.rows] == [(i * 256, min(i * 256 + 256, ROWS)) for i in range(7)]
    assert {part.replica for part in origin.rows} <= {"w0", "w1"}
    with pytest.raises(tensor.InferenceTensorError, match="Double-"):
        tensor.ones(ROWS, requires_grad=True) * table["y"]


def test_run_commits_files_that_read_back_marked(backend, rows, tmp_path):
    with Pool(predictors.Double, replicas=2, backend=backend) as pool:
        report = pool.run(rows, tmp_path / "out")
    assert (report.rows, report.shards, report.workers_lost, report.graph_nodes) == (ROWS, 7, 0, 0)
    table = read_results(tmp_path / "out")
    np.testing.assert_array_equal(np.asarray(table["y"]), rows["x"] * 2)
    assert table["y"].is_inference()
    assert table["y"].origin.job == report.job
    files = sorted((tmp_path / "out").glob("*.parquet"))
    assert sum(pq.read_metadata(file).num_rows for file in files) == ROWS
    assert not list((tmp_path / "out" / "_shoal" / "staged").iterdir())


def test_the_same_digest_on_every_backend_and_number_of_replicas(weights, make, tmp_path):
    source = {"x": np.random.default_rng(1).standard_normal((ROWS, 8), dtype=np.float32)}
    digests = set()
    for name in BACKENDS:
        for replicas in (1, 3):
            with Pool(predictors.Linear, weights=weights, replicas=replicas, backend=make(name)) as pool:
                digests.add(pool.run(source, tmp_path / f"{name}{replicas}", batch=BatchPolicy(max_rows=32)).digest)
                digests_of_rows = digest_rows(plain(pool.predict(source, batch=BatchPolicy(max_rows=32))))
                digests.add(digests_of_rows)
    assert len(digests) == 2  # of the shards' files, and of the rows as one table


def test_strings_and_ragged_columns_travel(backend, tmp_path):
    tokens = Ragged.from_rows([np.arange(n, dtype=np.int64) for n in range(100)])
    with Pool(predictors.Lengths, replicas=1, backend=backend) as pool:
        table = pool.predict({"tokens": tokens})
        pool.run({"tokens": tokens}, tmp_path / "out")
    for read in (table, read_results(tmp_path / "out")):
        np.testing.assert_array_equal(np.asarray(read["length"]), np.arange(100))
        np.testing.assert_array_equal(np.asarray(read["again"].values), np.asarray(tokens.values) + 1)
        assert read["again"].values.is_inference()


def test_labels_of_strings_come_back_as_strings(backend):
    source = {"x": np.arange(5.0), "label": np.array(list("abcde"), dtype=object)}
    with Pool(predictors.Double, replicas=1, backend=backend) as pool:
        assert list(pool.predict(source)["label"]) == list("abcde")


def test_prepare_sees_the_shard_and_call_its_batches(backend):
    texts = np.array(["a" * n for n in range(100)], dtype=object)
    with Pool(predictors.Prepared, replicas=1, backend=backend) as pool:
        lengths = pool.predict({"text": texts}, batch=BatchPolicy(max_rows=7))["length"]
    np.testing.assert_array_equal(np.asarray(lengths), np.arange(100))


def test_every_part_of_a_predictor_runs_inside_inference_mode(backend, rows):
    with Pool(predictors.Modes, replicas=1, backend=backend) as pool:
        assert bool(pool.predict(rows)["modes"].all())


def test_other_libraries_tensors_are_taken_for_arrays(rows):
    with Pool(predictors.OtherLibrary, backend="inline") as pool:
        table = pool.predict(rows)
    assert table["y"].is_inference()
    np.testing.assert_array_equal(np.asarray(table["y"]), rows["x"] * 2)


def test_sources_without_rows(backend, tmp_path):
    empty = {"x": np.empty(0, np.float32)}
    with Pool(predictors.Double, replicas=1, backend=backend) as pool:
        assert pool.predict(empty) == {}
        assert list(pool.map(empty)) == []
        assert pool.run(empty, tmp_path / "out").rows == 0
    assert read_results(tmp_path / "out") == {}


def test_files_as_sources(backend, rows, tmp_path):
    np.save(tmp_path / "x.npy", rows["x"])
    with Pool(predictors.Double, replicas=1, backend=backend) as pool:
        pool.run(rows, tmp_path / "first")
        with pytest.raises(UserCodeFailed, match="KeyError: 'x'"):  # the column is called "data"
            pool.predict(tmp_path / "x.npy")
        from cluster import NpySource, ParquetSource

        np.testing.assert_array_equal(np.asarray(pool.predict(NpySource(tmp_path / "x.npy", "x"))["y"]), rows["x"] * 2)
    with Pool(predictors.Returns, replicas=1, backend="inline") as pool:
        parquet = ParquetSource(tmp_path / "first")  # one job's output is another one's input
        with pytest.raises(UserCodeFailed, match="KeyError"):
            pool.predict(parquet)


# --- what dies on the way


@pytest.mark.parametrize("how", ["SIGKILL", "SIGSEGV", "exit"])
def test_a_dying_worker_loses_and_doubles_no_row(rows, tmp_path, how):
    init = {"on": 200.0, "how": how, "marker": str(tmp_path / "died")}
    with Pool(predictors.DiesOnce, init=init, replicas=2) as pool:
        report = pool.run(rows, tmp_path / "out", batch=BatchPolicy(max_rows=10))
    assert report.workers_lost == 1
    assert report.attempts > report.shards
    np.testing.assert_array_equal(np.asarray(read_results(tmp_path / "out")["y"]), rows["x"] * 2)


def test_a_stream_survives_a_dying_worker(rows, tmp_path):
    init = {"on": 200.0, "how": "SIGKILL", "marker": str(tmp_path / "died")}
    with Pool(predictors.DiesOnce, init=init, replicas=2) as pool:
        table = pool.predict(rows, batch=BatchPolicy(max_rows=10))
    np.testing.assert_array_equal(np.asarray(table["y"]), rows["x"] * 2)


def test_g5_a_pool_of_one_replaces_its_dead_worker(rows, tmp_path, caplog):
    init = {"on": 0.0, "how": "SIGKILL", "marker": str(tmp_path / "died")}
    with Pool(predictors.DiesOnce, init=init, replicas=1) as pool:
        np.testing.assert_array_equal(np.asarray(pool.predict(rows)["y"]), rows["x"] * 2)
    (told,) = caplog.messages  # and not of the worker that the pool itself has ended
    assert re.match(r"shoal: worker w0 is lost: .*SIGKILL.*; another takes its place", told)


@pytest.mark.parametrize("report", range(1, 40, 3))
def test_losing_a_worker_at_any_report_changes_nothing(rows, report):
    backend = FakeBackend([Lose(report=report), Repeat(report=report + 2), Lose(report=report + 9)])
    with Pool(predictors.Double, replicas=2, backend=backend) as pool:
        table = pool.predict(rows, batch=BatchPolicy(max_rows=32), shard_rows=64)
    np.testing.assert_array_equal(np.asarray(table["y"]), rows["x"] * 2)


@pytest.mark.parametrize(("first", "second"), [(3, 6), (5, 8), (8, 11), (10, 13), (5, 9)])
def test_accidents_do_not_change_the_batches(tmp_path, first, second):
    def digest(*script):
        with Pool(predictors.BatchSizes, replicas=1, backend=FakeBackend(script)) as pool:
            report = pool.run(
                {"x": np.arange(64)}, tmp_path / f"{len(script)}", batch=BatchPolicy(max_rows=16), shard_rows=32
            )
        assert report.workers_lost == len(script)
        return report.digest

    assert digest(Lose(first), Lose(second)) == digest()


def test_a_worker_that_died_between_two_jobs_is_replaced(rows):
    with Pool(predictors.Double, replicas=1) as pool:
        pool.predict(rows)
        kill_worker(pool)
        np.testing.assert_array_equal(np.asarray(pool.predict(rows)["y"]), rows["x"] * 2)


def kill_worker(pool):
    (pid,) = (replica.pid for replica in pool._engine.fleet.replicas.values())
    os.kill(pid, 9)


def test_rows_that_always_kill_end_the_job_and_a_resume_goes_on(rows, tmp_path):
    with (
        Pool(predictors.DiesAlways, init={"on": 1590.0}, replicas=1, version="1") as pool,
        pytest.raises(WorkersLost, match=r"workers ended while they ran this row.*killed by SIGKILL\n.*on row 1590 of"),
    ):
        pool.run(rows, tmp_path / "out", batch=BatchPolicy(max_rows=64))
    partial = read_results(tmp_path / "out", partial=True)
    assert len(partial["y"]) == 1536


def test_a_predictor_whose_process_dies_while_building_is_given_up(rows):
    with (
        Pool(predictors.DiesWhileBuilding, replicas=1) as pool,
        pytest.raises(WorkersLost, match="3 workers in a row ended while building"),
    ):
        pool.predict(rows)


# --- what the user did wrong


def test_an_error_leads_with_the_users_line(backend, rows):
    with Pool(predictors.Raises, init={"on": 100.0}, replicas=1, backend=backend) as pool:
        with pytest.raises(UserCodeFailed) as caught:
            pool.predict(rows, batch=BatchPolicy(max_rows=16))
        first, second, third, *rest = str(caught.value).splitlines()
        assert first.startswith(predictors.__file__)
        assert first.endswith('raise ValueError(f"cannot stomach {self.on}")')
        assert second == "ValueError: cannot stomach 100.0"
        assert "Raises.__call__, on row 100 of the columns in memory" in third
        assert len(rest) < 20
        assert "workers/inference.py" not in str(caught.value)
        with pytest.raises(UserCodeFailed):  # the pool is as good as before
            pool.predict(rows)


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ({"rows": 3}, "got 256 rows and returned 3"),
        ({"kind": "array"}, "returned ndarray; expected a dict"),
        ({"kind": "objects"}, "object"),
        ({"kind": "uneven"}, "do not fit together"),
    ],
)
def test_what_a_predictor_must_not_return(backend, rows, init, message):
    with (
        Pool(predictors.Returns, init=init, replicas=1, backend=backend) as pool,
        pytest.raises(UserCodeFailed, match=message),
    ):
        pool.predict(rows)


def test_weights_that_do_not_fit_the_model(backend, rows):
    wrong = {"weight": np.ones((4, 9), np.float32)}
    with (
        Pool(predictors.Linear, weights=wrong, replicas=2, backend=backend) as pool,
        pytest.raises(UserCodeFailed, match=r"(?s)bias.*weight"),
    ):
        pool.predict(rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"replicas": 0}, "replicas must be a whole number from 1, got 0"),
        ({"replicas": 1.5}, "replicas must be"),
        ({"backend": "kubernetes"}, "unknown backend 'kubernetes'; expected one of: inline, local"),
        ({"max_attempts": 0}, "max_attempts must be"),
        ({"init": {"model": object()}}, "init: .*object"),
        ({"predictor": predictors.Linear, "weights": 3}, "weights are a safetensors file"),
        ({"predictor": predictors.Linear, "weights": {"a": "b"}}, "expected a tensor or a numeric array, got str"),
        ({"predictor": predictors.Linear}, "Linear.__init__ missing a required argument: 'weights'"),
        ({"weights": {}}, "unexpected keyword argument 'weights'"),
        ({"init": {"shaft": 1}}, "unexpected keyword argument 'shaft'|takes no arguments|too many"),
        ({"init": [1]}, "init must be a mapping"),
        ({"init": {1: 2}}, "init must be a mapping"),
        ({"backend": 3}, "backend must be one of inline, local, ray, or a Backend; got 3"),
        ({"predictor": "tests.predictors:Nobody"}, "has no 'Nobody'"),
        ({"predictor": "nowhere:Nobody"}, "no module named 'nowhere'"),
        ({"predictor": predictors.Double()}, "pass the class itself"),
        ({"predictor": dict}, r"builtins:dict has no __call__\(self, batch\)"),
    ],
)
def test_arguments_that_cannot_work(arguments, message):
    with pytest.raises(UsageError, match=message):
        Pool(**{"predictor": predictors.Double, **arguments})


def test_weights_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.safetensors"):
        Pool(predictors.Linear, weights=tmp_path / "nothing.safetensors")


def test_bad_sources_are_refused_before_any_worker_starts(tmp_path):
    pool = Pool(predictors.Double)
    for source, message in (
        (tmp_path / "nothing.npy", "there is no file"),
        ({"x": np.zeros(3), "z": np.zeros(4)}, "'x' has 3, 'z' has 4"),
        ({"x": np.array([object()])}, "'x'"),
        (3, "cannot read rows from int"),
    ):
        for method in (pool.predict, pool.map, lambda source: pool.run(source, tmp_path / "out")):
            with pytest.raises(UsageError, match=message):
                method(source)
    assert pool._thread is None
    assert not (tmp_path / "out").exists()


def test_a_closed_pool_says_so(rows):
    pool = Pool(predictors.Double, backend="inline")
    pool.close()
    pool.close()
    with pytest.raises(UsageError, match="was closed"):
        pool.predict(rows)


# --- streams


def test_leaving_the_loop_early_stops_the_job_cleanly(backend, rows):
    with Pool(predictors.Double, replicas=2, backend=backend) as pool:
        for batch in pool.map(rows, batch=BatchPolicy(max_rows=1)):
            assert float(batch["y"][0]) == 0.0
            break
        assert len(pool.predict(rows)["y"]) == ROWS


def test_a_second_job_while_an_iterator_is_open_says_so_instead_of_hanging(backend, rows):
    with Pool(predictors.Double, replicas=1, backend=backend) as pool:
        stream = pool.map(rows)
        next(stream)
        with pytest.raises(PoolBusy, match="still open"):
            pool.predict(rows)
        for refused in (lambda: next(pool.map(rows)), lambda: pool.predict(rows)):
            with pytest.raises(PoolBusy):
                refused()
        stream.close()
        pool.predict(rows)


def test_a_pool_may_be_used_from_many_threads(rows):
    pool = Pool(predictors.Double, replicas=2)
    with ThreadPoolExecutor(4) as threads:
        tables = list(threads.map(lambda shift: pool.predict({"x": rows["x"] + shift}), range(8)))
    pool.close()
    for shift, table in enumerate(tables):
        np.testing.assert_array_equal(np.asarray(table["y"]), (rows["x"] + shift) * 2)


def test_a_pool_that_nobody_closed_goes_with_its_last_user(rows):
    total = sum(len(batch["y"]) for batch in Pool(predictors.Double, replicas=1).map(rows))
    assert total == ROWS  # and no process is left, which the fixture sees to


def test_a_bad_batch_policy_is_refused_before_any_worker_starts(rows):
    pool = Pool(predictors.Double)
    for wrong in (256, 0, "all"):
        with pytest.raises(UsageError, match="batch must be a BatchPolicy"):
            pool.predict(rows, batch=wrong)
    assert pool._thread is None


@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "CancelledError", "GeneratorExit", "SystemExit"])
def test_whatever_ends_a_process_ends_an_inline_worker_and_never_hangs(rows, kind):
    with (
        Pool(predictors.RaisesBase, init={"kind": kind}, backend="inline") as pool,
        pytest.raises(WorkersLost, match=f"ended by {kind}"),
    ):
        pool.predict(rows)


def test_waiting_for_replicas(backend, rows):
    with Pool(predictors.Double, replicas=2, backend=backend) as pool:
        pool.wait_ready()
        pool.wait_ready()
        assert all(replica.ready for replica in pool._engine.fleet.replicas.values())
        assert len(pool.predict(rows)["y"]) == ROWS


def test_waiting_for_a_predictor_that_cannot_be_built(weights):
    with (
        Pool(predictors.Linear, weights={"weight": weights["weight"]}, replicas=2) as pool,
        pytest.raises(UserCodeFailed, match="bias"),
    ):
        pool.wait_ready()
    with Pool(predictors.DiesWhileBuilding, replicas=1) as pool, pytest.raises(WorkersLost, match="3 workers ended"):
        pool.wait_ready()


def test_workers_that_cannot_be_started_end_the_job(rows, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("cluster.backends.local.subprocess.Popen", refuse)
    with Pool(predictors.Double, replicas=2) as pool, pytest.raises(WorkersLost, match="Too many open files"):
        pool.predict(rows)


def test_a_slow_consumer_holds_the_workers_back():
    source = {"x": np.arange(64 * 32, dtype=np.float32)}
    backend = FakeBackend()
    with Pool(predictors.Double, replicas=1, backend=backend) as pool:
        stream = pool.map(source, shard_rows=64)
        next(stream)
        pool._thread.run(many_turns())
        assert backend.reports <= 1 + 3 * 3  # the open shards are one replica's: one running, one waiting, one done
        assert sum(len(batch["y"]) for batch in stream) == 64 * 31


async def many_turns():
    """Let everything happen that can: the fake takes a few turns of the loop for each report."""
    for _ in range(2000):
        await asyncio.sleep(0)


async def test_async_twins(rows, tmp_path):
    async with Pool(predictors.Double, replicas=2) as pool:
        batches = [np.asarray(batch["y"]) async for batch in pool.amap(rows)]
        np.testing.assert_array_equal(np.concatenate(batches), rows["x"] * 2)
        tables = await asyncio.gather(*(pool.apredict({"x": rows["x"] + i}) for i in range(4)))
        for i, table in enumerate(tables):
            np.testing.assert_array_equal(np.asarray(table["y"]), (rows["x"] + i) * 2)
        assert (await pool.arun(rows, tmp_path / "out")).rows == ROWS


async def test_cancelling_an_async_job_leaves_a_working_pool(rows, tmp_path):
    async with Pool(predictors.Waits, init={"pid_file": str(tmp_path / "pid")}, replicas=1) as pool:
        job = asyncio.create_task(pool.apredict(rows))
        while not (tmp_path / "pid").exists():  # noqa: ASYNC110  (another process writes it)
            await asyncio.sleep(0.01)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job


async def test_a_job_runs_again_right_after_it_was_cancelled(rows, tmp_path):
    """It is the same job, so what is still on its way to and from the first run must not be taken for the second's."""
    waiting = tmp_path / "waiting"
    waiting.mkdir()
    async with Pool(predictors.WaitsAtGate, init={"pid_folder": str(waiting)}, replicas=1) as pool:
        job = asyncio.create_task(pool.arun(rows, tmp_path / "first", shard_rows=64))
        while not list(waiting.iterdir()):  # noqa: ASYNC110  (another process writes it)
            await asyncio.sleep(0.01)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        again = asyncio.create_task(pool.arun(rows, tmp_path / "second", shard_rows=64))
        (waiting / "gate").touch()
        assert (await asyncio.wait_for(again, 120)).rows == ROWS


# --- resuming


def test_a_finished_job_is_not_run_again(rows, tmp_path):
    for resumed in (0, 7):
        with Pool(predictors.Double, replicas=1) as pool:
            report = pool.run(rows, tmp_path / "out")
        assert (report.resumed_shards, report.rows, report.attempts) == (resumed, ROWS, 7 - resumed)


def test_a_failed_job_goes_on_where_it_ended(rows, tmp_path):
    bad = {"x": rows["x"]}
    init = {"on": 1590.0, "how": "SIGKILL", "marker": str(tmp_path / "marker")}
    with Pool(predictors.DiesOnce, init=init, replicas=1, max_attempts=1) as pool, pytest.raises(WorkersLost):
        pool.run(bad, tmp_path / "out")
    with Pool(predictors.DiesOnce, init=init, replicas=1, max_attempts=1) as pool:
        report = pool.run(bad, tmp_path / "out")
    assert (report.resumed_shards, report.attempts) == (6, 1)
    np.testing.assert_array_equal(np.asarray(read_results(tmp_path / "out")["y"]), rows["x"] * 2)


def test_another_job_is_refused_before_any_worker_starts(rows, tmp_path):
    with Pool(predictors.Double, backend="inline") as pool:
        pool.run(rows, tmp_path / "out")
    for arguments, batch, source, differs in (
        ({}, BatchPolicy(max_rows=3), rows, "batch.max_rows was 256 and is now 3"),
        ({"version": "2"}, None, rows, "version"),
        ({}, None, {"x": rows["x"] + 1}, "source.digest"),
    ):
        pool = Pool(predictors.Double, backend="inline", **arguments)
        with pytest.raises(JobFolderError, match=differs):
            pool.run(source, tmp_path / "out", batch=batch)
        assert pool._thread is None


# --- weights


def test_a_path_and_a_mapping_of_the_same_weights_agree(weights, tmp_path):
    tensor.save({name: tensor.from_numpy(array) for name, array in weights.items()}, tmp_path / "w.safetensors")
    source = {"x": np.random.default_rng(1).standard_normal((ROWS, 8), dtype=np.float32)}
    reports = []
    for given in (weights, tmp_path / "w.safetensors"):
        with Pool(predictors.Linear, weights=given, replicas=1) as pool:
            reports.append(pool.run(source, tmp_path / f"out{len(reports)}"))
    assert reports[0].weights_digest == reports[1].weights_digest
    assert reports[0].digest == reports[1].digest


def test_swap_changes_all_replicas_or_none(backend, weights):
    source = {"x": np.ones((ROWS, 8), np.float32)}
    doubled = {name: array * 2 for name, array in weights.items()}
    with Pool(predictors.Linear, weights=weights, replicas=2, backend=backend) as pool:
        before = np.asarray(pool.predict(source)["logits"])
        pool.swap(doubled)
        np.testing.assert_allclose(np.asarray(pool.predict(source)["logits"]), before * 2, rtol=1e-6)
        with pytest.raises(UserCodeFailed, match="weight"):
            pool.swap({"weight": np.ones((1, 1), np.float32)})
        np.testing.assert_allclose(np.asarray(pool.predict(source)["logits"]), before * 2, rtol=1e-6)


def test_a_swap_that_kills_the_workers_changes_nothing(weights):
    source = {"x": np.ones((ROWS, 8), np.float32)}
    lethal = {name: array * np.nan for name, array in weights.items()}
    with Pool(predictors.DiesOnNaN, weights=weights, replicas=2) as pool:
        before = np.asarray(pool.predict(source)["logits"])
        with pytest.raises(WorkersLost, match="built the predictor on the new weights: killed by SIGKILL"):
            pool.swap(lethal)
        np.testing.assert_array_equal(np.asarray(pool.predict(source)["logits"]), before)


def test_a_new_worker_runs_on_the_weights_that_the_job_began_with(weights, tmp_path):
    """The file is replaced and the snapshot closed while the pool is at work, and then a worker dies."""
    source = {"x": np.ones((ROWS, 8), np.float32)}
    path = tmp_path / "w.safetensors"
    tensor.save({name: tensor.from_numpy(array) for name, array in weights.items()}, path)
    snapshot = WeightSnapshot.from_mapping(weights)
    with (
        Pool(predictors.Linear, weights=path, replicas=1) as of_file,
        Pool(predictors.Linear, weights=snapshot, replicas=1) as of_snapshot,
    ):
        before = np.asarray(of_file.predict(source)["logits"])
        of_snapshot.predict(source)
        tensor.save({"other": tensor.zeros(1000)}, path)
        snapshot.close()
        for pool in (of_file, of_snapshot):
            kill_worker(pool)
            np.testing.assert_array_equal(np.asarray(pool.predict(source)["logits"]), before)


def test_a_pool_without_weights_has_none_to_swap(rows, weights):
    with Pool(predictors.Double, backend="inline") as pool, pytest.raises(UsageError, match="made without weights"):
        pool.swap(weights)


def test_private_memory_is_told_for_processes(rows):
    with Pool(predictors.Double, replicas=2) as pool:
        pool.predict(rows)
        assert len(pool.private_bytes()) + 1 >= 2
        assert all(2**20 < size_bytes < 2**30 for size_bytes in pool.private_bytes().values())
    with Pool(predictors.Double, replicas=2, backend="inline") as pool:
        assert pool.private_bytes() == {}


def test_closing_a_pool_ends_what_it_is_doing(rows, tmp_path):
    pool = Pool(predictors.Double, replicas=1)
    stream = pool.map(rows)
    next(stream)
    pool.close()
    with pytest.raises(UsageError, match="the pool was closed"):
        next(stream)


async def test_closing_a_pool_ends_a_coroutines_job(rows, tmp_path):
    async with Pool(predictors.Waits, init={"pid_file": str(tmp_path / "pid")}, replicas=1) as pool:
        job = asyncio.create_task(pool.apredict(rows))
        while not (tmp_path / "pid").exists():  # noqa: ASYNC110  (another process writes it)
            await asyncio.sleep(0.01)
    with pytest.raises(UsageError, match="the pool was closed"):
        await job


def test_output_that_changes_from_shard_to_shard_is_refused(rows, tmp_path):
    with (
        Pool(predictors.ChangesItsMind, replicas=1) as pool,
        pytest.raises(UserCodeFailed, match=r"rows 256 to 511 .*'y' was float32 and is now float64"),
    ):
        pool.run(rows, tmp_path / "out")
    assert len(read_results(tmp_path / "out", partial=True)["y"]) == 256


async def test_a_pool_gives_back_what_it_grew_by(rows):
    backend = FakeBackend()
    pool = Pool(predictors.Double, min_replicas=1, max_replicas=3, backend=backend)
    async with pool:
        await pool.apredict(rows, shard_rows=16)
        grown = pool._engine.fleet.replicas
        assert 1 < len(grown) <= 3
        pool._loop().send(pool._engine._shrink)  # as half a minute without a job would
        await pool.apredict(rows[:1] if isinstance(rows, np.ndarray) else {"x": rows["x"][:1]})
        assert len(pool._engine.fleet.replicas) == 1
