"""Comparisons: with what is no number, of what is nearly equal, and in place."""

import math

import pytest

import tensor as T

ONES = T.ones(2)


def test_what_is_no_number_is_pythons_business():
    assert (ONES == "one") is False
    assert (ONES != None) is True  # noqa: E711
    assert T.eq(ONES, None) is NotImplemented
    with pytest.raises(T.DtypeError):
        ONES.lt("one")


def test_closeness():
    assert T.isclose(T.tensor([1.0, math.inf]), T.tensor([1.0 + 1e-6, math.inf])).tolist() == [True, True]
    assert T.isclose(T.tensor([math.nan]), T.tensor([math.nan]), equal_nan=True).item()
    assert not T.allclose(T.tensor([math.nan]), T.tensor([math.nan]))
    with pytest.raises(T.ArgumentError, match="rtol must be"):
        T.isclose(ONES, ONES, rtol=-1)
    with pytest.raises(T.DtypeError, match="did not match"):
        T.isclose(ONES, ONES.double())


def test_equality_of_tensors():
    assert ONES.equal(T.tensor([1, 1]))
    assert not ONES.equal(T.ones(1))


def test_in_place_comparisons_keep_the_dtype():
    assert T.tensor([1.0, 2.0]).gt_(1).tolist() == [0, 1]
    assert T.tensor([1, 2]).eq_(2).dtype is T.int64
