"""Softmax and its kin: infinities, the usual dimension, and random draws."""

import math

import pytest

import tensor as T
import tensor.nn.functional as F


def test_large_and_infinite_logits():
    logits = T.tensor([[-math.inf, 0.0, 1.0], [1000.0, -1000.0, 1000.0]])
    assert logits.softmax(1)[1].tolist() == [0.5, 0, 0.5]
    assert logits.softmax(1)[0, 0].item() == 0
    assert logits.logsumexp(1)[1].item() == pytest.approx(1000 + math.log(2))
    assert T.logsumexp(T.full((2,), -math.inf), 0).item() == -math.inf
    assert T.logsumexp(T.tensor([math.inf, 0.0]), 0).item() == math.inf
    assert T.logsumexp(T.zeros(0, 3), 0).tolist() == [-math.inf] * 3


@pytest.mark.parametrize("function", [F.softmax, F.log_softmax, F.softmin])
def test_leaving_the_dimension_out_is_deprecated(function):
    for shape, dim in (((3,), 0), ((2, 3), 1), ((2, 3, 4), 0), ((2, 2, 2, 2), 1)):
        x = T.randn(*shape)
        with pytest.warns(UserWarning, match=f"Implicit dimension choice for {function.__name__}"):
            implicit = function(x)
        assert implicit.equal(function(x, dim))


def test_a_dimension_that_there_is_not():
    for function in (T.softmax, T.log_softmax, T.logsumexp):
        with pytest.raises(T.DimensionError):
            function(T.ones(2), 1)
        with pytest.raises(T.DimensionError):
            function(T.tensor(1.0), 2)


def test_integers_need_a_dtype():
    with pytest.raises(T.DtypeError, match="expected floats"):
        T.softmax(T.tensor([1, 2]), 0)
    assert T.softmax(T.tensor([1, 1]), 0, dtype=T.float32).tolist() == [0.5, 0.5]


def test_gumbel_softmax_draws_in_proportion():
    T.manual_seed(0)
    logits = T.tensor([0.7, 0.2, 0.1]).log().expand(2000, 3).clone().requires_grad_()
    drawn = F.gumbel_softmax(logits, hard=True)
    assert set(drawn.detach().flatten().tolist()) <= {0.0, 1.0, 1 - 2**-24, 1 + 2**-23}
    assert drawn.mean(0)[0].item() == pytest.approx(0.7, abs=0.05)
    (drawn * T.arange(3.0)).sum().backward()
    assert logits.grad.abs().sum().item() > 0
    assert F.gumbel_softmax(logits, tau=0.5).sum(1).detach().numpy() == pytest.approx(1, abs=1e-6)
