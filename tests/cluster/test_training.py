"""`TrainingPool`: equal ranks, equal results for any number of them, and no hang when one is lost."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tensor
from cluster import FakeBackend, Pool, PoolBusy, TrainingPool, UsageError, UserCodeFailed, WeightSnapshot, WorkersLost
from tests import predictors, trainers
from tests.resources import is_mapped


@pytest.fixture(params=["inline", "local", "fake"])
def backend(request):
    return FakeBackend() if request.param == "fake" else request.param


@pytest.fixture
def points():
    x = np.random.default_rng(0).standard_normal((100, 2), dtype=np.float32)
    return {"x": x, "y": x @ np.array([[2.0], [-1.0]], np.float32) + 0.5}


def test_training_finds_the_line(backend, points):
    with TrainingPool(trainers.Regress, world_size=2, backend=backend) as training:
        report = training.fit(points, epochs=20, batch_rows=20, seed=1)
        snapshot = training.publish()
    assert (report.steps, report.rows, report.world_size, len(report.losses)) == (100, 2000, 2, 20)
    assert report.losses[-1] < 1e-4 < report.losses[0]
    np.testing.assert_allclose(snapshot["weight"], [[2.0, -1.0]], atol=1e-2)
    assert snapshot.epoch == 1
    snapshot.close()


def test_all_ranks_hold_equal_parameters_whatever_they_started_from(points):
    with TrainingPool(trainers.Regress, init={"seed_by_rank": True}, world_size=3) as training:
        for _ in range(3):
            training.fit(points, epochs=1, batch_rows=17)
            assert len(set(training.digests())) == 1


def test_the_number_of_ranks_changes_only_the_rounding(points):
    weights = []
    for world_size in (1, 2, 3):
        with TrainingPool(trainers.Regress, world_size=world_size, backend="inline") as training:
            training.fit(points, epochs=3, batch_rows=16)  # the last step of an epoch has 4 rows
            with training.publish() as snapshot:
                weights.append(np.array(snapshot["weight"]))
    np.testing.assert_allclose(weights[1], weights[0], rtol=1e-4)
    np.testing.assert_allclose(weights[2], weights[0], rtol=1e-4)


def test_the_same_seed_gives_the_same_bits_on_every_backend(points):
    digests = set()
    for backend in ("inline", "local"):
        with TrainingPool(trainers.Regress, world_size=2, backend=backend) as training:
            digests.add(training.fit(points, epochs=2, batch_rows=10, seed=3).digest)
    assert len(digests) == 1


def test_more_ranks_than_rows(points):
    few = {name: column[:2] for name, column in points.items()}
    with TrainingPool(trainers.Regress, world_size=3, backend="inline") as training:
        assert training.fit(few, epochs=2, batch_rows=2).steps == 2


def test_gradients_are_those_of_one_process(points):
    """One step on two ranks against the same step by hand."""
    with TrainingPool(trainers.Regress, world_size=2, backend="inline", seed=5) as training:
        training.fit(points, epochs=1, batch_rows=100)
        with training.publish() as snapshot:
            found = {name: np.array(array) for name, array in snapshot.items()}
    tensor.manual_seed(5)
    alone = trainers.Regress(rank=0, world_size=1)
    alone.loss(points).backward()
    alone.optimizer.step()
    for name, value in alone.model.state_dict().items():
        np.testing.assert_allclose(found[name], value.numpy(), rtol=1e-5)


def test_published_weights_drive_a_pool_and_swap_into_it(points):
    with TrainingPool(trainers.Regress, world_size=2) as training:
        training.fit(points, epochs=1, batch_rows=20)
        with training.publish() as first, Pool(predictors.Line, weights=first, replicas=1) as pool:
            before = np.asarray(pool.predict(points)["y"])
            training.fit(points, epochs=20, batch_rows=20)
            with training.publish() as second:
                pool.swap(second)
                after = np.asarray(pool.predict(points)["y"])
    assert (first.epoch, second.epoch) == (1, 2)
    assert np.abs(after - points["y"]).mean() < np.abs(before - points["y"]).mean()


def test_published_files_are_unmarked_and_train_on(points, tmp_path):
    with TrainingPool(trainers.Regress, backend="inline") as training:
        training.fit(points, epochs=1, batch_rows=20)
        with training.publish() as snapshot:
            snapshot.save(tmp_path / "w.safetensors")
    assert not any(value.is_inference() for value in tensor.load(tmp_path / "w.safetensors").values())
    with TrainingPool(trainers.Regress, weights=tmp_path / "w.safetensors", world_size=2) as training:
        assert training.fit(points, epochs=1, batch_rows=20).steps == 5


def test_weights_that_inference_made_cannot_be_trained_on(points):
    with tensor.inference_mode():
        marked = {"weight": tensor.ones(1, 2), "bias": tensor.zeros(1)}
    snapshot = WeightSnapshot.from_mapping(marked)
    with (
        TrainingPool(trainers.Regress, weights=snapshot) as training,
        pytest.raises(UserCodeFailed, match="InferenceTensorError"),
    ):
        training.fit(points, epochs=1, batch_rows=20)
    snapshot.close()


def test_a_model_with_parts_of_inference_mode_is_trained_and_published_with_its_marks(backend, points):
    with TrainingPool(trainers.HasTeacher, world_size=2, backend=backend) as training:
        training.fit(points, epochs=2, batch_rows=20)
        assert len(set(training.digests())) == 1  # over the frozen parameters too: all have rank 0's
        with training.publish() as snapshot:
            assert snapshot["teacher.weight"].tolist() == [[0, 0]]
            assert snapshot["scale"].tolist() == [0, 0]
            assert snapshot["center"].tolist() == pytest.approx([2, 2], abs=1e-2)
            marked = {name: value.is_inference() for name, value in snapshot.ref.tensors().items()}
    assert marked == {
        "weight": False,
        "bias": False,
        "scale": False,
        "center": True,
        "teacher.weight": True,
        "teacher.bias": True,
    }


def test_a_frozen_part_keeps_its_mapped_weights(points, tmp_path):
    path = tmp_path / "teacher.safetensors"
    tensor.save({"weight": tensor.ones(1, 2), "bias": tensor.ones(1)}, path)
    with TrainingPool(trainers.HasTeacher, weights=path, backend="inline") as training:
        training.fit(points, epochs=1, batch_rows=50)
        assert is_mapped("teacher.safetensors")
        with training.publish() as snapshot:
            snapshot.save(tmp_path / "all.safetensors")
    published = tensor.load(tmp_path / "all.safetensors")
    assert published["teacher.weight"].is_inference()
    assert not published["weight"].is_inference()


def test_a_lost_rank_fails_fit_with_its_name(points):
    with TrainingPool(trainers.Dies, world_size=2) as training:
        with pytest.raises(WorkersLost, match="rank1 of 2 ended while it trained: killed by SIGKILL"):
            training.fit(points, epochs=5, batch_rows=20)
        with pytest.raises(WorkersLost, match="cannot go on"):
            training.fit(points, epochs=5, batch_rows=20)


def test_a_hanging_rank_fails_fit_by_the_deadline(points):
    with (
        TrainingPool(trainers.Hangs, world_size=2, timeout_s=6.0) as training,
        pytest.raises(WorkersLost, match=r"more than 6 s for ComputeGradients"),
    ):
        training.fit(points, epochs=1, batch_rows=20)


def test_an_error_of_the_users_leads_with_their_line(backend, points):
    with (
        TrainingPool(trainers.Raises, world_size=2, backend=backend) as training,
        pytest.raises(UserCodeFailed, match=r"trainers\.py:\d+: raise ZeroDivisionError"),
    ):
        training.fit(points, epochs=1, batch_rows=20)


def test_a_pool_outlives_an_error_before_its_first_step(points):
    wrong = {"x": points["x"].astype(np.float64), "y": points["y"]}
    with TrainingPool(trainers.Regress, world_size=2, backend="inline") as training:
        for source in (wrong, {"x": points["x"]}):
            with pytest.raises(UserCodeFailed):
                training.fit(source, epochs=1, batch_rows=20)
        assert training.fit(points, epochs=1, batch_rows=20).steps == 5


@pytest.mark.parametrize(
    ("trainer", "message"),
    [
        (trainers.LossIsAFloat, r"LossIsAFloat.loss returned float; expected a scalar"),
        (trainers.LossOfEachRow, r"loss returned a tensor of shape \(20, 1\); expected a scalar"),
    ],
)
def test_a_loss_that_is_no_scalar(points, trainer, message):
    with TrainingPool(trainer, backend="inline") as training, pytest.raises(UserCodeFailed, match=message):
        training.fit(points, epochs=1, batch_rows=20)


def test_a_trainer_without_a_model_says_what_is_missing(backend, points):
    with (
        TrainingPool(trainers.NoModel, backend=backend) as training,
        pytest.raises(UserCodeFailed, match="has no 'model'"),
    ):
        training.fit(points, epochs=1, batch_rows=20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number from 1"),
        ({"batch_rows": 0}, "batch_rows must be"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"source": {"x": np.empty((0, 2))}}, "no rows to train on"),
    ],
)
def test_arguments_that_cannot_work(points, arguments, message):
    with TrainingPool(trainers.Regress) as training, pytest.raises(UsageError, match=message):
        training.fit(**{"source": points, "epochs": 1, "batch_rows": 10, **arguments})


def test_world_size_must_be_positive():
    with pytest.raises(UsageError, match="world_size must be"):
        TrainingPool(trainers.Regress, world_size=0)


def test_results_of_a_pool_are_no_training_data(points, tmp_path):
    """Not gathered, not as files; only what was copied out on purpose."""
    with Pool(predictors.Double, replicas=1, backend="inline") as pool:
        table = pool.predict({"x": points["y"]})
        pool.run({"x": points["y"]}, tmp_path / "out")
    with TrainingPool(trainers.Regress, backend="inline") as training:
        for source in (
            {"x": points["x"], "y": table["y"]},
            {"x": points["x"], "y": table["y"].numpy()},
            {"x": points["x"], "y": list(table["y"])},
            {"x": points["x"], "y": [each.numpy() for each in table["y"]]},
            tmp_path / "out",
        ):
            with pytest.raises(tensor.InferenceTensorError, match=r"computed by job 'Double-.*as_training_data"):
                training.fit(source, epochs=1, batch_rows=50)
        copied = {"x": points["x"], "y": tensor.as_training_data(table["y"])}
        assert training.fit(copied, epochs=1, batch_rows=50).steps == 2


def test_publishing_after_each_epoch(backend, points):
    with TrainingPool(trainers.Regress, world_size=2, backend=backend) as training:
        epochs = []
        training.fit(points, epochs=3, batch_rows=50, on_epoch=lambda *_: epochs.append(training.publish()))
    assert [snapshot.epoch for snapshot in epochs] == [1, 2, 3]
    assert len({snapshot.digest for snapshot in epochs}) == 3
    for snapshot in epochs:
        snapshot.close()


def test_stopping_early_leaves_a_working_pool(points):
    class Enough(Exception):
        pass

    def stop(epoch, loss):
        raise Enough

    with TrainingPool(trainers.Regress, backend="inline") as training:
        with pytest.raises(Enough):
            training.fit(points, epochs=3, batch_rows=50, on_epoch=stop)
        assert training.fit(points, epochs=1, batch_rows=50).steps == 2


def test_two_fits_at_once_are_refused(points):
    with TrainingPool(trainers.Regress, backend="inline") as training:

        def fit_again(epoch, loss):
            with pytest.raises(PoolBusy):
                training.fit(points, epochs=1, batch_rows=50)

        training.fit(points, epochs=1, batch_rows=50, on_epoch=fit_again)


def test_nothing_is_published_after_a_rank_was_lost(points):
    with TrainingPool(trainers.Dies, world_size=2) as training:
        with pytest.raises(WorkersLost):
            training.fit(points, epochs=5, batch_rows=20)
        with pytest.raises(WorkersLost, match="cannot go on"):
            training.publish()


def test_buffers_are_rank_0s_in_the_end(points):
    with TrainingPool(trainers.Averages, world_size=2) as training:
        training.fit(points, epochs=2, batch_rows=20)
        with training.publish() as snapshot:
            assert snapshot["mean"].shape == (2,)


def test_ranks_that_drift_apart_are_told(points):
    with (
        TrainingPool(trainers.OwnRate, world_size=2, backend="inline") as training,
        pytest.raises(UserCodeFailed, match="must build the same optimizer on each rank"),
    ):
        training.fit(points, epochs=1, batch_rows=50)


def test_parquet_rows_are_decoded_once_for_all_ranks(points, tmp_path):
    pq.write_table(
        pa.table({"x": list(points["x"]), "y": list(points["y"])}), tmp_path / "rows.parquet", row_group_size=30
    )
    table = pq.read_table(tmp_path / "rows.parquet")
    assert table.num_rows == 100
    with TrainingPool(trainers.RaggedRegress, world_size=2, backend="inline") as training:
        assert training.fit(tmp_path / "rows.parquet", epochs=1, batch_rows=50).steps == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": "a"}, "seed must be"),
        ({"timeout_s": 0}, "timeout_s must be a number of seconds above 0"),
        ({"timeout_s": "a"}, "timeout_s must be"),
        ({"init": {"rate": 1}}, "unexpected keyword argument 'rate'"),
    ],
)
def test_what_a_training_pool_does_not_take(arguments, message):
    with pytest.raises(UsageError, match=message):
        TrainingPool(trainers.Regress, **arguments)
