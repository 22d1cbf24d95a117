"""The trapezoidal rule: of no samples, of small integers, and of what does not fit."""

import pytest

import tensor as T


def test_of_no_samples_or_one():
    for size in (0, 1):
        y = T.ones(2, size)
        assert T.trapezoid(y).tolist() == [0, 0]
        assert T.cumulative_trapezoid(y).shape == (2, 0)


def test_small_integers_do_not_overflow():
    assert T.trapezoid(T.tensor([100, 100, 100], dtype=T.int8)).item() == 200


def test_what_does_not_fit():
    y = T.ones(2, 3)
    for x in (T.ones(2), T.ones(3, 0), T.ones(1, 2, 3)):
        with pytest.raises(T.ShapeError):
            T.trapezoid(y, x)
    with pytest.raises(T.ArgumentError, match="both"):
        T.trapezoid(y, T.ones(3), dx=2.0)
    for integral in (T.trapezoid, T.cumulative_trapezoid):
        with pytest.raises(T.DimensionError, match="no dimensions"):
            integral(T.tensor(1.0))
