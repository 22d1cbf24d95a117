"""Tensors among Python's numbers and containers, NumPy's arrays and functions, DLPack and buffers."""

import copy
import inspect
import math

import numpy as np
import pytest

import tensor as T


@pytest.fixture
def marked():
    with T.inference_mode():
        return T.tensor([1.0, 2.0, 3.0])


@pytest.fixture
def weight():
    return T.ones(3, requires_grad=True)


# ---- Python's numbers


def test_numbers():
    assert float(T.tensor(1.5)) == 1.5
    assert int(T.tensor([3])) == 3
    assert int(T.tensor(2.9)) == 2
    assert complex(T.tensor(1.5)) == 1.5 + 0j
    assert bool(T.tensor([True]))
    assert not T.zeros(1)
    assert math.sqrt(T.tensor(4.0)) == 2
    assert math.floor(T.tensor(2.5)) == 2
    assert T.tensor(2.5).item() == 2.5
    assert type(T.tensor(2.5, dtype=T.float16).item()) is float
    assert type(T.tensor(2).item()) is int
    assert type(T.tensor(True).item()) is bool
    with pytest.raises(T.ShapeError, match="cannot be converted to Scalar"):
        T.ones(2).item()
    with pytest.raises(T.ShapeError, match="no values is ambiguous"):
        bool(T.ones(0))


def test_indices():
    assert [10, 20, 30][T.tensor(1)] == 20
    assert [10, 20][T.tensor([[True]])] == 20
    assert list(range(T.tensor(3))) == [0, 1, 2]
    for bad in (T.tensor(1.0), T.tensor([1, 2])):
        with pytest.raises(TypeError, match="only integer tensors of a single element"):
            [1, 2][bad]


def test_lists():
    assert T.arange(4).reshape(2, 2).tolist() == [[0, 1], [2, 3]]
    assert T.tensor(3).tolist() == 3
    assert T.zeros(2, 0).tolist() == [[], []]
    assert T.tensor([1.5], dtype=T.bfloat16).tolist() == [1.5]
    assert [type(each) for each in T.tensor([1.0, 2.0]).tolist()] == [float, float]


# ---- containers


def test_containers(weight):
    t = T.arange(3)
    assert [each.item() for each in t] == [0, 1, 2]
    assert [each.item() for each in reversed(t)] == [2, 1, 0]
    first, *_ = weight * 2
    assert first.requires_grad
    assert 2 in t
    assert T.tensor(1) in t
    assert np.float64(2) in t
    assert 5 not in t
    assert len(T.ones(3, 2)) == 3
    for bad in ("x", None, [1]):
        with pytest.raises(TypeError, match="only supports Tensor or scalar"):
            bad in t  # noqa: B015
    for use in (len, iter):
        with pytest.raises(TypeError, match="0-d tensor"):
            use(T.tensor(1.0))


def test_identity_and_equality():
    t = T.arange(3)
    assert len({t, t}) == 1
    assert hash(t) == hash(t)
    assert {t: 1}[t] == 1
    assert (t == None) is False  # noqa: E711 - what users write
    assert t != "x"
    with pytest.raises(T.DtypeError, match="expected a tensor or a number, got 'x'"):
        t + "x"


def test_copies(weight, marked):
    t = T.arange(3)
    shallow, deep = copy.copy(t), copy.deepcopy(t)
    t[0] = 9
    assert (shallow[0].item(), deep[0].item()) == (9, 0)
    assert copy.copy(weight).requires_grad
    assert copy.deepcopy(weight).is_leaf
    assert copy.copy(marked).is_inference()
    assert copy.deepcopy(marked).is_inference()
    both = copy.deepcopy([weight, weight])
    assert both[0] is both[1]


# ---- arrays of NumPy


def test_as_an_array():
    t = T.arange(3, dtype=T.float64)
    array = np.asarray(t)
    array[0] = 7
    assert t[0] == 7
    assert np.asarray(t, dtype=np.float64) is not None
    assert np.shares_memory(np.asarray(t, dtype=np.float64, copy=False), array)
    assert np.asarray(t, dtype=np.int8).dtype == np.int8
    copied = np.array(t)
    assert not np.shares_memory(copied, array)
    assert not np.shares_memory(np.array(t, dtype=np.float64, copy=True), array)
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        np.array(t, dtype=np.int8, copy=False)
    assert np.array([T.tensor(1.0), T.tensor(2.0)]).tolist() == [1, 2]
    assert np.array([T.ones(2), T.zeros(2)]).shape == (2, 2)


def test_as_an_array_with_a_gradient_or_a_mark(weight, marked):
    for use in (np.asarray, np.array, np.exp, np.sum, lambda t: t.numpy()):
        with pytest.raises(T.GradientError, match=r"Use tensor\.detach\(\)\.numpy\(\) instead"):
            use(weight)
    assert weight.numpy(force=True).tolist() == [1, 1, 1]
    array = np.asarray(marked)
    assert not array.flags.writeable
    with pytest.raises(ValueError):
        array.flags.writeable = True
    assert T.from_numpy(array).is_inference()
    assert T.from_numpy(array[1:]).is_inference()
    assert np.array(marked, copy=True).flags.writeable


def test_from_numpy_shares_memory():
    array = np.arange(6.0).reshape(2, 3)
    for part in (array, array.T, array[::-1], array[:, ::2], array[1:1], array[0, 0:1].reshape(())):
        t = T.from_numpy(part)
        assert t.shape == part.shape
        assert t.tolist() == part.tolist()
        assert np.shares_memory(t.numpy(), part) or not part.size
        assert (t + 1).tolist() == (part + 1).tolist()
    zero = np.array(3.0)
    T.from_numpy(zero).add_(1)
    assert zero == 4
    T.from_numpy(array[::-1])[0, 0] = 100.0
    assert array[1, 0] == 100


def test_from_numpy_over_read_only_memory():
    array = np.arange(3.0)
    array.flags.writeable = False
    t = T.from_numpy(array)
    assert (t * 2).tolist() == [0, 2, 4]
    with pytest.raises(T.ReadOnlyError, match="clone"):
        t.add_(1)
    assert not t.numpy().flags.writeable


def test_from_numpy_refuses_clearly():
    record = np.zeros(3, dtype=[("a", "i1"), ("b", "f4")])
    for array, error, words in (
        (np.arange(3, dtype=">i4"), ValueError, "byte order different from the native"),
        (record["b"], ValueError, "strides not a multiple of the element byte size"),
        (np.array(["a"]), TypeError, "can't convert np.ndarray of type"),
        (np.array([None]), TypeError, "can't convert np.ndarray of type object"),
        (np.array([1j]), TypeError, "can't convert np.ndarray of type complex128"),
        (np.array(["2020"], "M8[D]"), TypeError, "can't convert np.ndarray of type datetime64"),
        (record, TypeError, "can't convert np.ndarray of type"),
        ([1.0], TypeError, "expected np.ndarray"),
    ):
        with pytest.raises(error, match=words):
            T.from_numpy(array)
        if error is ValueError:
            with pytest.raises(error, match=words):
                T.as_tensor(array)
    assert T.from_numpy(record["b"].copy()).tolist() == [0, 0, 0]


def test_an_array_of_a_subclass_becomes_a_plain_one():
    assert type(T.from_numpy(np.ma.masked_array([1, 2], [0, 1])).numpy()) is np.ndarray


# ---- operators between arrays and tensors

OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_give_tensors_on_either_side(name, marked):
    operator = OPERATORS[name]
    array, t = np.array([1.0, 2.0, 4.0], np.float32), T.tensor([2.0, 2.0, 2.0])
    expected = operator(array, t.numpy())
    for a, b in ((array, t), (T.from_numpy(array), t.numpy())):
        result = operator(a, b)
        assert isinstance(result, T.Tensor)
        assert result.tolist() == expected.tolist()
    for scalar in (np.float32(2), np.float64(2), np.int64(2)):
        assert isinstance(operator(scalar, t), T.Tensor)
        assert operator(t, scalar).tolist() == operator(t.numpy(), np.float32(2)).tolist()
    assert operator(array, marked).is_inference()
    assert operator(marked, array).is_inference()


def test_numbers_of_numpy_do_not_promote():
    assert (np.float64(2) * T.ones(2)).dtype is T.float32
    assert (T.ones(2) * np.float64(2)).dtype is T.float32
    assert (np.ones(2) * T.ones(2)).dtype is T.float64


def test_operators_with_arrays_are_recorded(weight):
    (np.full(3, 2.0, np.float32) * weight).sum().backward()
    assert weight.grad.tolist() == [2, 2, 2]
    assert (np.ones((2, 3), np.float32) @ weight).requires_grad


def test_an_array_that_is_added_to_becomes_a_tensor():
    total = np.ones(2)
    total += T.ones(2)
    assert isinstance(total, T.Tensor)
    assert total.tolist() == [2, 2]


# ---- functions of NumPy


def test_ufuncs_give_tensors(marked):
    t = T.tensor([0.0, 1.0])
    assert np.exp(t).tolist() == np.exp(np.array([0, 1], np.float32)).tolist()
    assert isinstance(np.exp(t), T.Tensor)
    assert np.add(np.ones(2), t).dtype is T.float64
    assert np.isnan(t).dtype is T.bool
    assert [type(each) for each in np.modf(t)] == [T.Tensor, T.Tensor]
    assert np.add.reduce(t).shape == ()
    assert np.exp(marked).is_inference()
    assert np.add(np.ones(3), marked).is_inference()
    assert np.add(T.ones(3), marked).is_inference()
    assert np.add(marked, T.ones(3)).is_inference()
    assert not np.exp(t).is_inference()
    with T.inference_mode():
        assert np.exp(t).is_inference()
    assert isinstance(np.multiply(t, np.longdouble(2)), np.ndarray | T.Tensor)  # longdouble is no dtype of ours


def test_ufuncs_remember_where_marked_data_came_from():
    with T.inference_mode(), T.marks.origin(job="nightly"):
        marked = T.ones(2)
    assert np.exp(marked).origin.job == "nightly"


def test_other_functions_give_arrays():
    t = T.tensor([[1.0, 2.0], [3.0, 4.0]])
    for result, expected in (
        (np.sum(t), 10),
        (np.sum(t, axis=0), [4, 6]),
        (np.mean(t, axis=1, keepdims=True), [[1.5], [3.5]]),
        (np.max(t), 4),
        (np.concatenate([t, t]).shape, (4, 2)),
        (np.stack((t, t)).shape, (2, 2, 2)),
        (np.where(t > 2, t, 0), [[0, 0], [3, 4]]),
        (np.linalg.norm(t) > 5, True),
        (np.einsum("ij->j", t), [4, 6]),
        (np.flip(t), [[4, 3], [2, 1]]),
        (np.transpose(t), [[1, 3], [2, 4]]),
        (np.shape(t), (2, 2)),
        (np.size(t), 4),
        (np.allclose(t, t), True),
    ):
        assert not isinstance(result, T.Tensor)
        assert np.array_equal(result, expected)
    np.testing.assert_allclose(t, t.numpy())
    np.testing.assert_array_equal(t, t)


def test_numpy_does_not_write_to_tensors_unnoticed():
    t = T.ones(2, 2)
    for use in (
        lambda: np.copyto(t, 0),
        lambda: np.put(t, 0, 5),
        lambda: np.fill_diagonal(t, 0),
        lambda: np.putmask(t, t > 0, 0),
        lambda: np.place(t, t > 0, 0),
        lambda: np.sum(t, axis=0, out=T.ones(2)),
        lambda: np.add(t, t, out=t),
        lambda: np.add.at(t, 0, 1),
    ):
        with pytest.raises(TypeError):
            use()
    assert t.tolist() == [[1, 1], [1, 1]]
    array = np.zeros(2)
    np.add(np.ones(2), T.ones(2), out=array)
    assert array.tolist() == [2, 2]


# ---- DLPack


def test_dlpack_shares_memory():
    t = T.arange(3, dtype=T.float64)
    array = np.from_dlpack(t)
    t[0] = 5
    assert array[0] == 5
    back = T.from_dlpack(array)
    back[1] = 7
    assert t[1] == 7
    assert t.__dlpack_device__() == (1, 0)
    assert T.from_dlpack(np.arange(6.0).reshape(2, 3)[:, ::2]).tolist() == [[0, 2], [3, 5]]
    for dtype in (T.bool, T.int8, T.uint16, T.float16):
        assert T.from_dlpack(np.from_dlpack(T.ones(2, dtype=dtype))).dtype is dtype


def test_dlpack_of_our_own_tensors_shares_the_version():
    t = T.ones(3)
    again = T.from_dlpack(t)
    again.add_(1)
    assert t._version == 1
    copied = T.from_dlpack(t, copy=True)
    copied.add_(1)
    assert t.tolist() == [2, 2, 2]
    assert T.from_dlpack(T.ones(1, dtype=T.bfloat16)).dtype is T.bfloat16


def test_dlpack_copies_and_devices():
    array = np.ones(3)
    copied = T.from_dlpack(array, copy=True, device="cpu")
    copied.add_(1)
    assert array.tolist() == [1, 1, 1]
    assert np.shares_memory(T.from_dlpack(array, copy=False).numpy(), array)
    assert T.from_dlpack(array.__dlpack__()).tolist() == [1, 1, 1]  # a bare capsule
    assert not np.shares_memory(T.from_dlpack(array.__dlpack__(), copy=True).numpy(), array)
    t = T.ones(2)
    assert not np.shares_memory(np.from_dlpack(t, copy=True), t.numpy())
    t.__dlpack__(stream=None, max_version=(1, 0), dl_device=(1, 0), copy=False)
    with pytest.raises(BufferError):
        t.__dlpack__(dl_device=(2, 0))
    with pytest.raises(NotImplementedError):
        T.from_dlpack(array, device="cuda")


def test_dlpack_refuses(weight, marked):
    for use in (lambda: weight.__dlpack__(), lambda: np.from_dlpack(weight), lambda: T.from_dlpack(weight)):
        with pytest.raises(BufferError, match=r"use tensor\.detach\(\)"):
            use()
    with pytest.raises(T.ExportError, match="no bfloat16"):
        T.ones(1, dtype=T.bfloat16).__dlpack__()
    with pytest.raises(T.ExportError, match=r"DLPack 1\.0 or later"):
        marked.__dlpack__()


def test_dlpack_of_marked_memory_is_read_only_and_comes_back_marked(marked):
    array = np.from_dlpack(marked)
    assert not array.flags.writeable
    assert T.from_dlpack(array).is_inference()
    assert T.from_dlpack(marked).is_inference()
    assert T.from_dlpack(marked, copy=True).is_inference()
    assert T.from_dlpack(marked.__dlpack__(max_version=(1, 0))).is_inference()
    assert T.from_dlpack(array, copy=True).is_inference()
    with T.inference_mode():
        assert T.from_dlpack(np.ones(2)).is_inference()


# ---- buffers


def test_buffers(weight, marked):
    """`memoryview(t)` calls this from Python 3.12 on."""
    t = T.ones(2, 3)
    view = t.__buffer__(inspect.BufferFlags.FULL.value if hasattr(inspect, "BufferFlags") else 0)
    assert view.shape == (2, 3)
    assert view.format == "f"
    view[0, 0] = 5.0
    assert t[0, 0] == 5
    assert marked.__buffer__(0).readonly
    with pytest.raises(BufferError, match="read-only"):
        marked.__buffer__(1)
    with pytest.raises(BufferError, match="detach"):
        weight.__buffer__(0)
    with pytest.raises(BufferError, match="bfloat16"):
        T.ones(1, dtype=T.bfloat16).__buffer__(0)
    assert memoryview(t.numpy()).nbytes == 24


def test_frombuffer():
    memory = bytearray(np.arange(4, dtype=np.float32).tobytes())
    t = T.frombuffer(memory, dtype=T.float32)
    t[0] = 9.0
    assert np.frombuffer(memory, np.float32)[0] == 9
    assert T.frombuffer(memory, dtype=T.float32, count=2, offset=4).tolist() == [1, 2]
    assert T.frombuffer(bytes(memory), dtype=T.float32, requires_grad=True).requires_grad
    with pytest.raises(T.ReadOnlyError):
        T.frombuffer(bytes(memory), dtype=T.float32).add_(1)
    assert T.frombuffer(memoryview(memory).cast("i"), dtype=T.uint8).shape == (16,)
    assert T.frombuffer(memory, dtype=T.bfloat16).shape == (8,)


def test_frombuffer_refuses():
    for arguments, words in (
        ({"buffer": b""}, "must not be 0"),
        ({"buffer": bytes(8), "count": 0}, "must not be 0"),
        ({"buffer": bytes(5)}, "must be a multiple of element size"),
        ({"buffer": bytes(8), "offset": 8}, "must be non-negative and no greater than"),
        ({"buffer": bytes(8), "offset": -1}, "must be non-negative and no greater than"),
        ({"buffer": bytes(8), "count": 3}, "must not be greater than actual buffer length"),
    ):
        with pytest.raises(ValueError, match=words):
            T.frombuffer(**arguments, dtype=T.float32)
    with pytest.raises(ValueError, match="does not implement Python buffer protocol: got a int"):
        T.frombuffer(3, dtype=T.float32)


def test_there_is_no_way_around_the_mark(marked):
    """No `__array_interface__`: whoever reads it gets a bare address, which nothing protects."""
    for name in ("__array_interface__", "__array_struct__", "__cuda_array_interface__"):
        assert not hasattr(marked, name)
