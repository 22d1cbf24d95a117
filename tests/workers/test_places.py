"""Bytes that travel beside a command, for workers that cannot open their path."""

from __future__ import annotations

import numpy as np
import pytest

from cluster.planning import plan_shards
from cluster.sources import ArraySource
from tests import predictors
from workers.batching import BatchPolicy
from workers.code import CodeRef
from workers.errors import SourceError
from workers.inference import InferenceWorker
from workers.messages import (
    BatchDone,
    BuildPredictor,
    BuildTrainer,
    CancelJob,
    OpenData,
    RunShard,
    SwapWeights,
    decode_command,
    encode,
)
from workers.places import bytes_of, hand_over, place_of
from workers.weights import WeightSnapshot


@pytest.fixture
def snapshot():
    with WeightSnapshot.from_mapping({"weight": np.ones((4, 1), np.float32), "bias": np.zeros(4, np.float32)}) as made:
        yield made


@pytest.fixture
def source():
    made = ArraySource({"x": np.arange(10, dtype=np.float32)})
    yield made
    made.close()


def commands(snapshot, source):
    (shard,) = plan_shards(source.fragments())
    code = CodeRef.of(predictors.Column)
    return [
        BuildPredictor("w0", code, {}, snapshot.ref),
        BuildTrainer("rank0", code, {}, snapshot.ref, 0, 1, 0),
        SwapWeights(snapshot.ref),
        RunShard("job", shard, 1, BatchPolicy()),
        OpenData(shard),
    ]


def test_a_worker_without_the_paths_computes_the_same(snapshot, source):
    """The copies are all there is: snapshot and source are closed before the worker sees the commands."""
    build, *_, run, _ = (
        hand_over(decode_command(b"".join(encode(command))), memoryview(bytes(bytes_of(place_of(command)))))
        for command in commands(snapshot, source)
    )
    snapshot.close()
    source.close()
    worker = InferenceWorker(build)
    worker.start()
    (logits,) = (report.columns["logits"] for report in worker.handle(run) if isinstance(report, BatchDone))
    np.testing.assert_array_equal(np.asarray(logits)[:, 2], np.arange(10))


def test_what_is_handed_over_is_used_as_it_is(snapshot):
    memory = memoryview(bytes(bytes_of(snapshot.ref)))
    handed = hand_over(SwapWeights(snapshot.ref), memory).weights
    array = handed.arrays()["weight"]
    assert np.shares_memory(array, np.frombuffer(memory, np.uint8))
    assert not array.flags.writeable
    assert handed == snapshot.ref


def test_commands_without_memory_have_no_place(snapshot, source):
    assert all(place_of(command) is not None for command in commands(snapshot, source))
    build = BuildPredictor("w0", CodeRef.of(predictors.Double), {}, None)
    for command in (build, CancelJob("job")):
        assert place_of(command) is None
        with pytest.raises(TypeError, match="refers to no memory"):
            hand_over(command, memoryview(b""))


def test_a_weights_file_that_was_written_to_is_not_carried(tmp_path, snapshot):
    snapshot.save(tmp_path / "model.safetensors")
    with WeightSnapshot.from_file(tmp_path / "model.safetensors") as held:
        with (tmp_path / "model.safetensors").open("ab") as file:
            file.write(b"more")
        with pytest.raises(SourceError, match="written to while it was in use"):
            bytes_of(held.ref)
