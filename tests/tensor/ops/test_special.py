"""The gamma function's family and inverses: exact values and poles."""

import math

import numpy as np

import tensor as T


def test_lgamma():
    x = np.concatenate([np.linspace(-4.87, 30, 351), [1.0, 2.0, 1e10]])
    true = np.array([math.lgamma(each) for each in x])
    np.testing.assert_allclose(T.lgamma(T.tensor(x)).numpy(), true, rtol=1e-13, atol=1e-14)
    assert T.lgamma(T.tensor([0.0, -1.0, math.inf, -math.inf])).tolist() == [math.inf] * 4


def test_digamma():
    x = np.linspace(0.1, 30, 300)
    step = 1e-5
    slopes = np.array([(math.lgamma(each + step) - math.lgamma(each - step)) / (2 * step) for each in x])
    np.testing.assert_allclose(T.digamma(T.tensor(x)).numpy(), slopes, rtol=1e-6)
    np.testing.assert_allclose(T.digamma(T.tensor([1.0], dtype=T.float64)).item(), -0.5772156649015329, rtol=1e-15)
    assert T.digamma(T.tensor([0.0, -0.0])).tolist() == [-math.inf, math.inf]
    assert T.digamma(T.tensor([-1.0, math.nan])).isnan().all()


def test_erfinv_inverts_erf():
    y = np.concatenate([np.linspace(-0.999, 0.999, 999), [1 - 1e-12, 1e-300]])
    x = T.erfinv(T.tensor(y)).numpy()
    np.testing.assert_allclose([math.erf(each) for each in x], y, rtol=1e-15)
    assert T.erfinv(T.tensor([1.0, -1.0])).tolist() == [math.inf, -math.inf]
    assert T.erfinv(T.tensor([1.5, math.nan])).isnan().all()
