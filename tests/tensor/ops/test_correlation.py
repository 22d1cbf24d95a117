"""Covariances: weights that mean nothing, and variables that do not vary."""

import pytest

import tensor as T

X = T.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])


def test_weights_that_mean_nothing():
    for weights in (T.tensor([1, 1]), T.ones(1, 3, dtype=T.int64)):
        with pytest.raises(T.ShapeError, match="fweights"):
            X.cov(fweights=weights)
    for weights in (T.tensor([1, -1, 1]), T.tensor([0, 0, 0]), T.ones(3)):
        with pytest.raises(T.ArgumentError, match="fweights"):
            X.cov(fweights=weights)
    with pytest.raises(T.DtypeError, match="floats"):
        X.cov(aweights=T.tensor([1, 1, 1]))
    for function in (T.cov, T.corrcoef):
        with pytest.raises(T.ShapeError, match="two or fewer"):
            function(T.ones(1, 2, 3))


def test_counted_observations_are_repeated_ones():
    repeated = T.cat([X, X[:, 2:], X[:, 2:]], 1)
    assert X.cov(fweights=T.tensor([1, 1, 3])).allclose(repeated.cov())


def test_what_does_not_vary_has_no_correlation():
    assert T.ones(2, 3).corrcoef().isnan().all()
    assert X.corrcoef().allclose(T.tensor([[1.0, -1.0], [-1.0, 1.0]]))
