"""Division: zero, and integers."""

import math

import pytest

import tensor as T

SEVENS = T.tensor([7, -7])


@pytest.mark.parametrize(
    "divide",
    [
        lambda a, b: a // b,
        lambda a, b: a % b,
        lambda a, b: T.fmod(a, b),
        lambda a, b: T.div(a, b, rounding_mode="trunc"),
        lambda a, b: a.clone().floor_divide_(b),
    ],
)
def test_integers_are_not_divided_by_zero(divide):
    for zero in (0, T.tensor([1, 0])):
        with pytest.raises(T.ArgumentError, match="ZeroDivisionError"):
            divide(SEVENS, zero)
    divide(SEVENS.double(), 0.0)  # gives inf or nan


def test_signs_of_quotients_and_remainders():
    assert (SEVENS // 2).tolist() == [3, -4]
    assert (SEVENS % 2).tolist() == [1, 1]
    assert T.fmod(SEVENS, 2).tolist() == [1, -1]
    assert T.div(SEVENS, 2, rounding_mode="trunc").tolist() == [3, -3]
    assert (SEVENS / 2).tolist() == [3.5, -3.5]
    assert T.div(T.tensor([2**62 + 1]), 3, rounding_mode="trunc").tolist() == [(2**62 + 1) // 3]


def test_divisions_by_zero_and_infinity_of_floats():
    quotients = (T.tensor([1.0, -1.0, 0.0]) / 0.0).tolist()
    assert quotients[:2] == [math.inf, -math.inf]
    assert math.isnan(quotients[2])
    assert math.isnan(T.fmod(T.tensor(5.0), 0).item())


def test_a_rounding_mode_that_there_is_not():
    with pytest.raises(T.ArgumentError, match="found 'up'"):
        T.div(SEVENS, 2, rounding_mode="up")
    with pytest.raises(T.ArgumentError, match="found 'up'"):
        SEVENS.double().div_(2, rounding_mode="up")


def test_common_divisors_and_multiples():
    a, b = T.tensor([0, -4, 6]), T.tensor([0, 6, -128])
    assert T.gcd(a, b).tolist() == [0, 2, 2]
    assert T.lcm(a, b).tolist() == [0, 12, 384]
    with pytest.raises(T.DtypeError):
        T.gcd(T.ones(1), T.ones(1))
