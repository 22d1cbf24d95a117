"""Pools on a Ray cluster: what is different there from one machine's processes."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
import ray

from cluster import BatchPolicy, Pool, RayBackend, SourceFailed, TrainingPool, UsageError, WorkersLost
from cluster.planning import plan_shards
from cluster.ray import backend as ray_backend
from cluster.ray import reach
from cluster.sources import ArraySource
from tests import predictors, trainers
from tests.waiting import until
from workers import WeightSnapshot
from workers.code import CodeRef
from workers.messages import BuildPredictor, RunShard, ShardDone, ShardFailed

ROWS = 1600  # seven shards


@pytest.fixture
def rows():
    return {"x": np.arange(ROWS, dtype=np.float32)}


@pytest.fixture
def on_ray(ray_head):
    """Makes backends on the running cluster."""
    return lambda **options: RayBackend(ray_head.address, **{"num_cpus": 0.5, **options})


# --- workers that die


def test_a_dying_actor_loses_and_doubles_no_row(on_ray, rows, tmp_path):
    """`tests/gates` has the other ways to die."""
    undisturbed = Pool(predictors.Double, replicas=1, backend="inline")
    with undisturbed:
        expected = undisturbed.run(rows, tmp_path / "undisturbed").digest
    init = {"on": 700.0, "marker": str(tmp_path / "died"), "how": "SIGKILL"}
    with Pool(predictors.DiesOnce, init=init, replicas=2, backend=on_ray()) as pool:
        report = pool.run(rows, tmp_path / "out")
    assert (report.rows, report.digest, report.workers_lost) == (ROWS, expected, 1)


def test_sys_exit_is_told_with_its_line(on_ray):
    init = {"on": 5.0, "how": "exit"}
    with (
        Pool(predictors.DiesAlways, init=init, replicas=1, max_attempts=1, backend=on_ray()) as pool,
        pytest.raises(WorkersLost, match=r"exited with status 0 \(w\d: .*predictors\.py:\d+ called sys\.exit\(0\)\)"),
    ):
        pool.predict({"x": np.array([5.0])})


# --- weights


def test_replicas_share_the_weights_of_a_large_model(ray_head):
    """Four replicas of 400 MB: each has what a process with NumPy and Ray has, and none a copy."""
    weights = {f"layer{index}": np.ones((25, 1_000_000), np.float32) for index in range(4)}
    backend = RayBackend(ray_head.address, num_cpus=0.25)
    with (
        WeightSnapshot.from_mapping(weights) as snapshot,
        Pool(predictors.SumsWeights, weights=snapshot, replicas=4, backend=backend) as pool,
    ):
        pool.wait_ready()
        (total,) = {float(value) for value in pool.predict({"x": np.zeros(4)}, shard_rows=1)["y"]}
        private = pool.private_bytes()
    assert total == 100_000_000
    assert len(private) == 4
    assert max(private.values()) < 100 * 2**20, private


def test_rows_leave_the_object_store_with_their_job(on_ray, rows):
    with Pool(predictors.Double, replicas=1, backend=on_ray()) as pool:
        objects = pool._engine.fleet.backend._objects
        pool.predict(rows)
        until(lambda: not objects._shared)
        pool.predict({"x": np.zeros(10)})
        until(lambda: not objects._shared)


# --- training


def test_training_on_ray_gives_the_weights_that_local_training_gives(ray_head):
    generator = np.random.default_rng(0)
    x = generator.standard_normal((200, 2), dtype=np.float32)
    source = {"x": x, "y": x.sum(axis=1, keepdims=True)}
    digests = set()
    for backend in ("inline", RayBackend(ray_head.address)):
        with TrainingPool(trainers.Regress, init={"seed_by_rank": True}, world_size=2, backend=backend) as training:
            report = training.fit(source, epochs=2, batch_rows=64, seed=0)
            assert len(set(training.digests())) == 1
            digests.add(report.digest)
            assert all(np.isfinite(array).all() for array in training.publish().values())
    assert len(digests) == 1


def test_a_rank_that_dies_on_ray_ends_the_fit(ray_head):
    x = np.ones((200, 2), np.float32)
    with (
        TrainingPool(trainers.Dies, world_size=2, backend=RayBackend(ray_head.address)) as training,
        pytest.raises(WorkersLost, match="rank1 of 2 ended while it trained: ended without a word on node"),
    ):
        training.fit({"x": x, "y": x[:, :1]}, epochs=2, batch_rows=64)


def test_ranks_that_do_not_fit_at_once_are_refused(ray_head):
    backend = RayBackend(ray_head.address, num_cpus=3)
    training = TrainingPool(trainers.Regress, world_size=2, backend=backend)
    x = np.ones((200, 2), np.float32)
    with pytest.raises(UsageError, match="room for 1 of the 2 ranks"):
        training.fit({"x": x, "y": x[:, :1]}, epochs=1, batch_rows=64)
    training.close()


# --- room


def test_a_worker_that_fits_on_no_node_is_refused_at_once(ray_head, rows):
    with (
        pytest.raises(UsageError, match=r"each worker asks for 1 CPU, 1 GPU, and no node .* \(the nodes have 4 CPU\)"),
        Pool(predictors.Double, backend=RayBackend(ray_head.address, num_gpus=1)) as pool,
    ):
        pool.predict(rows)


def test_g10_a_pool_larger_than_the_cluster_says_so_and_goes_on(ray_head, rows, caplog):
    with Pool(predictors.Double, replicas=9, backend=RayBackend(ray_head.address, num_cpus=2)) as pool:
        assert "room for 2 of 9 workers, each with 2 CPU" in caplog.text
        assert "replicas=2" in repr(pool)
        assert len(pool.predict(rows)["y"]) == ROWS


def test_what_an_autoscaler_says_of_itself_is_read(ray_head, monkeypatch):
    """As the autoscaler of KubeRay or `ray up` reports it to the head."""
    from ray.core.generated import autoscaler_pb2

    config = autoscaler_pb2.ClusterConfig()
    config.node_group_configs.add(resources={"CPU": 8, "GPU": 1}, min_count=0, max_count=2, name="gpu")
    monkeypatch.setattr(ray_backend.state.state, "get_cluster_config", lambda: config)
    with Pool(predictors.Double, replicas=9, backend=RayBackend(ray_head.address, num_gpus=1)) as pool:
        assert "replicas=2" in repr(pool)


def test_as_many_workers_as_fit_by_default(ray_head):
    with Pool(predictors.Double, backend=RayBackend(ray_head.address, num_cpus=1.5)) as pool:
        assert "replicas=2" in repr(pool)


def test_a_worker_that_waits_for_a_place_says_so_and_the_job_goes_on(ray_head, rows, caplog, monkeypatch):
    monkeypatch.setattr(ray_backend, "_PLACE_S", 0.5)
    with (
        Pool(predictors.Double, replicas=1, backend=RayBackend(ray_head.address, num_cpus=3)) as first,
        Pool(predictors.Double, replicas=2, backend=RayBackend(ray_head.address, num_cpus=2)) as second,
    ):
        first.wait_ready()
        until(lambda: "workers wait for a place with 2 CPU; free in the Ray cluster" in caplog.text)
        first.close()
        assert len(second.predict(rows)["y"]) == ROWS


# --- this process and the cluster


def test_pools_share_one_membership(ray_head, on_ray, rows):
    with Pool(predictors.Double, replicas=1, backend=on_ray()) as first:
        with Pool(predictors.Double, replicas=1, backend=on_ray()) as second:
            assert (second.predict(rows)["y"] == first.predict(rows)["y"]).all()
        assert ray.is_initialized()
        with pytest.raises(UsageError, match="a driver of the Ray cluster at"):
            Pool(predictors.Double, backend=RayBackend("127.0.0.1:1")).predict(rows)
        with pytest.raises(UsageError, match="with another runtime_env"):
            Pool(predictors.Double, backend=on_ray(runtime_env={"env_vars": {"A": "1"}})).predict(rows)
        assert len(first.predict(rows)["y"]) == ROWS
    assert not ray.is_initialized()


async def test_a_pool_that_is_interrupted_while_it_joins_leaves_again(ray_head):
    """The thread that joins cannot be stopped."""
    opening = asyncio.create_task(RayBackend(ray_head.address).open(1, {}))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert not ray.is_initialized()


def test_a_cluster_that_the_user_joined_stays_theirs(ray_head, rows):
    with reach.let_in(ray_head.address):
        ray.init(address=ray_head.address, logging_level="ERROR", log_to_driver=False)
        try:
            for _ in range(2):
                with Pool(predictors.Double, replicas=1, backend="ray") as pool:
                    assert len(pool.predict(rows)["y"]) == ROWS
                assert ray.is_initialized()
        finally:
            ray.shutdown()


def test_workers_know_their_threads_before_numpy_is_loaded(on_ray, rows, caplog):
    """Else the driver warns."""
    with Pool(predictors.Double, replicas=1, backend=on_ray()) as pool:
        assert len(pool.predict(rows)["y"]) == ROWS
    assert caplog.text == ""


def test_numerics_of_the_runtime_env_win_and_are_recorded(on_ray, rows, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    backend = on_ray(runtime_env={"env_vars": {"OPENBLAS_NUM_THREADS": "3", "MINE": "yes"}})
    init = {"names": ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MINE"]}
    with Pool(predictors.Environment, init=init, replicas=1, backend=backend) as pool:
        assert set(pool.predict(rows)["found"]) == {"3 3 yes"}
        assert pool.run(rows, tmp_path / "out").numerics["threads"] == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_cpus": -1}, "num_cpus"),
        ({"num_cpus": "many"}, "num_cpus"),
        ({"resources": {"CPU": 1}}, "CPU"),
    ],
)
def test_options_that_ray_does_not_take(options, message):
    with pytest.raises(UsageError, match=message):
        RayBackend(**options)


@pytest.mark.parametrize("runtime_env", [{"working_dir": "/does/not/exist"}, {"env_vars": {"A": 1}}])
def test_a_runtime_env_that_ray_does_not_take(on_ray, rows, runtime_env):
    pool = Pool(predictors.Double, replicas=1, backend=on_ray(runtime_env=runtime_env))
    with pytest.raises(UsageError, match="runtime_env"):
        pool.predict(rows)
    pool.close()


# --- files


def test_a_file_that_is_gone_is_told_with_the_node(on_ray, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(10, np.float32))
    with (
        Pool(predictors.RemovesFile, init={"path": str(tmp_path / "x.npy")}, replicas=1, backend=on_ray()) as pool,
        pytest.raises(SourceFailed, match=r"x\.npy is missing(.|\n)*on node .*storage that every node has"),
    ):
        pool.predict(str(tmp_path / "x.npy"))


def test_rows_that_the_object_store_cannot_hold_end_the_job_and_not_the_pool(on_ray, rows, monkeypatch):
    """Ray spills to disk before it says so; here its answer comes at once."""
    from cluster import StorageFailed
    from cluster.ray import objects

    with Pool(predictors.Double, replicas=1, backend=on_ray()) as pool:
        pool.wait_ready()
        with monkeypatch.context() as patched:
            patched.setattr(objects.ray, "put", _full)
            with pytest.raises(StorageFailed, match=r"no room for the rows \(\d+ MiB\); .* --object-store-memory"):
                pool.predict(rows)
        assert len(pool.predict(rows)["y"]) == ROWS


async def test_rows_that_were_closed_before_they_were_sent_do_not_stop_their_worker(ray_head):
    """A job that failed closes its rows, and a worker may have more of its commands before it."""
    backend = RayBackend(ray_head.address)
    await backend.open(1, {})
    gone, there = ArraySource({"x": np.zeros(10)}), ArraySource({"x": np.ones(10)})
    backend.start("w0", BuildPredictor("w0", CodeRef.of(predictors.Double), {}, None))
    for source, job in ((gone, "gone"), (there, "there")):
        (shard,) = plan_shards(source.fragments())
        backend.submit("w0", RunShard(job, shard, 1, BatchPolicy()))
    gone.close()  # nothing was sent yet: tasks run when we wait
    reports = []
    while not any(isinstance(report, ShardDone) for report in reports):
        reports += [said.report for said in await backend.poll()]
    assert [report.job for report in reports if isinstance(report, ShardFailed | ShardDone)] == ["gone", "there"]
    there.close()
    await backend.close()


def _full(*_):
    raise ray.exceptions.ObjectStoreFullError("no room")
