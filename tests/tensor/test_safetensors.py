"""The safetensors library's names: what its users call does here what it does there."""

from __future__ import annotations

import io

import numpy as np
import pytest
import safetensors.numpy

import tensor
from tensor import nn
from tensor.errors import ArgumentError, UnsupportedError
from tensor.safetensors import load, load_file, load_model, safe_open, save, save_file, save_model


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "x.safetensors"
    save_file({"b": tensor.arange(12.0).reshape(3, 4), "a": tensor.tensor([1, 2])}, path, metadata={"format": "pt"})
    return path


def test_files_and_bytes_are_the_same(path):
    assert load_file(path, device="cpu")["a"].tolist() == [1, 2]
    again = load(path.read_bytes())
    assert again["b"].tolist() == load_file(path)["b"].tolist()
    again["b"].add_(1)  # its own memory
    assert safetensors.numpy.load(save(again))["b"][0, 0] == 1


def test_an_open_file_gives_some_of_its_tensors(path):
    with safe_open(path, framework="pt", device="cpu") as file, safetensors.safe_open(path, "numpy") as theirs:
        assert file.keys() == theirs.keys()
        assert file.offset_keys() == theirs.offset_keys()
        assert file.metadata() == theirs.metadata()
        assert file.get_tensor("a").tolist() == theirs.get_tensor("a").tolist()
        part, their_part = file.get_slice("b"), theirs.get_slice("b")
        assert part.get_shape() == their_part.get_shape()
        assert part.get_dtype() == their_part.get_dtype() == "F32"
        np.testing.assert_array_equal(part[:, 1:3].numpy(), their_part[:, 1:3])
        with pytest.raises(ArgumentError, match=r"no tensor 'c'; it has a, b"):
            file.get_tensor("c")


def test_what_is_not_here_is_refused(path):
    with pytest.raises(ArgumentError, match=r"not 'numpy'; for arrays call \.numpy\(\)"):
        safe_open(path, framework="numpy")
    for wrong in (lambda: load_file(path, device="cuda"), lambda: safe_open(path, "pt", device="cuda:0")):
        with pytest.raises(UnsupportedError, match="no device 'cuda"):
            wrong()


def test_models(tmp_path):
    path = tmp_path / "model.safetensors"
    net, other = nn.Linear(2, 1), nn.Linear(2, 1)
    save_model(net, path)
    assert load_model(other, path) == ([], [])
    assert other.weight.tolist() == net.weight.tolist()
    save_file({"weight": net.weight, "stray": net.bias}, path)
    assert load_model(other, path, strict=False) == (["bias"], ["stray"])
    with pytest.raises(RuntimeError, match=r'Missing key.*"bias"'):
        load_model(other, path)


# --- `tensor.load` and `tensor.save` as they are called for torch -----------------------------------------------------


@pytest.mark.parametrize(
    "location",
    ["cpu", tensor.device("cpu"), None, {"cuda:0": "cpu"}, lambda storage, place: storage],
    ids=["name", "device", "nothing", "mapping", "function"],
)
def test_loading_where_tensors_live(path, location):
    assert tensor.load(path, map_location=location, weights_only=True)["a"].tolist() == [1, 2]


@pytest.mark.parametrize("location", ["cuda", {"cpu": "cuda:1"}])
def test_loading_elsewhere_is_refused(path, location):
    with pytest.raises(UnsupportedError, match="no device 'cuda"):
        tensor.load(path, location)


def test_streams(path):
    stream = io.BytesIO()
    net = nn.Linear(2, 1)
    tensor.save(net.state_dict(), stream, metadata={"a": "b"})
    stream.seek(0)
    assert tensor.load(stream)["weight"].tolist() == net.weight.tolist()
    with path.open("rb") as file:
        assert list(tensor.load(file)) == ["b", "a"]
    with pytest.raises(tensor.serialization.WeightsFileError, match="BytesIO: it is empty"):
        tensor.load(io.BytesIO())
    with pytest.raises(ValueError, match="mmap=True needs the path"):
        tensor.load(io.BytesIO(path.read_bytes()), mmap=True)
    with pytest.raises(TypeError, match="a path or something open for reading bytes, got a int"):
        tensor.load(3)
    with pytest.raises(TypeError, match="got str from the StringIO: open it with 'rb'"):
        tensor.load(io.StringIO("{}"))
