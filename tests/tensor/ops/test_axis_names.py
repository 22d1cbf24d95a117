"""`axis` and `keepdims`, NumPy's names for `dim` and `keepdim`, which PyTorch's functions know too."""

import pytest

import tensor as T

X = T.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]])


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "var", "std", "amax", "amin", "argmax", "argmin", "norm"])
def test_reductions(name):
    for function in (getattr(T, name), getattr(T.Tensor, name)):
        assert T.equal(function(X, axis=1, keepdims=True), function(X, dim=1, keepdim=True))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "cumsum", "argsort", "logsumexp", "unsqueeze"])
def test_others(name):
    assert T.equal(getattr(T, name)(X, axis=1), getattr(T, name)(X, dim=1))


def test_results_of_several_parts():
    assert T.equal(X.max(axis=0).values, X.max(0).values)
    assert T.equal(X.sort(axis=0).values, X.sort(0).values)
    assert T.cat([X, X], axis=1).shape == (2, 6)
    assert T.stack([X, X], axis=1).shape == (2, 2, 3)


def test_both_names_are_one_too_many():
    with pytest.raises(TypeError, match="dim and axis"):
        X.sum(dim=0, axis=1)
