"""Rectifiers: arguments that mean nothing, and random slopes."""

import numpy as np
import pytest

import tensor as T
import tensor.nn.functional as F

X = T.tensor([[-1.0, 2.0], [3.0, -4.0]])


@pytest.mark.parametrize(
    ("compute", "error", "words"),
    [
        (lambda: T.relu(X > 0), T.DtypeError, "Boolean inputs not supported"),
        (lambda: F.hardtanh(X, 2, 1), T.ArgumentError, "min_val cannot be greater"),
        (lambda: F.hardtanh(X.to(T.uint8)), T.ArgumentError, "unsigned"),
        (lambda: F.softshrink(X, -1), T.ArgumentError, "lambda must be"),
        (lambda: F.rrelu(X, 0.5, 0.1), T.ArgumentError, "Lower bound"),
        (lambda: F.celu(X, 0), T.ArgumentError, "alpha cannot be 0"),
        (lambda: F.elu(X.long()), T.DtypeError, "expected floats"),
        (lambda: F.prelu(X, T.ones(3)), T.ShapeError, "parameter numbers = 3 and channel size = 2"),
        (lambda: F.prelu(X, T.ones(1, 1)), T.ShapeError, "scalar or 1D"),
        (lambda: F.prelu(X, T.ones(2, dtype=T.float64)), T.DtypeError, "Type promoting"),
    ],
)
def test_refusals(compute, error, words):
    with pytest.raises(error, match=words):
        compute()


def test_random_slopes_lie_between_their_bounds_and_have_gradients():
    x = T.full((1000,), -1.0, requires_grad=True)
    out = F.rrelu(x, 0.1, 0.3, training=True)
    out.sum().backward()
    slopes = -out.detach().numpy()
    assert 0.1 <= slopes.min() < 0.12
    assert 0.28 < slopes.max() <= 0.3
    np.testing.assert_array_equal(x.grad.numpy(), slopes)


def test_a_slope_of_zero_lets_infinity_through():
    assert F.leaky_relu(T.tensor([float("inf"), -1.0]), 0).tolist() == [float("inf"), 0]
