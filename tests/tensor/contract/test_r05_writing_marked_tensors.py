"""R5: in-place on a marked tensor is fine in INFERENCE and raises outside; its memory is handed out read-only."""

import contextlib

import numpy as np
import pytest

import tensor as T

OUTSIDE = {"grad": contextlib.nullcontext, "no_grad": T.no_grad}

WRITES = {
    "add_": lambda t: t.add_(1),
    "imul": lambda t: t.__imul__(2),
    "zero_": lambda t: t.zero_(),
    "fill_": lambda t: t.fill_(3),
    "setitem": lambda t: t.__setitem__(0, 5.0),
    "copy_": lambda t: t.copy_(T.zeros(3)),
    "view": lambda t: t[1:].neg_(),
    "relu_": lambda t: t.relu_(),
    "normal_": lambda t: t.normal_(),
    "uniform_": lambda t: t.uniform_(),
    "data": lambda t: setattr(t, "data", T.zeros(3)),
    "array": lambda t: t._writable_array(),
}


def make():
    with T.inference_mode():
        return T.ones(3)


@pytest.mark.parametrize("mode", OUTSIDE.values(), ids=OUTSIDE)
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_raises_outside(write, mode):
    marked = make()
    with mode(), pytest.raises(T.InferenceTensorError, match="outside inference_mode"):
        write(marked)
    assert marked.tolist() == [1, 1, 1]


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_is_fine_inside(write):
    marked = make()
    with T.inference_mode():
        write(marked)
    assert marked.is_inference()


def test_marked_data_may_be_written_into_marked_tensors_inside():
    marked = make()
    with T.inference_mode():
        marked += T.ones(3)
        marked[0] = marked[1] * 2
        marked.copy_(marked * marked)
    assert marked.tolist() == [16, 4, 4]


def test_numpy_is_read_only():
    array = make().numpy()
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 2
    with pytest.raises(ValueError, match="WRITEABLE"):
        array.flags.writeable = True


def test_array_protocol_and_views_are_read_only():
    marked = make()
    assert not np.asarray(marked).flags.writeable
    assert not marked[1:].numpy().flags.writeable
    assert not marked.numpy()[1:].flags.writeable


def test_dlpack_is_read_only():
    marked = make()
    assert not np.from_dlpack(marked).flags.writeable
    with pytest.raises(BufferError):
        marked.__dlpack__()  # an old consumer, which cannot be told that memory is read-only


def test_unmarked_memory_stays_writable():
    unmarked = T.ones(3)
    unmarked.numpy()[0] = 5
    np.from_dlpack(unmarked)[1] = 6
    assert unmarked.tolist() == [5, 6, 1]
