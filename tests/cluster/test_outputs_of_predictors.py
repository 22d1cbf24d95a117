"""What predictors return, end to end: streams and files take the same, and refuse the same with the same words."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import tensor
from cluster import BatchPolicy, NpySource, Pool, SourceFailed, StorageFailed, UserCodeFailed, read_results

BACKENDS = ("inline", "local", "fake")


class Label(str):
    """A string that only looks like one to the wire."""


class Labels:
    def __call__(self, batch):
        labels = np.empty(len(batch["x"]), object)
        labels[:] = [Label(number) for number in batch["x"]]
        return {"label": labels, "big": batch["x"].astype(">i8")}


class Odd:
    """Returns something odd, as `init` says."""

    def __init__(self, *, kind):
        self.kind = kind

    def __call__(self, batch):
        rows = len(batch["x"])
        match self.kind:
            case "single value":
                return {"y": tensor.ones(())}
            case "empty rows":
                return {"y": np.zeros((rows, 0))}
            case "surrogates":
                return {"y": np.array(["\ud800"] * rows, object)}
            case "names":
                return {1: np.zeros(rows), "1": np.zeros(rows)}
            case "masked":
                return {"y": np.ma.array(np.zeros(rows), mask=np.ones(rows))}
            case "types":
                return {"y": batch["x"].astype(np.float32 if batch["x"][0] < 20 else np.int16)}


class Prepares:
    def __init__(self, *, kind):
        self.kind = kind

    def prepare(self, rows):
        return None if self.kind == "none" else list(rows.items())

    def __call__(self, batch):
        return batch


class RemovesItsSource:
    def __init__(self, *, path):
        self.path = Path(path)

    def __call__(self, batch):
        self.path.unlink(missing_ok=True)
        return {"y": batch["x"]}


class FillsItsDisk:
    """Has the kernel refuse files over a few bytes, as a full disk would."""

    def __call__(self, batch):
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, resource.RLIM_INFINITY))
        return {"y": batch["x"]}


@pytest.fixture
def rows():
    return {"x": np.arange(40)}


def make(name):
    from cluster import FakeBackend

    return FakeBackend() if name == "fake" else name


@pytest.mark.parametrize("backend", BACKENDS)
def test_subclasses_of_str_and_foreign_byte_orders_travel(backend, rows, tmp_path):
    with Pool(Labels, replicas=1, backend=make(backend)) as pool:
        table = pool.predict(rows)
        pool.run(rows, tmp_path / "out")
    for found in (table, read_results(tmp_path / "out")):
        assert list(found["label"]) == [str(number) for number in range(40)]
        np.testing.assert_array_equal(np.asarray(found["big"]), rows["x"])


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("single value", "column 'y' is a single value; axis 0 must be the rows"),
        ("empty rows", r"column 'y' has rows without values, shape \(10, 0\); leave it out"),
        ("surrogates", "column 'y' holds .*a lone half of a surrogate pair"),
        ("names", "column names must be strings, got 1"),
        ("masked", "column 'y' is a masked array"),
        ("types", r"(?s)Odd.__call__ changed its output.*'y' was float32 and is now int16.*, on rows 20 to 29 of"),
    ],
)
def test_streams_and_files_refuse_the_same_with_the_same_words(kind, message, rows, tmp_path):
    said = []
    with Pool(Odd, init={"kind": kind}, backend="inline") as pool:
        for job in (pool.predict, lambda source, batch: pool.run(source, tmp_path / "out", batch=batch)):
            with pytest.raises(UserCodeFailed, match=message) as caught:
                job(rows, batch=BatchPolicy(max_rows=10))
            said.append(str(caught.value))
            assert "Odd.__call__" in said[-1]
    assert said[0] == said[1]


@pytest.mark.parametrize(("kind", "returned"), [("none", "NoneType"), ("pairs", "list")])
def test_prepare_must_return_columns(kind, returned, rows):
    with (
        Pool(Prepares, init={"kind": kind}, backend="inline") as pool,
        pytest.raises(UserCodeFailed, match=f"Prepares.prepare returned {returned}; expected a dict of column name"),
    ):
        pool.predict(rows)


def test_a_source_that_goes_away_is_not_the_users_code(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(40))
    with (
        Pool(RemovesItsSource, init={"path": str(path)}, backend="inline") as pool,
        pytest.raises(SourceFailed) as caught,
    ):
        pool.predict(NpySource(path, "x"), shard_rows=20)
    first, second = str(caught.value).splitlines()
    assert first.startswith(f"{path} is missing; it was there")
    assert second == f"  while reading {path}, on rows 20 to 39 of {path} (shard 1)"


def test_a_full_disk_is_not_the_users_code(rows, tmp_path):
    with Pool(FillsItsDisk, replicas=1) as pool, pytest.raises(StorageFailed) as caught:
        pool.run(rows, tmp_path / "out")
    first, second = str(caught.value).splitlines()
    assert first.startswith("cannot write the output to ")
    assert os.strerror(27) in first
    assert second.startswith(f"  while staging {tmp_path / 'out'}")
    assert second.endswith("on rows 0 to 39 of the columns in memory (shard 0)")


def test_weights_that_change_under_a_pool_are_not_the_users_code(rows, tmp_path):
    path = tmp_path / "model.safetensors"
    tensor.save({"factor": tensor.tensor(3.0)}, path)
    pool = Pool("tests.predictors:Linear", weights=path, backend="inline")  # its workers start with its first job
    with path.open("ab") as file:
        file.write(b"more")
    with pool, pytest.raises(SourceFailed, match=r"(?s)weights file .* was written to.*while opening the weights"):
        pool.predict(rows)
