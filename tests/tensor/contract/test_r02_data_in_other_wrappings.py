"""R2: whatever `tensor` and `as_tensor` read a marked tensor's data through, the result is marked."""

import array
from collections import UserList, deque

import numpy as np
import pytest

import tensor as T


class Unregistered:
    """A sequence to NumPy, though it inherits from none."""

    def __init__(self, *parts):
        self.parts = parts

    def __len__(self):
        return len(self.parts)

    def __getitem__(self, index):
        return self.parts[index]


class Converts:
    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return self.values


class Interface:
    def __init__(self, values):
        self.values = values
        self.__array_interface__ = values.__array_interface__


WRAPPINGS = {
    "memoryview": lambda m: memoryview(m.numpy()),
    "deque": lambda m: deque([m[0], m[1]]),
    "UserList": lambda m: UserList([m[0], m[1]]),
    "nested": lambda m: [[1.0, 2.0], deque([m[0], 3.0])],
    "list of arrays": lambda m: [m.numpy(), m.numpy()],
    "list of memoryviews": lambda m: [memoryview(m.numpy())],
    "an unregistered sequence": lambda m: Unregistered(m[0], m[1]),
    "__array__": lambda m: Converts(m.numpy()),
    "__array__ of a tensor": lambda m: Converts(m.numpy()[1:]),
    "__array_interface__": lambda m: Interface(m.numpy()),
    "a list of them": lambda m: [Converts(m.numpy())],
}


@pytest.mark.parametrize("read", [T.tensor, T.as_tensor, T.Tensor])
@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS)
def test_the_mark_is_seen(wrap, read):
    with T.inference_mode():
        marked = T.tensor([1.5, 2.5, 3.5])
    assert read(wrap(marked)).is_inference()
    assert not read(wrap(T.tensor([1.5, 2.5, 3.5]))).is_inference()


def test_a_gradient_is_refused():
    with T.inference_mode():
        marked = T.tensor([1.5, 2.5])
    with pytest.raises(T.InferenceTensorError):
        T.tensor(deque([marked[0]]), requires_grad=True)


def test_what_else_numpy_reads():
    assert T.tensor(array.array("f", [1, 2])).tolist() == [1, 2]
    assert T.tensor(bytearray(b"\x01\x02")).tolist() == [1, 2]
    assert T.tensor(range(3)).tolist() == [0, 1, 2]
    assert T.tensor([range(3)]).tolist() == [[0, 1, 2]]
    assert T.tensor([np.float32(1), 2]).tolist() == [1, 2]
    assert T.tensor(np.arange(2.0)).dtype is T.float64
