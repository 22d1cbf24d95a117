"""Memory shared with torch, and what NumPy makes of the tensors of both libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tensor as T  # noqa: E402

pytestmark = pytest.mark.oracle

DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_dlpack_both_ways(dtype):
    ours = T.arange(2).to(getattr(T, dtype))
    theirs = torch.from_dlpack(ours)
    assert theirs.dtype is getattr(torch, dtype)
    assert theirs.tolist() == ours.tolist()
    assert theirs.data_ptr() == ours.data_ptr()
    back = T.from_dlpack(theirs)
    assert back.dtype is getattr(T, dtype)
    assert back.data_ptr() == ours.data_ptr()
    theirs[0] = 1
    assert ours.tolist() == back.tolist() == theirs.tolist()


@pytest.mark.parametrize(
    "view", [lambda t: t[::2], lambda t: t.T, lambda t: t[1:1], lambda t: t[0, 0], lambda t: t.unsqueeze(1)]
)
def test_dlpack_of_views(view):
    ours = T.arange(6, dtype=T.float32).reshape(2, 3)
    theirs = torch.from_dlpack(view(ours))
    assert theirs.tolist() == view(ours).tolist()
    assert T.from_dlpack(view(torch.arange(6).reshape(2, 3))).tolist() == theirs.tolist()


def test_dlpack_outlives_its_source():
    theirs = torch.from_dlpack(T.full((1000,), 3.0))
    ours = T.from_dlpack(torch.full((1000,), 4.0))
    assert theirs.sum() == 3000
    assert ours.sum().item() == 4000


def test_dlpack_capsules():
    assert torch.from_dlpack(T.ones(2).__dlpack__()).tolist() == [1, 1]
    assert T.from_dlpack(torch.ones(2).__dlpack__()).tolist() == [1, 1]
    assert T.from_dlpack(torch.utils.dlpack.to_dlpack(torch.ones(2))).tolist() == [1, 1]


def test_dlpack_copies():
    theirs = torch.ones(2)
    copied = T.from_dlpack(theirs, copy=True)
    copied.add_(1)
    assert theirs.tolist() == [1, 1]


def test_dlpack_refuses_what_requires_a_gradient():
    with pytest.raises(BufferError):
        T.from_dlpack(torch.ones(2, requires_grad=True))
    with pytest.raises(BufferError):
        torch.from_dlpack(T.ones(2, requires_grad=True))
    trained = T.from_dlpack(torch.ones(2)).requires_grad_()
    (trained * 2).sum().backward()
    assert trained.grad.tolist() == [2, 2]


def test_marked_memory_that_torch_holds_is_marked_on_the_way_back():
    """It is exported as read-only, which torch does not heed."""
    with T.inference_mode():
        marked = T.ones(2)
    theirs = torch.from_dlpack(marked)
    assert T.from_dlpack(theirs).is_inference()
    assert T.from_numpy(theirs.numpy()).is_inference()


def test_arrays_both_ways():
    array = np.arange(3.0)
    ours, theirs = T.from_numpy(array), torch.from_numpy(array)
    ours[0] = 5.0
    assert theirs[0] == 5
    assert torch.from_numpy(ours.numpy()).data_ptr() == ours.data_ptr()
    assert torch.as_tensor(np.asarray(ours)).tolist() == ours.tolist()
    assert T.as_tensor(np.asarray(theirs)).tolist() == ours.tolist()


def test_models_exchange_their_parameters():
    theirs = torch.nn.Linear(3, 2)
    ours = T.nn.Linear(3, 2)
    ours.load_state_dict({name: T.from_dlpack(each.detach()) for name, each in theirs.state_dict().items()})
    x = np.ones((1, 3), np.float32)
    np.testing.assert_allclose(ours(T.from_numpy(x)).detach(), theirs(torch.from_numpy(x)).detach(), rtol=1e-6)


UFUNCS = {
    "exp": lambda t: np.exp(t),
    "add": lambda t: np.add(np.ones(2), t),
    "abs": lambda t: np.abs(t),
    "matmul": lambda t: np.matmul(t.reshape(1, 2), t.reshape(2, 1)),
    "modf": lambda t: np.modf(t)[0],
    "reduce": lambda t: np.add.reduce(t),
    "number * tensor": lambda t: np.float64(2) * t,
    "tensor * number": lambda t: t * np.float64(2),
    "tensor + array": lambda t: t + np.ones(2),
    "array == tensor": lambda t: np.ones(2) == t,
}


@pytest.mark.parametrize("use", UFUNCS.values(), ids=UFUNCS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's side of NumPy's protocols
def test_ufuncs_give_tensors(use):
    results = [use(t.tensor([1.5, 2.0])) for t in (T, torch)]
    assert [type(each) for each in results] == [T.Tensor, torch.Tensor]
    ours, theirs = results
    assert str(ours.dtype).removeprefix("tensor.") == str(theirs.dtype).removeprefix("torch.")
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


ARRAYS = {
    "concatenate": lambda t: np.concatenate([t, t]),
    "stack": lambda t: np.stack([t, t]),
    "where": lambda t: np.where(t > 2, t, t),
    "dot": lambda t: np.dot(t, t),
    "sort": lambda t: np.sort(t),
    "unique": lambda t: np.unique(t),
    "norm": lambda t: np.linalg.norm(t),
    "array_equal": lambda t: np.array_equal(t, t),
    "shape": lambda t: tuple(np.shape(t)),
    "asarray": lambda t: np.asarray(t),
    "asarray of another dtype": lambda t: np.asarray(t, dtype=np.int16),
    "array of tensors": lambda t: np.array([t[0], t[1]]),
}


@pytest.mark.parametrize("use", ARRAYS.values(), ids=ARRAYS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_other_functions_give_arrays(use):
    ours, theirs = [use(t.tensor([1.5, 3.0])) for t in (T, torch)]
    assert type(ours) is type(theirs)
    assert np.array_equal(ours, theirs)


def python_values(t: Any) -> list[Any]:
    import math

    return [
        int(t.tensor(2.9)), float(t.tensor([1.5])), complex(t.tensor(1.5)), math.sqrt(t.tensor(4.0)),
        list(range(t.tensor(3))), [1, 2][t.tensor(True)], 1 in t.ones(2), bool(t.tensor([0.0])),
        t.tensor([[1, 2]]).tolist(), t.tensor(1.5, dtype=t.float16).item(), f"{t.tensor(1.5)}", len(t.ones(3, 2)),
        [each.item() for each in reversed(t.arange(3))], t.tensor([1.0, 5.0]) in t.ones(2, 2),
    ]  # fmt: skip


def test_python_values():
    ours, theirs = python_values(T), python_values(torch)
    assert ours == theirs
    assert [type(each) for each in ours] == [type(each) for each in theirs]
