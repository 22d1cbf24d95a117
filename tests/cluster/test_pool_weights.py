"""Files that a pool takes its weights from: checkpoints of several, files that go bad, and what is no such file."""

from __future__ import annotations

import json
import os
import pickle
import signal

import numpy as np
import pytest

import tensor
from cluster import JobFailed, Pool, UsageError
from cluster.backends.local import _exit_reason
from tests import predictors

ROWS = {"x": np.ones((4, 4096), np.float32)}


@pytest.fixture
def state():
    return {"weight": tensor.ones(4, 4096), "bias": tensor.ones(4)}


def pool_of(weights, backend="local"):
    return Pool(predictors.Linear, weights=weights, init={"features": 4096}, replicas=1, backend=backend)


def test_a_checkpoint_of_several_files(state, tmp_path):
    for name, value in state.items():
        tensor.save({name: value}, tmp_path / f"{name}.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {name: f"{name}.safetensors" for name in state}}))
    with pool_of(tmp_path) as pool:
        assert pool.predict(ROWS)["logits"][0].tolist() == [4097] * 4


def test_a_file_that_is_cut_off_while_it_is_in_use_fails_the_job_and_not_the_driver(state, tmp_path):
    """Its worker dies when it touches what is gone; the next one finds out why."""
    path = tmp_path / "model.safetensors"
    tensor.save(state, path)
    with pool_of(path) as pool:
        pool.wait_ready()
        os.truncate(path, 4096)
        with pytest.raises(JobFailed, match=r"weights file .*model\.safetensors was written to while it was in use"):
            pool.predict(ROWS)


def test_a_file_may_be_replaced_while_it_is_in_use(state, tmp_path):
    path = tmp_path / "model.safetensors"
    tensor.save(state, path)
    with pool_of(path) as pool:
        tensor.save({name: value * 0 for name, value in state.items()}, path)
        assert pool.predict(ROWS)["logits"][0].tolist() == [4097] * 4
        pool.swap(path)
        assert pool.predict(ROWS)["logits"][0].tolist() == [0] * 4


def test_what_is_no_safetensors_file_is_said_before_a_worker_starts(tmp_path):
    (tmp_path / "model.bin").write_bytes(pickle.dumps({"weight": [1.0]}))
    os.mkfifo(tmp_path / "fifo")
    for name, message in {
        "model.bin": r"model\.bin: it is a pickle.*safetensors\.torch\.save_file",
        "fifo": "it is a FIFO, expected a file",
        "": "it holds no safetensors file, but model.bin, which may be pickles",
    }.items():
        with pytest.raises(UsageError, match=message):
            pool_of(tmp_path / name)


def test_weights_of_no_tensors_are_weights():
    with Pool(predictors.Weights, weights={}, replicas=1, backend="inline") as pool:
        assert pool.predict({"x": np.zeros(2)})["tensors"].tolist() == [0, 0]


def test_a_worker_that_lost_its_mapped_file_says_what_that_is():
    assert "a file that is mapped" in _exit_reason(-signal.SIGBUS)
    assert _exit_reason(-signal.SIGKILL) == "killed by SIGKILL"
