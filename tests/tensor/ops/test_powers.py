"""Powers: of integers, at zero, and the shortcuts for usual exponents."""

import numpy as np
import pytest

import tensor as T


def test_negative_powers_of_integers():
    with pytest.raises(T.ArgumentError, match="negative integer powers"):
        T.tensor([1, 2]) ** -1
    whole = T.tensor([1, 2, -1, -1, 0, 3]) ** T.tensor([-1, -2, -3, -2, -1, 2])
    assert whole.tolist() == [1, 0, -1, 1, 0, 9]
    assert (T.tensor([1, 2]) ** -1.0).tolist() == [1, 0.5]


def test_powers_of_booleans():
    booleans = T.tensor([True, False])
    assert (booleans**2).dtype is T.int64
    assert (booleans**True).dtype is T.bool
    assert T.pow(booleans, T.tensor([False, False])).tolist() == [True, True]


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 0.5, -0.5, -1, -2, -3, 1.7])
def test_shortcuts_are_powers(exponent):
    values = np.linspace(0.1, 5, 7)
    np.testing.assert_allclose((T.tensor(values) ** exponent).numpy(), values**exponent, rtol=1e-15)


def test_gradients_at_zero():
    x = T.zeros(1, requires_grad=True)
    ((x**2).sum() + (x**1).sum() + (x**0).sum()).backward()
    assert x.grad.tolist() == [1]
    exponent = T.tensor([0.0, 2.0], requires_grad=True)
    (T.zeros(2) ** exponent).sum().backward()
    assert exponent.grad.tolist() == [0, 0]


def test_float_power_in_place_is_for_float64():
    with pytest.raises(T.DtypeError, match="float_power_"):
        T.ones(2).float_power_(2)
