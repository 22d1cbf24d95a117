"""R7: memory that others made stays theirs when it is wrapped inside: writes to it obey its storage."""

import numpy as np
import pytest

import tensor as T


@pytest.fixture
def marked():
    with T.inference_mode():
        return T.tensor([1.5, 2.5, 3.5])


WRAPPINGS = {
    "dlpack": T.from_dlpack,
    "numpy": lambda t: T.from_numpy(t.numpy()),
    "dlpack of numpy": lambda t: T.from_dlpack(t.numpy()),
    "as_tensor": lambda t: T.as_tensor(t.numpy()),
    "buffer": lambda t: T.frombuffer(t.numpy(), dtype=T.float32),
}


@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS)
def test_marked_data_cannot_be_written_into_training_memory(wrap, marked):
    weight = T.zeros(3, requires_grad=True)
    with T.inference_mode():
        alias = wrap(weight)
        assert alias.is_inference()
        with pytest.raises(T.InferenceTensorError, match="cannot be written"):
            alias.copy_(marked)
        with pytest.raises(T.InferenceTensorError, match="cannot be written"):
            alias[0:] = marked
        alias.add_(1)  # unmarked data may
    assert weight.tolist() == [1, 1, 1]
    assert not weight.is_inference()


def test_an_output_buffer_cannot_take_marked_data(marked):
    out = np.zeros(3, np.float32)
    with T.inference_mode(), pytest.raises(T.InferenceTensorError):
        T.from_numpy(out).copy_(marked)
    assert not T.from_numpy(out).is_inference()


def test_evaluating_on_an_array_does_not_mark_it_for_training():
    data = np.arange(6, dtype=np.float32)
    with T.inference_mode():
        T.from_numpy(data).numpy()
        T.from_numpy(data)[1:].numpy()
    assert not T.from_numpy(data).is_inference()


def test_a_write_through_dlpack_is_counted():
    weight = T.ones(3, requires_grad=True)
    loss = (weight * weight).sum()
    with T.inference_mode():
        T.from_dlpack(weight).mul_(2)
    with pytest.raises(T.GradientError, match="modified by an inplace operation"):
        loss.backward()


def test_memory_handed_out_by_a_marked_tensor_is_marked_inside_too(marked):
    with T.inference_mode():
        again = T.from_numpy(marked.numpy()).numpy()
    assert T.from_numpy(again).is_inference()
