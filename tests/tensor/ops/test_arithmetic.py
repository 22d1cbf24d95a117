"""Arithmetic: what it refuses, and in which words."""

import pytest

import tensor as T

ONES, INTEGERS, BOOLEANS = T.ones(2), T.tensor([1, 2]), T.tensor([True, False])


@pytest.mark.parametrize("function", [T.add, T.sub, T.rsub])
def test_a_fraction_of_integers_is_no_integer(function):
    with pytest.raises(T.ArgumentError, match="alpha must not be a floating point number"):
        function(INTEGERS, INTEGERS, alpha=0.5)
    with pytest.raises(T.ArgumentError, match="Boolean alpha"):
        function(INTEGERS, INTEGERS, alpha=True)
    assert function(INTEGERS, ONES, alpha=0.5).dtype is T.float32


def test_booleans_are_no_numbers():
    for subtract in (lambda: BOOLEANS - BOOLEANS, lambda: BOOLEANS - 1, lambda: 1 - BOOLEANS):
        with pytest.raises(T.DtypeError, match="logical_not"):
            subtract()
    with pytest.raises(T.DtypeError, match="logical_not"):
        -BOOLEANS
    with pytest.raises(T.DtypeError, match="bool tensor"):
        +BOOLEANS


def test_positive_is_the_tensor_itself():
    assert +ONES is ONES


def test_lerp_takes_one_dtype():
    with pytest.raises(T.DtypeError, match="for `end`"):
        T.lerp(ONES, ONES.double(), 0.5)
    with pytest.raises(T.DtypeError, match="for `weight`"):
        T.lerp(ONES, ONES, ONES.double())
    with pytest.raises(T.DtypeError, match="expected floats"):
        T.lerp(INTEGERS, INTEGERS, 0.5)
    assert T.lerp(ONES, ONES * 3, T.tensor(0.5, dtype=T.float64)).tolist() == [2, 2]


def test_lerp_meets_both_ends():
    ends = T.tensor([0.1, 1e8]), T.tensor([0.7, 0.3])
    assert T.lerp(*ends, 1).tolist() == ends[1].tolist()
    assert T.lerp(*ends, 0).tolist() == ends[0].tolist()


def test_integers_are_not_divided_by_addcdiv():
    with pytest.raises(T.DtypeError, match="addcdiv"):
        T.addcdiv(INTEGERS, INTEGERS, INTEGERS)


def test_numbers_that_must_be_numbers():
    with pytest.raises(T.DtypeError, match="expected a Python number as value"):
        T.addcmul(ONES, ONES, ONES, value=T.tensor(2.0))


def test_scalars_before_the_tensors_they_scale_get_a_warning():
    for call in (
        lambda: ONES.add(2, ONES),
        lambda: T.add(ONES, 2, ONES),
        lambda: ONES.clone().add_(2, ONES),
        lambda: T.addcmul(ONES, 2, ONES, ONES),
    ):
        with pytest.warns(UserWarning, match="This overload of add.* is deprecated") as caught:
            assert call().tolist() == (ONES * 3).tolist()
        assert [each.filename for each in caught] == [__file__]
    for refused in (
        lambda: ONES.add(ONES, 2),
        lambda: T.add(ONES, 2, 3),
        lambda: T.add(ONES, 2, ONES, alpha=3),
        lambda: ONES.addcmul(ONES, ONES, 2),
        lambda: T.addmm(ONES, 2, 3, ONES, ONES, ONES),
        lambda: T.addcmul(ONES, 2, ONES, ONES, value=3),
    ):
        with pytest.raises(TypeError):
            refused()
