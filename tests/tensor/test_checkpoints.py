"""Checkpoints of several files: one mapping of names to mapped tensors, or an error that names the file."""

from __future__ import annotations

import json

import pytest

import tensor
from tensor.serialization import WeightsFileError

INDEX = "model.safetensors.index.json"
FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


def write_index(folder, weight_map) -> None:
    (folder / INDEX).write_text(json.dumps({"metadata": {"total_size": 20}, "weight_map": weight_map}))


@pytest.fixture
def folder(tmp_path):
    tensor.save({"a": tensor.ones(2), "c": tensor.ones(1)}, tmp_path / FIRST, metadata={"format": "pt"})
    tensor.save({"b": tensor.zeros(2)}, tmp_path / SECOND, metadata={"format": "pt"})
    write_index(tmp_path, {"a": FIRST, "b": SECOND, "c": FIRST})
    return tmp_path


@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("name", ["", INDEX])
def test_an_index_or_its_folder_gives_all_tensors_in_its_order(folder, name, mapped):
    loaded = tensor.load(folder / name, mmap=mapped)
    assert {key: value.tolist() for key, value in loaded.items()} == {"a": [1, 1], "b": [0, 0], "c": [1]}
    assert list(loaded) == ["a", "b", "c"]
    assert all(value.numpy().flags.writeable is not mapped for value in loaded.values())


def test_marks_of_each_shard_are_kept(folder):
    with tensor.inference_mode():
        tensor.save({"b": tensor.ones(2)}, folder / SECOND)
    assert [value.is_inference() for value in tensor.load(folder).values()] == [False, True, False]


def test_what_the_index_does_not_name_is_not_taken(folder):
    write_index(folder, {"a": FIRST, "b": SECOND})
    assert list(tensor.load(folder)) == ["a", "b"]


def test_a_folder_with_one_file_is_that_file(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    tensor.save({"a": tensor.ones(2)}, tmp_path / "some.safetensors")
    assert list(tensor.load(tmp_path)) == ["a"]
    tensor.save({"b": tensor.ones(2)}, tmp_path / "model.safetensors")
    assert list(tensor.load(tmp_path)) == ["b"]


def test_shards_may_be_links_to_somewhere_else(folder, tmp_path_factory):
    blob = tmp_path_factory.mktemp("blobs") / "0123abcd"
    (folder / FIRST).rename(blob)
    (folder / FIRST).symlink_to(blob)
    assert tensor.load(folder)["a"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (json.dumps({"weight_map": {"a": "x.safetensors"}}), "1 of its 1 shards are not beside it: x.safetensors"),
        (json.dumps({"weight_map": {"a": FIRST, "z": FIRST}}), f"{FIRST} does not hold z"),
        (json.dumps({"weight_map": {"a": "../x.safetensors"}}), "is not beside it"),
        (json.dumps({"weight_map": {"a": "/etc/passwd"}}), "is not beside it"),
        (json.dumps({"weight_map": {"a": ""}}), "is not beside it"),
        (json.dumps({"weight_map": {"a": "pytorch_model-1.bin"}}), "are pickles.*docs/weights.md"),
        (json.dumps({"weight_map": {"a": 1}}), "no 'weight_map'"),
        (json.dumps({"weight_map": {}}), "no 'weight_map'"),
        (json.dumps([1]), "no 'weight_map'"),
        ('{"weight_map": ', "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("<html>", "text, such as the answer of a server"),
        ("version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        ("", "it is empty"),
    ],
)
def test_a_damaged_index_is_refused(folder, content, message):
    (folder / INDEX).write_text(content)
    with pytest.raises(WeightsFileError, match=message) as caught:
        tensor.load(folder)
    assert str(caught.value).startswith(str(folder))


def test_a_damaged_shard_is_named(folder):
    (folder / SECOND).write_bytes((folder / SECOND).read_bytes()[:-1])
    with pytest.raises(WeightsFileError, match=f"{SECOND}: it has .* it was cut off"):
        tensor.load(folder)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "it is empty"),
        (["config.json", "vocab.txt"], r"only config\.json, vocab\.txt"),
        (["pytorch_model.bin"], r"pytorch_model\.bin, which may be pickles.*docs/weights\.md"),
        (["a.safetensors", "b.safetensors"], r"it holds a\.safetensors, b\.safetensors; say which one"),
    ],
)
def test_a_folder_without_a_checkpoint_says_what_it_holds(tmp_path, names, message):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(WeightsFileError, match=message):
        tensor.load(tmp_path)
