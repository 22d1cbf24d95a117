"""Weight snapshots: one copy, one digest, whatever they came from."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tensor
from tests.resources import is_mapped
from workers.blobs import SharedBlob
from workers.errors import SourceError
from workers.weights import ALIGNMENT_BYTES, WeightSnapshot, weights_digest


@pytest.fixture
def arrays():
    generator = np.random.default_rng(0)
    return {
        "layer.weight": generator.standard_normal((3, 5), dtype=np.float32),
        "layer.bias": generator.standard_normal(3).astype(np.float16),
        "steps": np.array(7, np.int64),
        "none": np.empty((0, 4), np.float32),
    }


def test_a_training_checkpoint_is_no_weights(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    state = tensor.nn.Linear(2, 2).state_dict()
    tensor.save({"epoch": 3, "model": state, "best": state}, path)
    with pytest.raises(tensor.TensorError, match=r"training checkpoint.*tensor\.load\(path\)\['model'\].*'best'"):
        WeightSnapshot.from_file(path)
    with WeightSnapshot.from_mapping(tensor.load(path)["model"]) as snapshot:
        assert list(snapshot) == ["weight", "bias"]


def test_a_mapping_is_copied_once_and_aligned(arrays):
    with WeightSnapshot.from_mapping(arrays, epoch=3) as snapshot:
        assert (snapshot.epoch, list(snapshot)) == (3, list(arrays))
        for name, array in arrays.items():
            np.testing.assert_array_equal(snapshot[name], array)
            assert snapshot[name].dtype == array.dtype
            assert not snapshot[name].flags.writeable
        assert all(entry.offset % ALIGNMENT_BYTES == 0 for entry in snapshot.ref.entries)
        arrays["layer.weight"][:] = 0
        assert snapshot["layer.weight"].any()


def test_a_file_is_mapped_as_it_is(arrays, tmp_path):
    path = tmp_path / "weights.safetensors"
    tensor.save({name: tensor.from_numpy(array) for name, array in arrays.items()}, path)
    with WeightSnapshot.from_file(path) as snapshot, WeightSnapshot.from_mapping(arrays) as copied:
        assert snapshot.digest == copied.digest
        for name, array in arrays.items():
            np.testing.assert_array_equal(snapshot[name], array)
        assert is_mapped("weights.safetensors")


def test_a_file_may_be_replaced_but_not_written_to(arrays, tmp_path):
    path = tmp_path / "weights.safetensors"
    tensor.save({name: tensor.from_numpy(array) for name, array in arrays.items()}, path)
    with WeightSnapshot.from_file(path) as snapshot:
        tensor.save({"other": tensor.zeros(3)}, path)  # renames a new file over the old one
        np.testing.assert_array_equal(snapshot.ref.arrays()["layer.weight"], arrays["layer.weight"])
    with WeightSnapshot.from_file(path) as snapshot:
        path.write_bytes(path.read_bytes() + b"more")
        with pytest.raises(SourceError, match="written to while it was in use"):
            snapshot.ref.arrays()


@pytest.fixture
def sharded(arrays, tmp_path):
    """The arrays in two files and an index; the folder."""
    files = {"layer.weight": "a.safetensors", "layer.bias": "b.safetensors", "steps": "b.safetensors"}
    files["none"] = "a.safetensors"
    for file in set(files.values()):
        part = {name: tensor.from_numpy(array) for name, array in arrays.items() if files[name] == file}
        tensor.save(part, tmp_path / file)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": files}))
    return tmp_path


def test_a_checkpoint_of_several_files_is_mapped_as_it_is(arrays, sharded):
    with WeightSnapshot.from_file(sharded) as snapshot, WeightSnapshot.from_mapping(arrays) as copied:
        assert snapshot.digest == copied.digest
        with snapshot.duplicate() as mine:
            for name, array in arrays.items():
                np.testing.assert_array_equal(mine[name], array)
            assert is_mapped("a.safetensors")
            assert is_mapped("b.safetensors")


def test_the_bytes_of_several_files_are_joined_for_a_worker_elsewhere(arrays, sharded):
    with WeightSnapshot.from_file(sharded / "model.safetensors.index.json") as snapshot:
        elsewhere = replace(snapshot.ref, memory=snapshot.ref.joined())
    assert elsewhere.memory.readonly
    for name, array in elsewhere.arrays().items():
        np.testing.assert_array_equal(array, arrays[name])
        assert array.flags.aligned


def test_each_file_of_several_is_watched(sharded):
    with WeightSnapshot.from_file(sharded) as snapshot:
        path = sharded / "b.safetensors"
        path.write_bytes(path.read_bytes() + b"more")
        for use in (snapshot.ref.arrays, snapshot.ref.joined):
            with pytest.raises(SourceError, match=r"weights file .*b\.safetensors was written to"):
                use()


def test_a_file_that_is_cut_off_while_it_is_read_kills_nobody(arrays, tmp_path, monkeypatch):
    path = tmp_path / "weights.safetensors"
    tensor.save({name: tensor.from_numpy(array) for name, array in arrays.items()}, path)
    read = SharedBlob.read

    def cut_and_read(blob, size_bytes, offset):
        os.truncate(path, offset)
        return read(blob, size_bytes, offset)

    monkeypatch.setattr(SharedBlob, "read", cut_and_read)
    with pytest.raises(SourceError, match=r"weights\.safetensors was cut off while it was being read"):
        WeightSnapshot.from_file(path)


def test_values_that_are_not_finite_are_refused_where_that_is_asked_for(tmp_path):
    path = tmp_path / "weights.safetensors"
    tensor.save({"a": tensor.tensor([float("nan")])}, path)
    WeightSnapshot.from_file(path).close()
    with pytest.raises(tensor.errors.TensorError, match=r"NaN or infinite values in a \(1 of 1\)"):
        WeightSnapshot.from_file(path, check_finite=True)


def test_a_duplicate_outlives_the_snapshot(arrays):
    snapshot = WeightSnapshot.from_mapping(arrays)
    with snapshot.duplicate() as mine:
        snapshot.close()
        np.testing.assert_array_equal(mine["layer.weight"], arrays["layer.weight"])
        assert mine.digest == snapshot.digest


def test_a_misaligned_file_is_copied(tmp_path):
    """Written by hand: a byte, then floats right behind it."""
    header = (
        b'{"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},'
        b' "b": {"dtype": "F32", "shape": [2], "data_offsets": [1, 9]}}'
    )
    data = b"\x01" + np.array([1.0, 2.0], np.float32).tobytes()
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data)
    with WeightSnapshot.from_file(tmp_path / "w.safetensors") as snapshot:
        np.testing.assert_array_equal(snapshot["b"], [1.0, 2.0])


def test_closing_frees_the_memory_and_keeps_what_is_mapped(arrays):
    snapshot = WeightSnapshot.from_mapping(arrays)
    mapped = snapshot.ref.arrays()
    snapshot.close()
    snapshot.close()
    np.testing.assert_array_equal(mapped["layer.weight"], arrays["layer.weight"])
    with pytest.raises(OSError, match="No such file"):
        snapshot.ref.arrays()


def test_tensors_are_marked_inside_inference_mode_only(arrays):
    with WeightSnapshot.from_mapping(arrays) as snapshot:
        assert not any(value.is_inference() for value in snapshot.ref.tensors().values())
        with tensor.inference_mode():
            assert all(value.is_inference() for value in snapshot.ref.tensors().values())


def test_marked_weights_stay_marked(arrays, tmp_path):
    with tensor.inference_mode():
        marked = {name: tensor.from_numpy(array) for name, array in arrays.items()}
    with WeightSnapshot.from_mapping(marked) as snapshot:
        assert all(value.is_inference() for value in snapshot.ref.tensors().values())
        snapshot.save(tmp_path / "w.safetensors")
    with WeightSnapshot.from_file(tmp_path / "w.safetensors") as snapshot:
        assert all(value.is_inference() for value in snapshot.ref.tensors().values())


def test_what_is_no_weight_is_refused():
    with pytest.raises(TypeError, match=r"weights\['a'\]: expected a tensor or a numeric array, got str"):
        WeightSnapshot.from_mapping({"a": "b"})
    with pytest.raises(TypeError, match="ndarray"):
        WeightSnapshot.from_mapping({"a": np.array([object()])})


@given(
    st.dictionaries(
        st.text(max_size=5),
        hnp.arrays(st.sampled_from([np.float32, np.int8, np.bool_]), hnp.array_shapes(min_dims=0, min_side=0)),
        max_size=4,
    )
)
def test_the_digest_depends_on_names_types_shapes_and_bytes_alone(arrays):
    digest = weights_digest(arrays)
    shuffled = dict(reversed(arrays.items()))
    assert weights_digest({name: array.copy(order="F") for name, array in shuffled.items()}) == digest
    with WeightSnapshot.from_mapping(arrays) as snapshot:
        assert snapshot.digest == digest
    for name, array in arrays.items():
        assert weights_digest({**arrays, name: array[None]}) != digest
        assert weights_digest({**arrays, name + "'": array}) != digest


def test_arrays_over_marked_weights_stay_known(arrays):
    with WeightSnapshot.from_mapping(arrays) as snapshot:
        with tensor.inference_mode():
            weight = snapshot.ref.tensors()["layer.weight"]
        assert tensor.from_numpy(weight.numpy()).is_inference()
        assert not tensor.from_numpy(snapshot.ref.tensors()["layer.weight"].numpy()).is_inference()


def test_bfloat16_weights(tmp_path: Path) -> None:
    weights = {"w": tensor.arange(4.0).bfloat16()}
    with WeightSnapshot.from_mapping(weights) as snapshot:
        with tensor.inference_mode():
            assert tensor.from_numpy(snapshot["w"]).dtype is tensor.bfloat16
        snapshot.save(tmp_path / "w.safetensors")
        assert snapshot["w"].tolist() == [0, 1, 2, 3]
    assert tensor.load(tmp_path / "w.safetensors")["w"].tolist() == [0, 1, 2, 3]


def test_each_tensor_keeps_its_own_mark() -> None:
    with tensor.inference_mode():
        marked = tensor.ones(2)
    with WeightSnapshot.from_mapping({"frozen": marked, "head": tensor.ones(2)}) as snapshot:
        assert {name: value.is_inference() for name, value in snapshot.ref.tensors().items()} == {
            "frozen": True,
            "head": False,
        }
        assert [tensor.from_numpy(snapshot[name]).is_inference() for name in snapshot] == [True, False]


def test_weights_over_marked_memory_are_marked() -> None:
    with tensor.inference_mode():
        marked = tensor.ones(2)
    with WeightSnapshot.from_mapping({"w": marked.numpy()}) as snapshot:
        assert snapshot.ref.marked
        assert tensor.from_numpy(snapshot["w"]).is_inference()
