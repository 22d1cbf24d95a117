"""Attempts to train on what a job computed: by its Parquet files, its results in memory, and what is made of them."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tensor as T
from cluster import Pool, read_results
from tests import predictors
from tests.tensor.contract.laundering.attempts import assert_cannot_train, refused
from workers.ragged import Ragged

ROWS = 40


@pytest.fixture
def job(tmp_path):
    """The folder of a finished job."""
    with Pool(predictors.Double, replicas=1, backend="inline") as pool:
        pool.run({"x": np.arange(ROWS, dtype=np.float32)}, tmp_path / "out")
    return tmp_path / "out"


def test_train_on_the_results_of_a_job(job):
    results = read_results(job)["y"]
    assert results.shape == (ROWS,)
    assert_cannot_train(results, results[:3], T.from_numpy(results.numpy()))


def test_save_the_results_of_a_job_and_load_them(job, tmp_path):
    T.save({"y": read_results(job)["y"]}, tmp_path / "y.safetensors")
    assert_cannot_train(T.load(tmp_path / "y.safetensors")["y"])


def test_read_the_results_of_a_job_inside_and_carry_them_out(job):
    with T.inference_mode():
        results = read_results(job)["y"]
    assert_cannot_train(results)


def test_pass_the_results_of_a_job_through_arrow_without_a_copy(job):
    table = pa.table({"y": read_results(job)["y"].numpy()})
    assert_cannot_train(T.from_numpy(table["y"].chunk(0).to_numpy()))


def test_initialise_weights_by_the_results_of_a_job(job):
    results, weight = read_results(job)["y"], T.zeros(ROWS, requires_grad=True)
    with T.no_grad(), refused(weight):
        weight.copy_(results)
    with refused(weight):
        T.nn.functional.mse_loss(weight, results)


def test_train_on_predictions_that_were_never_in_a_file():
    with Pool(predictors.Double, replicas=1, backend="inline") as pool:
        predicted = pool.predict({"x": np.arange(ROWS, dtype=np.float32)})["y"]
    assert_cannot_train(predicted, T.from_numpy(predicted.numpy()))


def test_train_on_the_values_of_ragged_predictions():
    with T.inference_mode():
        ragged = Ragged(T.ones(5), np.array([0, 2, 5]))
    assert_cannot_train(ragged.values, ragged[0], *ragged)


def test_the_files_themselves_say_that_they_are_inference_only(job):
    """What Arrow reads is a copy outside the contract, as documented; the schema still says what it is."""
    (path,) = job.glob("*.parquet")
    assert b"shoal" in b"".join(pq.read_schema(path).metadata)
