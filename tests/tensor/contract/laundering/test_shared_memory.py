"""Attempts by memory that is seen twice: NumPy, buffers, DLPack, maps, shared memory, addresses.

A *copy* that NumPy makes has left the contract, as documented; what shares the memory has not.
"""

import ctypes
import gc
import mmap
import os
import pickle

import numpy as np
import pyarrow as pa
import pytest

import tensor as T
from tensor.wire import pack, unpack
from tests.tensor.contract.laundering.attempts import VALUES, assert_cannot_train, assert_still_marked, refused


def test_wrap_its_array_again(marked):
    array = marked.numpy()
    assert_cannot_train(T.from_numpy(array), T.as_tensor(array), T.tensor(array), T.Tensor(array))
    assert_cannot_train(T.as_tensor(array, dtype=T.float64), T.ones(1).new_tensor(array))


def test_wrap_its_array_when_the_tensor_is_gone():
    with T.inference_mode():
        array = T.tensor(VALUES).numpy()
    assert_cannot_train(T.from_numpy(array))


def test_let_numpy_ask_for_its_array(marked):
    assert_cannot_train(T.from_numpy(np.asarray(marked)), T.from_numpy(np.array(marked, copy=None)))


def test_wrap_views_of_views_of_its_array(marked):
    array = np.asarray(marked)
    views = [array[1:][1:], array.reshape(2, 2).T[0], array[::-2][::-1], np.broadcast_to(array, (2, 4)), array[2:3]]
    assert_cannot_train(*[T.from_numpy(each.view() if each.strides[0] >= 0 else each) for each in views])


def test_wrap_its_array_with_other_strides(marked):
    strided = np.lib.stride_tricks.as_strided(marked.numpy(), (2, 3), (4, 4))
    windows = np.lib.stride_tricks.sliding_window_view(marked.numpy(), 2)
    assert_cannot_train(T.from_numpy(strided), T.from_numpy(windows))


def test_wrap_its_bytes_as_another_dtype_and_back(marked):
    as_integers = T.from_numpy(marked.numpy().view(np.int32))
    as_bytes = T.from_numpy(marked.numpy().view(np.uint8))
    assert as_integers.is_inference()
    assert as_bytes.is_inference()
    assert_cannot_train(T.from_numpy(as_bytes.numpy().view(np.float32)))


def test_wrap_half_precision_as_integers(marked):
    for dtype in (T.float16, T.bfloat16):
        array = marked.to(dtype).numpy()
        assert T.from_numpy(array).is_inference()
        assert T.from_numpy(array.view(np.uint16)).is_inference()


def test_wrap_a_memoryview_of_it(marked):
    view = memoryview(marked.numpy())
    assert_cannot_train(T.frombuffer(view, dtype=T.float32), T.tensor(view), T.as_tensor(view))
    assert_cannot_train(T.frombuffer(view.cast("B"), dtype=T.float32, count=2, offset=4))


def test_wrap_what_its_array_is_based_on(marked):
    base = marked.numpy().base
    while base is not None:
        assert_cannot_train(T.from_numpy(np.asarray(base)))
        base = base.obj if isinstance(base, memoryview) else base.base


def test_make_its_array_writable_and_write_to_it(marked):
    array = marked.numpy()
    with pytest.raises(ValueError, match="WRITEABLE"):
        array.flags.writeable = True
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0


def test_wrap_an_object_that_answers_with_its_array(marked):
    class Holder:
        def __array__(self, dtype=None, copy=None):
            return marked.numpy()

    class Interface:
        __array_interface__ = marked.numpy().__array_interface__

    for holder in (Holder(), Interface()):
        assert_cannot_train(T.tensor(holder), T.as_tensor(holder), T.tensor([holder, holder]))


def test_wrap_its_array_as_a_subclass_of_arrays(marked):
    class Mine(np.ndarray):
        pass

    assert_cannot_train(T.from_numpy(marked.numpy().view(Mine)), T.from_numpy(np.ma.asarray(marked.numpy()).data))


def test_pass_it_through_dlpack(marked):
    assert_cannot_train(T.from_dlpack(marked), T.from_dlpack(marked.numpy()), T.from_numpy(np.from_dlpack(marked)))


def test_pass_it_through_another_librarys_dlpack(marked):
    class Other:
        def __dlpack__(self, **options):
            return marked.__dlpack__(**options)

        def __dlpack_device__(self):
            return marked.__dlpack_device__()

    assert_cannot_train(T.from_dlpack(Other()))


def test_pass_it_through_arrow_without_a_copy(marked):
    buffer = pa.py_buffer(marked.numpy())
    column = pa.array(marked.numpy())
    assert_cannot_train(T.frombuffer(buffer, dtype=T.float32), T.from_numpy(column.to_numpy()))


def test_wrap_its_address(marked):
    pointer = ctypes.cast(marked.data_ptr(), ctypes.POINTER(ctypes.c_float))
    assert_cannot_train(T.from_numpy(np.ctypeslib.as_array(pointer, (4,))))


def test_wrap_other_rows_of_memory_of_which_one_row_was_handed_out(tmp_path):
    with T.inference_mode():
        table = T.ones(3, 4)
    T.save({"x": table}, tmp_path / "x.safetensors")
    for arrived in (T.load(tmp_path / "x.safetensors")["x"], unpack(b"".join(pack(table)))):
        base = arrived[0].numpy()
        while base.shape != table.shape:
            base = base.obj if isinstance(base, memoryview) else base.base
        assert_cannot_train(T.from_numpy(base[1:]))


def test_unpack_it_from_shared_memory_and_wrap_that(marked):
    frame = b"".join(pack(marked))
    with mmap.mmap(-1, len(frame)) as memory:  # anonymous, and shared with what forks
        memory[:] = frame
        arrived = unpack(memory)
        array = arrived.numpy()
        assert_cannot_train(arrived, T.from_numpy(array), T.from_numpy(array[1:]))
        assert_cannot_train(T.frombuffer(memory, dtype=T.float32, count=4, offset=len(frame) - 64))
        del arrived, array
        gc.collect()


def test_unpack_it_from_a_memory_file_that_two_see(marked):
    frame = b"".join(pack({"x": marked}))
    descriptor = os.memfd_create("frame")
    try:
        os.write(descriptor, frame)
        for _ in range(2):
            with mmap.mmap(descriptor, len(frame), access=mmap.ACCESS_READ) as memory:
                arrived = unpack(memory)["x"]
                assert_cannot_train(arrived, T.from_numpy(arrived.numpy()))
                del arrived
    finally:
        os.close(descriptor)


def test_write_inside_to_an_array_that_is_wrapped_outside(marked):
    array = np.zeros(4, np.float32)
    outside = T.from_numpy(array)
    with T.inference_mode():
        for again in (T.from_numpy(array), T.as_tensor(array), T.from_numpy(array[:]), T.from_dlpack(array)):
            with refused(outside):
                again.copy_(marked)


def test_write_inside_to_a_buffer_that_is_wrapped_outside(marked):
    memory = bytearray(16)
    with T.inference_mode(), refused():
        T.frombuffer(memory, dtype=T.float32).copy_(marked)
    assert T.frombuffer(memory, dtype=T.float32).tolist() == [0] * 4


def test_write_inside_to_an_unmarked_tensor_that_came_by_dlpack(marked):
    target = T.zeros(4)
    with T.inference_mode():
        for again in (T.from_dlpack(target), T.from_dlpack(target.numpy()), T.from_numpy(target.numpy())):
            with refused(target):
                again.copy_(marked)


def test_wrap_an_array_that_was_pickled_beside_it(marked):
    buffers = []
    data = pickle.dumps([marked, marked.numpy()[1:]], 5, buffer_callback=buffers.append)
    tensor, array = pickle.loads(data, buffers=buffers)
    assert_cannot_train(tensor, T.from_numpy(array), T.from_numpy(tensor.numpy()))


def test_let_numpys_ufuncs_compute_with_it(marked):
    plain = T.zeros(4)
    for computed in (np.exp(marked), np.add(plain, marked), np.multiply(np.ones(4, np.float32), marked)):
        assert_cannot_train(computed)
    assert_cannot_train(*np.modf(marked), np.add.reduce(marked), np.maximum.accumulate(marked))


def test_let_numpys_ufuncs_compute_with_its_array_beside_an_unmarked_tensor(marked):
    plain = T.zeros(4)
    assert_cannot_train(np.add(plain, marked.numpy()), np.add(marked.numpy()[::-1], plain), np.add(plain, list(marked)))


def test_multiply_a_parameter_by_its_array(marked, weight):
    for attempt in (
        lambda: marked.numpy() * weight,
        lambda: weight * marked.numpy()[::-1],
        lambda: np.multiply(marked.numpy(), weight),
        lambda: weight @ marked.numpy(),
        lambda: weight[(marked - 1).long().numpy()],
    ):
        with refused(weight):
            attempt().sum().backward()


def test_start_a_reduction_of_numpys_with_it(marked):
    plain = T.zeros(4)
    for start in (marked[1], marked.numpy()[1:2].reshape(())):
        assert_cannot_train(np.add.reduce(plain, initial=start))
    assert_cannot_train(np.add.reduce(plain, where=marked > 2))


def test_let_numpy_compute_inside_into_memory_that_is_wrapped_outside(marked):
    """What comes of that is marked, the memory is not: marked data may not be written to it."""
    for compute in (
        lambda array: np.add(T.ones(4), 1, out=array),
        lambda array: array.__iadd__(T.ones(4)),
        lambda array: np.divmod(T.ones(4), 2, out=(None, array))[1],
        lambda array: np.add.reduce(T.ones(4, 4), axis=0, out=array),
    ):
        array = np.zeros(4, np.float32)
        outside = T.from_numpy(array)
        with T.inference_mode():
            computed = compute(array)
            assert_still_marked(computed)
            with refused(outside):
                computed.copy_(marked)


def test_let_numpy_write_it_into_an_unmarked_tensor(marked):
    target = T.zeros(4)
    for write in (
        lambda: np.add(marked, marked, out=target),
        lambda: np.cumsum(marked, out=target),
        lambda: np.copyto(target, marked),
        lambda: np.add.at(target, [0], marked[:1]),
        lambda: np.putmask(target, target == 0, marked),
    ):
        with pytest.raises(TypeError):
            write()
    assert target.tolist() == [0] * 4
