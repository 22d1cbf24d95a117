"""R1: a tensor made in INFERENCE is marked, requires no gradient, is a leaf and has no grad_fn."""

import pickle

import numpy as np
import pytest

import tensor as T

OUTSIDE = T.ones(2, 3)

MAKERS = {
    "tensor": lambda: T.tensor([1.0]),
    "as_tensor": lambda: T.as_tensor([1.0]),
    "from_numpy": lambda: T.from_numpy(np.ones(2)),
    "frombuffer": lambda: T.frombuffer(b"12345678", dtype=T.float32),
    "from_dlpack": lambda: T.from_dlpack(np.ones(2)),
    "zeros": lambda: T.zeros(2),
    "ones": lambda: T.ones(2),
    "empty": lambda: T.empty(2),
    "full": lambda: T.full((2,), 1.0),
    "arange": lambda: T.arange(3),
    "linspace": lambda: T.linspace(0, 1, 3),
    "eye": lambda: T.eye(2),
    "rand": lambda: T.rand(2),
    "randn": lambda: T.randn(2),
    "randint": lambda: T.randint(3, (2,)),
    "randperm": lambda: T.randperm(3),
    "normal": lambda: T.normal(0.0, 1.0, (2,)),
    "zeros_like": lambda: T.zeros_like(OUTSIDE),
    "class": lambda: T.Tensor([1.0]),
    "op": lambda: OUTSIDE + 1,
    "view": lambda: OUTSIDE.T,
    "detach": lambda: OUTSIDE.detach(),
    "clone": lambda: OUTSIDE.clone(),
    "to": lambda: OUTSIDE.double(),
    "comparison": lambda: OUTSIDE > 0,
    "argmax": lambda: OUTSIDE.argmax(),
    "max values": lambda: OUTSIDE.max(1).values,
    "max indices": lambda: OUTSIDE.max(1).indices,
    "bernoulli": lambda: T.bernoulli(OUTSIDE),
    "unpickle": lambda: pickle.loads(pickle.dumps(OUTSIDE)),
    "parameter used": lambda: T.ones(2, 3) * OUTSIDE,
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_is_marked(make):
    with T.inference_mode():
        made = make()
    assert made.is_inference()
    assert T.is_inference(made)
    assert made.requires_grad is False
    assert made.is_leaf
    assert made.grad_fn is None


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_is_not_marked_outside(make):
    assert not make().is_inference()


def test_no_gradients_inside():
    weight = T.ones(3, requires_grad=True)
    with T.inference_mode():
        assert not T.is_grad_enabled()
        assert T.is_inference_mode_enabled()
        result = (weight * 2).sum()
    assert result.is_inference()
    assert not result.requires_grad
    assert not weight.is_inference()
    assert weight.requires_grad


def test_operand_made_outside_stays_unmarked():
    with T.inference_mode():
        OUTSIDE + 1
    assert not OUTSIDE.is_inference()


def test_conversions_that_change_nothing_return_the_tensor_itself():
    with T.inference_mode():
        assert OUTSIDE.to(T.float32) is OUTSIDE
        assert OUTSIDE.contiguous() is OUTSIDE
