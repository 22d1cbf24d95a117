"""Maxima, minima and bounds: equals, what is no number, and bounds that do not fit."""

import math

import pytest

import tensor as T


def test_equals_share_the_gradient():
    a, b = (T.tensor([1.0, 2.0, 3.0], requires_grad=True) for _ in range(2))
    (T.maximum(a, b) + T.minimum(a, b)).sum().backward()
    assert a.grad.tolist() == b.grad.tolist() == [1, 1, 1]


def test_what_is_no_number():
    nan, one = T.tensor([math.nan]), T.ones(1)
    for function in (T.maximum, T.minimum, lambda a, b: a.clamp(b), lambda a, b: a.clamp(max=b)):
        assert function(nan, one).isnan().all()
        assert function(one, nan).isnan().all()
    assert T.fmax(nan, one).tolist() == T.fmin(one, nan).tolist() == [1]


def test_clamp_needs_a_bound():
    for clamp in (T.clamp, T.clip, T.Tensor.clamp_):
        with pytest.raises(T.ArgumentError, match="At least one"):
            clamp(T.ones(1))


def test_where_bounds_cross_the_upper_one_wins():
    assert T.tensor([-5.0, 0.0, 5.0]).clamp(1, -1).tolist() == [-1, -1, -1]


def test_bounds_that_integers_cannot_hold():
    small = T.ones(2, dtype=T.int8)
    with pytest.raises(T.ArgumentError, match="without overflow"):
        small.clamp(max=300)
    assert small.clamp(max=0.5).dtype is T.float32
    with pytest.raises(T.DtypeError, match="can't be cast"):
        small.clamp_(max=0.5)
