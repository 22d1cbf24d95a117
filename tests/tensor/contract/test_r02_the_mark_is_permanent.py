"""R2: the mark is permanent and a taint, in every mode."""

import contextlib
import copy

import numpy as np
import pytest

import tensor as T
from tensor import marks

MODES = {"grad": contextlib.nullcontext, "no_grad": T.no_grad, "inference": T.inference_mode}


@pytest.fixture
def marked():
    with T.inference_mode():
        return T.arange(6, dtype=T.float32).reshape(2, 3)


OPS = {
    "add": lambda t: t + 1,
    "radd": lambda t: 1 + t,
    "with unmarked": lambda t: T.ones(2, 3) * t,
    "with array": lambda t: t * np.ones(3, np.float32),
    "array first": lambda t: np.ones(3, np.float32) * t,
    "clone": lambda t: t.clone(),
    "detach": lambda t: t.detach(),
    "data": lambda t: t.data,
    "to": lambda t: t.to(T.float64),
    "same dtype": lambda t: t.to(T.float32),
    "long": lambda t: t.long(),
    "view": lambda t: t.view(-1),
    "transpose": lambda t: t.T,
    "getitem": lambda t: t[0],
    "mask": lambda t: t[t > 1],
    "index of unmarked": lambda t: T.ones(6)[t.long()],
    "iter": lambda t: next(iter(t)),
    "split": lambda t: t.split(1)[1],
    "cat": lambda t: T.cat([T.zeros(1, 3), t]),
    "stack": lambda t: T.stack([T.zeros(2, 3), t]),
    "where": lambda t: T.where(t > 1, 0.0, 1.0),
    "matmul": lambda t: T.ones(4, 2) @ t,
    "sum": lambda t: t.sum(),
    "max": lambda t: t.max(0)[0],
    "max indices": lambda t: t.max(0)[1],
    "argsort": lambda t: t.argsort(),
    "compare": lambda t: t == 1,
    "isnan": lambda t: t.isnan(),
    "tensor": lambda t: T.tensor(t),
    "class": lambda t: T.Tensor(t),
    "class of list": lambda t: T.Tensor([t[0], t[1]]),
    "full": lambda t: T.full((2,), t.sum()),
    "tensor of list": lambda t: T.tensor([t.sum(), 1.0]),
    "as_tensor": lambda t: T.as_tensor(t),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "to device": lambda t: t.to("cpu"),
}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
@pytest.mark.parametrize("compute", OPS.values(), ids=OPS)
def test_taints(marked, compute, mode):
    with mode():
        result = compute(marked)
    assert result.is_inference()
    assert not result.requires_grad


def test_every_operation_that_makes_several_results_taints_each(marked):
    for result in (*marked.topk(1), *marked.sort(), *marked.unbind()):
        assert result.is_inference()


def test_origin_is_kept_and_combined():
    with T.inference_mode():
        with marks.origin(job="j", shard=1, replica="a"):
            first = T.ones(2)
        with marks.origin(job="j", shard=2, replica="a"):
            second = first * 2
    assert first.origin == T.Origin(job="j", shard=1, replica="a")
    assert second.origin == T.Origin(job="j", shard=2, replica="a")
    assert (first + 1).origin == first.origin
    assert first[0].origin == first.origin
    assert copy.deepcopy(first).origin == first.origin
    assert copy.copy(first).origin == first.origin
    assert (first + second).origin == T.Origin(job="j", shard=None, replica="a")
    assert (first + T.ones(2)).origin == first.origin


def test_unmarked_tensors_have_no_origin():
    with marks.origin(job="j"):
        assert T.ones(1).origin is None


def test_origins_nest():
    with marks.origin(job="j"), marks.origin(shard=3) as origin:
        assert origin == T.Origin(job="j", shard=3)
    assert marks.CURRENT.get() is None
