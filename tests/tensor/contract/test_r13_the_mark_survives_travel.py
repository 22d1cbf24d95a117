"""R13: the mark survives pickle, deepcopy and memory shared with NumPy and DLPack. Wire and files: see there."""

import copy
import gc
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensor as T
from tensor import aliases, marks, wire


@pytest.fixture
def marked():
    with T.inference_mode(), marks.origin(job="j", shard=2, replica="r"):
        return T.arange(6, dtype=T.float32).reshape(2, 3)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(marked, protocol):
    again = pickle.loads(pickle.dumps(marked, protocol))
    assert again.is_inference()
    assert again.origin == marked.origin
    assert T.equal(again, marked)


def test_pickle_of_unmarked():
    weight = T.ones(2, requires_grad=True)
    again = pickle.loads(pickle.dumps(weight))
    assert again.requires_grad
    assert not again.is_inference()
    with T.inference_mode():
        inside = pickle.loads(pickle.dumps(weight))
    assert inside.is_inference()
    assert not inside.requires_grad


def test_pickle_out_of_band_gives_read_only_memory_without_a_copy(marked):
    buffers = []
    data = pickle.dumps(marked, 5, buffer_callback=buffers.append)
    frozen = [memoryview(bytes(buffer)) for buffer in buffers]
    again = pickle.loads(data, buffers=frozen)
    assert again.is_inference()
    with T.inference_mode(), pytest.raises(T.ReadOnlyError):
        again.add_(1)


def test_deepcopy(marked):
    again = copy.deepcopy({"a": [marked], "b": marked})
    assert again["a"][0] is again["b"]
    assert again["b"].is_inference()
    assert again["b"].origin == marked.origin
    assert not np.shares_memory(again["b"].numpy(), marked.numpy())


def test_deepcopy_inside_marks_and_of_a_graph_raises():
    weight = T.ones(2, requires_grad=True)
    with T.inference_mode():
        inside = copy.deepcopy(weight)
    assert inside.is_inference()
    assert copy.deepcopy(weight).requires_grad
    with pytest.raises(T.GradientError, match="graph leaves"):
        copy.deepcopy(weight * 2)


ALIASES = {
    "from_numpy": lambda t: T.from_numpy(t.numpy()),
    "as_tensor": lambda t: T.as_tensor(t.numpy()),
    "tensor": lambda t: T.tensor(t.numpy()),
    "array protocol": lambda t: T.from_numpy(np.asarray(t)),
    "slice": lambda t: T.from_numpy(t.numpy()[1:, 1]),
    "transposed": lambda t: T.from_numpy(t.numpy().T),
    "reinterpreted": lambda t: T.from_numpy(t.numpy().view(np.uint8)),
    "view of the tensor": lambda t: T.from_numpy(t[1].numpy()),
    "dlpack": lambda t: T.from_dlpack(t),
    "dlpack by numpy": lambda t: T.from_numpy(np.from_dlpack(t)),
    "memoryview": lambda t: T.frombuffer(memoryview(t.numpy()).cast("B"), dtype=T.float32),
    "as operand": lambda t: T.ones(2, 3) * t.numpy(),
    "in nested lists": lambda t: T.tensor([t.numpy()[0], t.numpy()[1]]),
}


@pytest.mark.parametrize("wrap", ALIASES.values(), ids=ALIASES)
def test_wrapping_memory_that_was_handed_out_stays_marked(marked, wrap):
    wrapped = wrap(marked)
    assert wrapped.is_inference()
    assert wrapped.origin == marked.origin


def test_the_array_outlives_the_tensor(marked):
    array, origin = marked.numpy(), marked.origin
    del marked
    gc.collect()
    wrapped = T.from_numpy(array)
    assert wrapped.is_inference()
    assert wrapped.origin == origin


def test_a_copy_made_in_numpy_has_left_the_contract(marked):
    assert not T.from_numpy(marked.numpy() + 1).is_inference()
    assert not T.from_numpy(marked.numpy().copy()).is_inference()
    assert not T.from_numpy(np.array(marked)).is_inference()


def test_unmarked_memory_is_not_confused_with_it(marked):
    marked.numpy()
    unmarked = T.ones(2, 3)
    assert not T.from_numpy(unmarked.numpy()).is_inference()


def test_a_view_of_training_data_taken_inside_does_not_mark_the_training_data():
    data = np.ones(4, np.float32)
    base = T.from_numpy(data)
    with T.inference_mode():
        base[1:].numpy()
    assert not T.from_numpy(data).is_inference()


def test_nothing_is_remembered_after_the_memory_is_gone():
    with T.inference_mode():
        kept = [T.ones(100) for _ in range(50)]
    arrays = [each.numpy() for each in kept]
    assert len(aliases._handed_out._runs) >= 50
    del kept, arrays
    gc.collect()
    aliases._handed_out.find((0, 1))
    before = len(aliases._handed_out._runs)
    with T.inference_mode():
        T.ones(100).numpy()
    aliases._handed_out.find((0, 1))
    assert len(aliases._handed_out._runs) == before


def test_neighbouring_ranges():
    ranges = aliases._Ranges()
    owners = [np.empty(1) for _ in range(4)]
    for (start, stop), owner in zip([(10, 20), (20, 30), (12, 14), (0, 100)], owners, strict=True):
        ranges.add((start, stop), owner, T.Origin(shard=start))
    assert {origin.shard for origin in ranges.find((19, 20))} == {10, 0}
    assert {origin.shard for origin in ranges.find((13, 21))} == {10, 20, 12, 0}
    assert ranges.find((100, 200)) == []
    del owner, owners[3]
    assert [origin.shard for origin in ranges.find((14, 20))] == [10]
    owners.clear()
    assert ranges.find((0, 200)) == []


def test_handing_out_twice_and_from_a_view():
    with T.inference_mode():
        base = T.arange(10)
        view = base[2:5]
    first, second = view.numpy(), view.numpy()
    assert T.from_numpy(first).is_inference()
    del first
    assert T.from_numpy(second).is_inference()
    assert not T.from_numpy(np.arange(10)).is_inference()


def test_empty_and_scalar_arrays_are_handed_out():
    with T.inference_mode():
        empty, scalar = T.zeros(0, 3), T.tensor(2.0)
    assert empty.numpy().shape == (0, 3)
    assert scalar.numpy().shape == ()
    assert not scalar.numpy().flags.writeable
    assert T.from_numpy(scalar.numpy()).is_inference()


@pytest.mark.parametrize("dtype", [T.float16, T.float64, T.int8, T.int64, T.uint8, T.bool])
def test_every_dtype_is_handed_out_read_only(dtype):
    with T.inference_mode():
        made = T.ones(3, 2, dtype=dtype).T
    array = made.numpy()
    assert array.dtype == dtype.numpy_dtype
    assert array.shape == (2, 3)
    assert not array.flags.writeable


def test_numpy_of_what_requires_grad():
    weight = T.ones(3, requires_grad=True)
    for read in (lambda: weight.numpy(), lambda: np.asarray(weight), lambda: np.from_dlpack(weight)):
        with pytest.raises((T.GradientError, T.ExportError), match=r"detach\(\)"):
            read()
    assert weight.numpy(force=True).tolist() == [1, 1, 1]
    assert weight.detach().numpy().tolist() == [1, 1, 1]
    with T.inference_mode():
        assert weight.numpy().tolist() == [1, 1, 1]


def test_two_wrappings_of_one_frame_keep_the_memory_known(marked):
    frame = b"".join(wire.pack(marked))
    a, b = wire.unpack(frame), wire.unpack(frame)
    from_a, from_b = a.numpy(), b.numpy()
    del a, from_a
    gc.collect()
    assert T.from_numpy(from_b).is_inference()


def test_a_handed_out_array_is_one_entry_however_many_rows_follow():
    with T.inference_mode():
        whole = T.ones(100, 4)
    rows = [whole[index].numpy() for index in range(100)]
    [owner] = [each for each in aliases._handed_out._owners.values() if each.key == id(whole._data)]
    assert len(owner.spans) == 1
    assert all(T.from_numpy(row).is_inference() for row in rows)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10), st.integers(0, 5)), max_size=12),
    st.sets(st.integers(0, 5)),
    st.integers(0, 40),
)
def test_ranges_answer_as_a_plain_list_would(spans, dying, at):
    ranges = aliases._Ranges()
    owners = {number: np.empty(1) for number in range(6)}
    for start, size, number in spans:
        ranges.add((start, start + size), owners[number], T.Origin(shard=number))
    for number in dying:
        del owners[number]
    gc.collect(0)
    expected = {n for start, size, n in spans if n not in dying and start < at + 2 and at < start + size}
    assert {origin.shard for origin in ranges.find((at, at + 2))} == expected
    assert ranges._starts == sorted(ranges._starts)
    assert all(stop <= start for stop, start in zip(ranges._stops, ranges._starts[1:], strict=False))


def test_buffers_of_a_pickle_are_read_only_and_known(marked):
    buffers = []
    data = pickle.dumps(marked, 5, buffer_callback=buffers.append)
    [raw] = [each.raw() for each in buffers]
    assert raw.readonly
    assert T.frombuffer(raw, dtype=T.float32).is_inference()
    again = pickle.loads(data, buffers=buffers)
    assert again.data_ptr() == marked.data_ptr()


def test_a_pickled_tensor_may_be_written_inside(marked):
    again = pickle.loads(pickle.dumps(marked, 5))
    with T.inference_mode():
        again.add_(1)
    assert not T.equal(again, marked)


def test_segments_of_a_frame_are_known():
    with T.inference_mode():
        large = T.ones(100, 100)
    assert any(T.frombuffer(part, dtype=T.uint8).is_inference() for part in wire.pack(large))
