"""R1, R2 and R6: a shallow copy is a tensor over the same memory, which the contract and autograd know about."""

import copy

import pytest

import tensor as T
from tensor import marks


def test_made_inside_it_is_marked():
    weight = T.ones(2, requires_grad=True)
    for source in (weight, T.ones(2), T.nn.Parameter(T.ones(2)), weight * 2):
        with T.inference_mode():
            made = copy.copy(source)
        assert made.is_inference()
        assert not made.requires_grad
        assert made.is_leaf
        assert not source.is_inference()


def test_writes_to_a_copy_reach_the_history():
    w = T.ones(2, requires_grad=True)
    y = w * 2
    copy.copy(y).mul_(5)
    y.sum().backward()
    assert y.tolist() == [10, 10]
    assert w.grad.tolist() == [10, 10]


def test_recorded_writes_to_a_copy_of_a_constant():
    x, w = T.ones(2), T.full((2,), 3.0, requires_grad=True)
    copy.copy(x).mul_(w)
    x.sum().backward()
    assert w.grad.tolist() == [1, 1]


def test_a_copy_of_a_leaf_is_a_leaf_over_the_same_memory():
    weight = T.nn.Parameter(T.ones(2))
    made = copy.copy(weight)
    assert isinstance(made, T.nn.Parameter)
    assert made.requires_grad
    assert made.is_leaf
    loss = (weight * weight).sum()
    with T.no_grad():
        made.add_(1)
    assert weight.tolist() == [2, 2]
    with pytest.raises(T.GradientError, match="modified by an inplace operation"):
        loss.backward()


def test_the_mark_and_its_origin_stay():
    with T.inference_mode(), marks.origin(job="j"):
        marked = T.ones(2)
    made = copy.copy(marked)
    assert made.is_inference()
    assert made.origin == marked.origin
