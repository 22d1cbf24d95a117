"""What tensors are made of, against torch: values, dtypes and shapes, and which arguments are refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import tensor as T

torch = pytest.importorskip("torch")

from tests.oracle.comparing import assert_close  # noqa: E402 - it needs torch

pytestmark = pytest.mark.oracle

MADE = {
    "tensor of floats": lambda t: t.tensor([1.0, 2.0]),
    "tensor of integers": lambda t: t.tensor([[1], [2]]),
    "tensor of booleans": lambda t: t.tensor([True]),
    "tensor of both": lambda t: t.tensor([1, 2.5]),
    "tensor of booleans and integers": lambda t: t.tensor([True, 2]),
    "tensor of a number": lambda t: (t.tensor(3), t.tensor(2.5), t.tensor(False)),
    "tensor of nothing": lambda t: (t.tensor([]), t.tensor([[], []]), t.tensor(())),
    "tensor of an array": lambda t: (t.tensor(np.ones(2, np.int16)), t.tensor(np.float64(1.5)), t.tensor(np.int32(3))),
    "tensor of tensors": lambda t: t.tensor([t.tensor(1), t.tensor(2)]),
    "tensor in a dtype": lambda t: (t.tensor([1.7, 0.0], dtype=t.int64), t.tensor([0, 3], dtype=t.bool)),
    "tensor in half": lambda t: (t.tensor([1, 2.5], dtype=t.bfloat16), t.tensor(70000.0, dtype=t.float16)),
    "zeros": lambda t: (t.zeros(2, 3), t.zeros([2, 3], dtype=t.int32), t.zeros(0), t.zeros(())),
    "size by name": lambda t: (t.zeros(size=(2, 3)), t.ones(size=[2], dtype=t.int64), t.zeros(size=())),
    "ones": lambda t: (t.ones(()), t.ones((2, 0)), t.ones(2, dtype=t.bool), t.ones(3, dtype=t.bfloat16)),
    "empty": lambda t: (t.empty(0, 3), t.empty((0,), dtype=t.int8)),
    "full": lambda t: (t.full((2,), 1), t.full((2,), 1.5), t.full((2,), True), t.full((), 3), t.full((0,), 1)),
    "full in a dtype": lambda t: (t.full((2,), 1, dtype=t.float64), t.full((2,), 2.5, dtype=t.int8)),
    "zeros_like": lambda t: (t.zeros_like(t.arange(3)), t.zeros_like(t.ones(2), dtype=t.int32)),
    "ones_like": lambda t: (t.ones_like(t.tensor([True])), t.ones_like(t.ones(2), dtype=t.float16)),
    "full_like": lambda t: (t.full_like(t.ones(2), 3), t.full_like(t.arange(2), 3.7), t.full_like(t.ones(1), True)),
    "empty_like": lambda t: t.empty_like(t.ones(0, 2, dtype=t.int16)),
    "new": lambda t: (
        t.ones(1, dtype=t.float64).new_zeros(2),
        t.arange(2).new_ones((2, 1)),
        t.arange(2).new_full((2,), 3),
        t.arange(2).new_tensor([1.9]),
        t.ones(1).new_empty(0),
    ),
    "arange": lambda t: (t.arange(5), t.arange(1, 6, 2), t.arange(0, 1, 0.25), t.arange(3.0), t.arange(5, 0, -2)),
    "arange in a dtype": lambda t: (t.arange(3, dtype=t.float64), t.arange(1, 2, 0.3, dtype=t.float16)),
    "arange of nothing": lambda t: (t.arange(0), t.arange(3, 3), t.arange(2, 2, -1)),
    "arange of tensors": lambda t: t.arange(t.tensor(1), t.tensor(4)),
    "arange in integers": lambda t: (t.arange(0, 3, 1, dtype=t.int32), t.arange(2.7, dtype=t.int64)),
    "range": lambda t: (t.range(0, 3), t.range(1, 2, 0.5), t.range(3, 1, -1), t.range(1, 4, 2, dtype=t.int64)),
    "linspace": lambda t: (t.linspace(0, 1, 5), t.linspace(1, -1, 1), t.linspace(0, 1, 0), t.linspace(3, 3, 4)),
    "linspace in a dtype": lambda t: (t.linspace(0, 10, 4, dtype=t.float64), t.linspace(0, 9, 4, dtype=t.int64)),
    "logspace": lambda t: (t.logspace(0, 2, 3), t.logspace(-1, 1, 5, 2), t.logspace(0, 1, 1), t.logspace(0, 1, 0)),
    "logspace in a dtype": lambda t: t.logspace(0, 3, 4, 2.0, dtype=t.float64),
    "eye": lambda t: (t.eye(3), t.eye(2, 3), t.eye(0), t.eye(3, 2, dtype=t.int64)),
    "tril_indices": lambda t: (t.tril_indices(3, 3), t.tril_indices(4, 3, -1), t.tril_indices(0, 2)),
    "triu_indices": lambda t: (t.triu_indices(3, 3), t.triu_indices(4, 3, -1), t.triu_indices(2, 4, 1, dtype=t.int32)),
    "as_tensor": lambda t: (t.as_tensor([1, 2]), t.as_tensor(np.arange(3)), t.as_tensor(t.ones(2), dtype=t.int64)),
    "from_numpy": lambda t: t.from_numpy(np.arange(3)),
    "frombuffer": lambda t: t.frombuffer(bytearray(b"abcd"), dtype=t.int16),
    "broadcast_shapes": lambda t: tuple(t.broadcast_shapes((2, 1), (1, 3), 3)),
}  # fmt: skip

REFUSED = {
    "ragged": lambda t: t.tensor([[1], [1, 2]]),
    "text": lambda t: t.tensor("text"),
    "texts": lambda t: t.tensor(["a"]),
    "nothing": lambda t: t.tensor(None),
    "negative size": lambda t: t.zeros(-1),
    "float size": lambda t: t.zeros(1.5),
    "text as size": lambda t: t.ones("2"),
    "arange without steps": lambda t: t.arange(0, 3, 0),
    "arange away": lambda t: t.arange(5, 0),
    "range away": lambda t: t.range(5, 0),
    "range without steps": lambda t: t.range(0, 5, 0),
    "linspace of fewer than nothing": lambda t: t.linspace(0, 1, -1),
    "logspace of fewer than nothing": lambda t: t.logspace(0, 1, -1),
    "negative eye": lambda t: t.eye(-1),
    "negative columns": lambda t: t.eye(2, -1),
    "negative triangle": lambda t: t.tril_indices(-1, 2),
    "full of what does not fit": lambda t: t.full((2,), 300, dtype=t.int8),
    "randint between nothing": lambda t: t.randint(3, 3, (2,)),
    "randint_like between nothing": lambda t: t.randint_like(t.ones(2), 0),
    "list as array": lambda t: t.from_numpy([1]),
    "gradient of integers": lambda t: t.zeros(2, dtype=t.int64, requires_grad=True),
    "unknown device": lambda t: t.zeros(2, device="nowhere"),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_the_same_as_torch(make: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_close(make(T), make(torch), family="factories")


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_refused_as_in_torch(make: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as theirs:
            make(torch)
        with pytest.raises(T.TensorError) as ours:
            make(T)
    assert isinstance(ours.value, type(theirs.value) | RuntimeError)


def test_random_ones_have_the_dtype_and_shape_of_another() -> None:
    for make in (
        lambda t: t.randint_like(t.ones(2, 3), 5),
        lambda t: t.randint_like(t.arange(4), 2, 5),
        lambda t: t.rand_like(t.ones(2, dtype=t.float64)),
        lambda t: t.randn_like(t.ones(2), dtype=t.float16),
    ):
        ours, theirs = make(T), make(torch)
        assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
        assert tuple(ours.shape) == tuple(theirs.shape)
    drawn = T.randint_like(T.ones(1000), 2, 5)
    assert set(drawn.tolist()) == {2, 3, 4}


def test_complex_numbers_are_refused() -> None:
    for data in (1j, [1j], np.ones(2, np.complex64)):
        with pytest.raises(T.DtypeError, match=r"complex|supported types"):
            T.tensor(data)
    with pytest.raises(T.DtypeError):
        T.zeros(2, dtype=np.complex64)


# Sequences of what has a dtype of its own, and one element tensors in them.
SEQUENCES = {
    "float64 scalars": lambda t: [np.float64(1.0)],
    "float64 scalars and floats": lambda t: [2.0, np.float64(1.0)],
    "float32 scalars and floats": lambda t: [np.float32(1.0), 2.0],
    "float16 scalars": lambda t: [np.float16(1.0)],
    "int32 scalars and ints": lambda t: [np.int32(1), 2],
    "float64 arrays": lambda t: [np.ones(2), np.zeros(2)],
    "float32 arrays": lambda t: [np.ones(2, np.float32)],
    "an array and a list": lambda t: (np.ones(2), [1, 2]),
    "float64 tensors": lambda t: [t.tensor(1.0, dtype=t.float64)],
    "int tensors and floats": lambda t: [t.tensor(1), 1.0],
    "tensors of one element": lambda t: [t.tensor([1]), t.tensor([[2]])],
    "nested tensors of one element": lambda t: [[t.tensor([1.5])], [2]],
    "nothing": lambda t: [[], []],
}


@pytest.mark.filterwarnings("ignore:Creating a tensor from a list")
@pytest.mark.parametrize("name", SEQUENCES)
def test_dtypes_and_shapes_of_sequences(name):
    for make in ("tensor", "as_tensor"):
        mine, theirs = (getattr(each, make)(SEQUENCES[name](each)) for each in (T, torch))
        assert str(mine.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
        assert tuple(mine.shape) == tuple(theirs.shape)
        assert mine.tolist() == theirs.tolist()


NUMPY_NUMBERS = {
    "full float64": lambda t: t.full((2,), np.float64(0.5)),
    "full float32": lambda t: t.full((2,), np.float32(0.5)),
    "full int32": lambda t: t.full((2,), np.int32(3)),
    "arange float32": lambda t: t.arange(np.float32(3)),
    "arange int32": lambda t: t.arange(np.int32(3)),
    "scalar_tensor": lambda t: t.scalar_tensor(np.float32(1.5)),
    "added to ints": lambda t: t.zeros(2, dtype=t.int64) + np.float32(1.5),
    "a power": lambda t: t.tensor([2]) ** np.float32(0.5),
    "where": lambda t: t.where(t.tensor([True]), np.float64(1.5), 2),
}


@pytest.mark.parametrize("name", NUMPY_NUMBERS)
def test_dtypes_of_numpys_numbers(name):
    mine, theirs = (NUMPY_NUMBERS[name](each) for each in (T, torch))
    assert str(mine.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
    assert mine.tolist() == pytest.approx(theirs.tolist())
