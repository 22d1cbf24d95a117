"""Weights files: whole or absent, mapped without a copy, marked or not, and every damage named."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

import tensor
from tensor import marks, serialization
from tensor.serialization import WeightsFileError, load, read_header, save

NUMPY_DTYPES = ["?", "u1", "i1", "u2", "i2", "f2", "u4", "i4", "f4", "u8", "i8", "f8"]


def some_tensors() -> dict[str, tensor.Tensor]:
    return {
        "weight": tensor.from_numpy(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "steps": tensor.from_numpy(np.array(7, np.int64)),
        "empty": tensor.from_numpy(np.zeros((0, 4), np.float16)),
        "mask": tensor.from_numpy(np.array([True, False, True])),
    }


def assert_equal(actual: dict[str, tensor.Tensor], expected: dict[str, tensor.Tensor]) -> None:
    assert list(actual) == list(expected)
    for name, value in expected.items():
        assert actual[name].dtype == value.dtype
        assert tuple(actual[name].shape) == tuple(value.shape)
        np.testing.assert_array_equal(actual[name].numpy(), value.detach().numpy())


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("mapped", [True, False])
def test_what_is_saved_is_loaded_in_the_same_order(path, mapped):
    save(some_tensors(), path)
    assert_equal(load(path, mmap=mapped), some_tensors())


def test_bfloat16_is_saved_by_its_bits(path):
    values = tensor.tensor([1.0, -2.5, 3e38, float("inf")]).bfloat16()
    save({"x": values}, path)
    for mapped in (True, False):
        loaded = load(path, mmap=mapped)["x"]
        assert loaded.dtype is tensor.bfloat16
        assert loaded.tolist() == values.tolist()


@pytest.mark.parametrize("code", NUMPY_DTYPES)
def test_every_dtype_of_tensors_is_saved(path, code):
    expected = {"x": tensor.from_numpy(np.arange(5).astype(code))}
    save(expected, path)
    assert_equal(load(path), expected)


def test_tensors_of_any_layout_are_saved_by_value(path):
    base = tensor.from_numpy(np.arange(12, dtype=np.float32).reshape(3, 4))
    expected = {"transposed": base.T, "sliced": base[:, 1], "broadcast": base[0].expand(2, 4)}
    save(expected, path)
    assert_equal(load(path), expected)


def test_parameters_are_saved_by_value(path):
    save({"weight": tensor.ones(3, requires_grad=True)}, path)
    assert not load(path)["weight"].requires_grad


def test_an_empty_mapping_is_a_file(path):
    save({}, path)
    assert load(path) == {}


def test_the_library_reads_our_files_and_we_read_its(path):
    expected = {name: value.numpy() for name, value in some_tensors().items()}
    save(some_tensors(), path, metadata={"format": "pt"})
    theirs = safetensors.numpy.load_file(path)
    assert set(theirs) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(theirs[name], array)
    with safetensors.safe_open(path, "numpy") as file:
        assert file.metadata() == {"format": "pt"}

    safetensors.numpy.save_file(expected, path, metadata={"a": "b"})
    for name, value in load(path).items():
        np.testing.assert_array_equal(value.numpy(), expected[name])
    assert read_header(path).metadata == {"a": "b"}


# --- Memory -----------------------------------------------------------------------------------------------------------


def test_mapped_tensors_are_read_only_views_on_the_file(path):
    save({"x": tensor.zeros(4)}, path)
    loaded = load(path)["x"]
    with pytest.raises(tensor.errors.ReadOnlyError):
        loaded.add_(1)
    # No public name tells a view from a copy: a write to the file itself does.
    with path.open("r+b") as file:
        file.seek(read_header(path).entries["x"].offset_bytes)
        file.write(np.float32(3).tobytes())
    assert loaded[0].item() == 3


def test_unmapped_tensors_are_private_and_writable(path):
    save({"x": tensor.zeros(4)}, path)
    loaded = load(path, mmap=False)["x"]
    loaded.add_(1)
    assert load(path)["x"].sum().item() == 0


def test_a_replaced_file_leaves_those_who_have_it_mapped_alone(path):
    save({"x": tensor.zeros(4)}, path)
    before = load(path)["x"]
    save({"x": tensor.ones(4)}, path)
    assert before.sum().item() == 0
    assert load(path)["x"].sum().item() == 4


def test_a_mapping_outlives_its_file(path):
    save({"x": tensor.ones(4)}, path)
    loaded = load(path)["x"]
    path.unlink()
    assert loaded.sum().item() == 4


# --- Whole or absent --------------------------------------------------------------------------------------------------


def test_a_failed_save_leaves_the_old_file_and_no_other(path, monkeypatch):
    save({"x": tensor.zeros(4)}, path)

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save({"x": tensor.ones(4)}, path)
    monkeypatch.undo()
    assert load(path)["x"].sum().item() == 0
    assert list(path.parent.iterdir()) == [path]


def test_the_data_is_on_disk_before_the_name_is(path, monkeypatch):
    events = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor):
        events.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        fsync(descriptor)

    def noted_replace(source, target):
        events.append("rename")
        assert source.parent == target.parent
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    save(some_tensors(), path)
    assert events == ["sync file", "rename", "sync folder"]


def test_others_may_read_the_file_as_the_umask_says(path):
    old = os.umask(0o022)
    try:
        save({}, path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("value", [[1, 2], "text", None, tensor.zeros(1)], ids=["list", "str", "none", "tensor"])
def test_only_tensors_by_name_are_saved_under_the_names_of_the_library(path, value):
    save_file = tensor.safetensors.save_file
    with pytest.raises(TypeError, match=r"save writes tensors by name, got a .*state_dict"):
        save_file(value, path)
    with (
        pytest.raises(TypeError, match=r"save writes tensors by name, got 'x': ")
        if not isinstance(value, tensor.Tensor)
        else pytest.raises(TypeError, match=r"got 3: Tensor")
    ):
        save_file({3 if isinstance(value, tensor.Tensor) else "x": value}, path)
    assert not path.exists()


def test_the_name_of_the_metadata_is_refused(path):
    with pytest.raises(WeightsFileError, match="__metadata__"):
        save({"__metadata__": tensor.zeros(1)}, path)


# --- The mark ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mapped", [True, False])
def test_the_mark_is_saved_for_each_tensor_with_its_origin(path, mapped):
    with tensor.inference_mode(), marks.origin(job="nightly", shard=3, replica="r1"):
        marked = tensor.ones(2)
    with tensor.inference_mode():
        nameless = tensor.ones(2)
    save({"plain": tensor.zeros(2), "marked": marked, "nameless": nameless}, path)
    loaded = load(path, mmap=mapped)
    assert {name: value.is_inference() for name, value in loaded.items()} == {
        "plain": False,
        "marked": True,
        "nameless": True,
    }
    assert loaded["marked"].origin == marks.Origin(job="nightly", shard=3, replica="r1")
    assert loaded["nameless"].origin is None


def test_the_origin_is_where_a_tensor_was_computed_not_where_it_was_loaded(path):
    with tensor.inference_mode():
        save({"x": tensor.ones(2)}, path)
    with tensor.inference_mode(), marks.origin(job="another"):
        assert load(path)["x"].origin is None


@pytest.mark.parametrize("mapped", [True, False])
def test_everything_loaded_in_inference_mode_is_marked(path, mapped):
    save(some_tensors(), path)
    with tensor.inference_mode():
        assert all(value.is_inference() for value in load(path, mmap=mapped).values())
    assert not any(value.is_inference() for value in load(path, mmap=mapped).values())


@pytest.mark.parametrize("marks_text", ["{", "[]", '{"x": 3}', '{"x": ["job", "shard", null, []]}'])
def test_damaged_marks_are_refused(path, marks_text):
    save({"x": tensor.zeros(1)}, path, metadata={serialization.MARKS_KEY: marks_text})
    with pytest.raises(WeightsFileError, match=r"model\.safetensors: its shoal\.marks are damaged"):
        load(path)


def test_marks_of_absent_tensors_are_refused(path):
    save({"x": tensor.zeros(1)}, path, metadata={serialization.MARKS_KEY: '{"y": null}'})
    with pytest.raises(WeightsFileError, match="marks tensors that it does not hold: y"):
        load(path)


# --- Headers ----------------------------------------------------------------------------------------------------------


def test_the_header_says_where_each_tensor_lies(path):
    save(some_tensors(), path)
    header = read_header(path)
    memory = np.memmap(path, np.uint8, "r")
    for name, value in some_tensors().items():
        entry = header.entries[name]
        assert (entry.name, entry.dtype, entry.shape) == (name, value.numpy().dtype, tuple(value.shape))
        raw = memory[entry.offset_bytes : entry.offset_bytes + entry.size_bytes]
        np.testing.assert_array_equal(raw.view(entry.dtype).reshape(entry.shape), value.numpy())
    assert header.size_bytes == path.stat().st_size


@given(st.lists(st.tuples(st.sampled_from(NUMPY_DTYPES), st.integers(0, 9)), max_size=8))
def test_our_files_hold_every_tensor_aligned(tmp_path_factory, parts):
    path = tmp_path_factory.mktemp("aligned") / "x.safetensors"
    save({f"t{i}": tensor.from_numpy(np.zeros(n, code)) for i, (code, n) in enumerate(parts)}, path)
    entries = read_header(path).entries.values()
    assert all(entry.is_aligned() for entry in entries)
    assert not entries or min(entry.offset_bytes for entry in entries) % 64 == 0


def test_a_file_that_holds_tensors_unaligned_says_so_and_is_read(path):
    data = np.float32([1, 2]).tobytes()
    write_raw(path, {"byte": field("U8", [1], 0, 1), "x": field("F32", [2], 1, 9)}, b"\7" + data, pad_to=8)
    assert not read_header(path).entries["x"].is_aligned()
    assert read_header(path).entries["byte"].is_aligned()
    np.testing.assert_array_equal(load(path)["x"].numpy(), [1, 2])
    assert load(path, mmap=False)["x"].sum().item() == 3


# --- Damage -----------------------------------------------------------------------------------------------------------


def field(dtype: object, shape: object, begin: object, end: object) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def write_raw(path: Path, header: object, data: bytes = b"", *, pad_to: int = 1) -> None:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    raw += b" " * (-(len(raw) + 8) % pad_to)
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + data)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"x": field("F32", [2], 0, 4)}, r"'x' is F32 \[2\], 8 bytes, but has 4"),
        ({"x": field("F32", [1], 0, 4), "y": field("F32", [1], 2, 6)}, "'y' starts .* overlaps"),
        ({"x": field("F32", [1], 0, 4), "y": field("F32", [1], 6, 10)}, "'y' starts .* gap"),
        ({"x": field("F32", [1], 4, 8)}, "'x' starts .* gap"),
        ({"x": field("F32", [3], 0, 12)}, "cut off"),
        ({"x": field("F32", [1], 0, 4)}, "appended"),
        ({"x": field("F8_E5M2", [8], 0, 8)}, "'x' is F8_E5M2.*convert"),
        ({"x": field("X" * 999, [4], 0, 8)}, "'x' is XXXX"),
        ({"x": field("F32", [-1], 0, -4)}, "describes tensor 'x'"),
        ({"x": field("F32", [2.0], 0, 8)}, "describes tensor 'x'"),
        ({"x": field("F32", [True, 2], 0, 8)}, "describes tensor 'x'"),
        ({"x": field("F32", [2**62, 2**62], 0, 8)}, "'x'.*shape"),
        ({"x": field("F32", [0, 2**63], 0, 0), "y": field("F32", [2], 0, 8)}, "'x'.*shape"),
        ({"x": field("F32", 2, 0, 8)}, "describes tensor 'x'"),
        ({"x": field(3, [2], 0, 8)}, "describes tensor 'x'"),
        ({"x": [1]}, "describes tensor 'x'"),
        ({"x": {"dtype": "F32", "shape": [2]}}, "describes tensor 'x'"),
        ({"__metadata__": {"a": 1}, "x": field("F32", [2], 0, 8)}, "__metadata__"),
        ({"__metadata__": "a", "x": field("F32", [2], 0, 8)}, "__metadata__"),
        (b'{"x": 1, "x": 2}', "a name twice"),
        (b'{"x": 1', "header is damaged"),
        (b'{"\xff": 1}', "header is damaged"),
        (b'{"\\ud800": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}', "header is damaged"),
        ('{"x": 1}'.encode("utf-16-le"), "header is damaged"),
        (b'{"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], "more": NaN}}', "header is damaged"),
        (b'{"x": {"dtype": "F32", "shape": [2e0], "data_offsets": [0, 8]}}', "describes tensor 'x'"),
        (b'{"x": {"dtype": "F32", "shape": [' + b"9" * 5000 + b'], "data_offsets": [0, 8]}}', "header is damaged"),
        ({"x": field("F32", ["2"], 0, 8)}, "describes tensor 'x'"),
        ({"x": field("F32", [2] * 65, 0, 8)}, "'x'.*shape"),
        ({"x": field("F32", [2], 8, 0)}, "'x' is F32"),
        ({"x": field("F32", [0], 4, 4), "y": field("F32", [2], 0, 8)}, "'y' starts .* overlaps|'x' starts"),
        (b'{"x":' * 100_000, "header is damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_header_that_contradicts_itself_is_refused(path, header, message):
    write_raw(path, header, b"\0" * 8)
    for read in (read_header, load):
        with pytest.raises(WeightsFileError, match=message) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")


def torch_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"x": 1}, protocol=2))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (torch_zip, r"a zip archive, as torch\.save .*safetensors\.torch\.save_file"),
        (lambda path: path.write_bytes(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."), "a pickle"),
        (lambda path: path.write_bytes(pickle.dumps({"x": [1.0] * 999}, protocol=5)), "a pickle"),
        (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0"), "git lfs pull"),
        (lambda path: np.save(path.open("wb"), np.zeros(3)), r"\.npy file"),
        (lambda path: path.write_bytes(b"GGUF\x03\0\0\0" + b"\0" * 99), "GGUF"),
        (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 99), "HDF5"),
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: path.write_bytes(b"\x10\0\0"), "it has 3 bytes only, so it was cut off"),
        (lambda path: path.write_text("<html>not found</html>"), "it starts with b'<html>"),
        (lambda path: path.write_bytes((10**12).to_bytes(8, "little") + b"{}"), "it starts with"),
        (lambda path: path.write_bytes((999).to_bytes(8, "little") + b"{}"), "it was cut off"),
    ],
    ids=["zip", "legacy", "pickle", "lfs", "npy", "gguf", "hdf5", "empty", "short", "html", "huge", "cut"],
)
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_other_formats_are_named_with_a_way_out(path, write, message):
    write(path)
    with pytest.raises(WeightsFileError, match=message) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")


@given(st.data())
def test_a_file_cut_anywhere_is_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("cut") / "x.safetensors"
    save(some_tensors(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(WeightsFileError):
        load(path)


@given(st.data())
def test_a_file_with_changed_bytes_is_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("changed") / "x.safetensors"
    save(some_tensors(), path)
    changed = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(changed)
    with contextlib.suppress(WeightsFileError):
        load(path)


def test_a_missing_file_is_the_usual_error(path):
    with pytest.raises(FileNotFoundError):
        load(path)
    path.symlink_to(path.with_name("nowhere"))
    with pytest.raises(FileNotFoundError):
        load(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_the_usual_error(path):
    save(some_tensors(), path)
    path.chmod(0)
    with pytest.raises(PermissionError, match=r"model\.safetensors"):
        load(path)


def test_what_is_no_file_is_neither_read_nor_written_over(path):
    os.mkfifo(path)  # opening it would wait for somebody who writes
    for touch in (load, read_header, lambda path: save(some_tensors(), path)):
        with pytest.raises(WeightsFileError, match=f"{path}: it is a FIFO, expected a file"):
            touch(path)
    with pytest.raises(WeightsFileError, match="/dev/null: it is a device, expected a file"):
        save(some_tensors(), "/dev/null")
    for touch in (read_header, lambda path: save(some_tensors(), path)):
        with pytest.raises(WeightsFileError, match="it is a folder, expected a file"):
            touch(path.parent)


def test_links_are_followed(path):
    (link := path.with_name("latest")).symlink_to(path.name)
    save(some_tensors(), link)
    assert link.is_symlink()
    assert_equal(load(path), some_tensors())
    assert_equal(load(link), some_tensors())


@pytest.mark.parametrize("mapped", [True, False])
def test_a_file_that_shrinks_between_header_and_data_is_refused(path, monkeypatch, mapped):
    save({"x": tensor.zeros(100_000)}, path)  # more than is read ahead
    parse = serialization.parse_header

    def parse_and_cut(file, *, path):
        header = parse(file, path=path)
        os.truncate(path, header.size_bytes - 1)
        return header

    monkeypatch.setattr(serialization, "parse_header", parse_and_cut)
    with pytest.raises(WeightsFileError, match="cut off while it was being read"):
        load(path, mmap=mapped)


@pytest.mark.parametrize(
    ("metadata", "error", "message"),
    [
        ({"epoch": 3}, TypeError, "metadata is text by name, got 'epoch': int"),
        ({"a": "\ud800"}, WeightsFileError, "half of a surrogate pair"),
    ],
)
def test_metadata_that_could_not_be_read_back_is_refused(path, metadata, error, message):
    with pytest.raises(error, match=message):
        save(some_tensors(), path, metadata=metadata)
    assert not path.exists()


# --- Values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [tensor.float16, tensor.bfloat16, tensor.float32, tensor.float64], ids=str)
def test_values_that_are_not_finite_are_refused_where_that_is_asked_for(path, dtype):
    values = tensor.tensor([1.0, float("nan"), float("inf")], dtype=dtype)
    save({"bad": values, "good": values[:1], "whole": tensor.tensor([1])}, path)
    assert load(path)["bad"].isnan().sum().item() == 1
    for mapped in (True, False):
        with pytest.raises(WeightsFileError, match=r"NaN or infinite values in bad \(2 of 3\); load another"):
            load(path, mmap=mapped, check_finite=True)
    save({"good": values[:1], "whole": tensor.tensor([1])}, path)
    assert load(path, check_finite=True)["good"].tolist() == [1]


def test_the_errors_are_in_the_tree_of_tensor():
    assert issubclass(WeightsFileError, tensor.errors.TensorError)
    assert issubclass(WeightsFileError, ValueError)
