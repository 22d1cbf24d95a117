"""Distributions against torch: densities, entropies, divergences, and the gradients of parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tensor as T

torch = pytest.importorskip("torch")

from tests.oracle.comparing import assert_close  # noqa: E402 - it needs torch

pytestmark = pytest.mark.oracle

TOLERANCE = 20.0  # derivatives of digamma are that far apart

RANDOM = np.random.default_rng(7)
REALS = RANDOM.normal(size=(3, 4))
POSITIVE = RANDOM.uniform(0.5, 2, size=(3, 4))
UNIT = RANDOM.uniform(0.1, 0.9, size=(3, 4))
MATRIX = RANDOM.normal(size=(4, 4)) * 0.3
COVARIANCE = MATRIX @ MATRIX.T + np.eye(4)
FACTOR = np.linalg.cholesky(COVARIANCE)

MIXED = RANDOM.uniform(0.1, 1, size=(3, 4))
SIMPLEX = MIXED / MIXED.sum(-1, keepdims=True)

# How to make a distribution of parameters, these, and values of it.
CASES: dict[str, tuple[Any, tuple[np.ndarray, ...], Any]] = {
    "Normal": (lambda d, a, b: d.Normal(a, b), (REALS, POSITIVE), REALS[::-1].copy()),
    "Uniform": (lambda d, a, b: d.Uniform(a, a + b), (REALS, POSITIVE), REALS + 0.1),
    "Exponential": (lambda d, a: d.Exponential(a), (POSITIVE,), POSITIVE),
    "Laplace": (lambda d, a, b: d.Laplace(a, b), (REALS, POSITIVE), REALS[::-1].copy()),
    "Bernoulli probs": (lambda d, a: d.Bernoulli(a), (UNIT,), (UNIT > 0.5).astype(float)),
    "Bernoulli logits": (lambda d, a: d.Bernoulli(logits=a), (REALS,), (UNIT > 0.5).astype(float)),
    "Categorical probs": (lambda d, a: d.Categorical(a), (POSITIVE,), np.array([0, 3, 1])),
    "Categorical logits": (lambda d, a: d.Categorical(logits=a), (REALS,), np.array([[0, 3, 1], [2, 2, 2]])),
    "OneHotCategorical": (lambda d, a: d.OneHotCategorical(logits=a), (REALS,), np.eye(4)[[0, 3, 1]]),
    "Independent": (lambda d, a, b: d.Independent(d.Normal(a, b), 1), (REALS, POSITIVE), REALS[::-1].copy()),
    "Gamma": (lambda d, a, b: d.Gamma(a, b), (POSITIVE, POSITIVE[::-1].copy()), POSITIVE),
    "Beta": (lambda d, a, b: d.Beta(a, b), (POSITIVE, POSITIVE[::-1].copy()), UNIT),
    "Dirichlet": (lambda d, a: d.Dirichlet(a), (POSITIVE + 0.5,), SIMPLEX),
    "Poisson": (lambda d, a: d.Poisson(a), (POSITIVE,), np.floor(POSITIVE * 3)),
    "Gumbel": (lambda d, a, b: d.Gumbel(a, b), (REALS, POSITIVE), REALS[::-1].copy()),
    "LogNormal": (lambda d, a, b: d.LogNormal(a, b), (REALS, POSITIVE), POSITIVE),
    "MixtureSameFamily": (
        lambda d, a, b, c: d.MixtureSameFamily(d.Categorical(logits=a), d.Normal(b, c)),
        (REALS, REALS[::-1].copy(), POSITIVE),
        REALS[:, 0].copy(),
    ),
    "squashed": (
        lambda d, a, b: d.TransformedDistribution(
            d.Independent(d.Normal(a, b), 1), [d.transforms.AffineTransform(0.1, -0.5), d.transforms.TanhTransform()]
        ),
        (REALS, POSITIVE),
        UNIT - 0.5,
    ),
    "Cauchy": (lambda d, a, b: d.Cauchy(a, b), (REALS, POSITIVE), REALS[::-1].copy()),
    "HalfNormal": (lambda d, a: d.HalfNormal(a), (POSITIVE,), POSITIVE[::-1].copy()),
    "Geometric": (lambda d, a: d.Geometric(a), (UNIT,), np.floor(POSITIVE * 3)),
    "Geometric logits": (lambda d, a: d.Geometric(logits=a), (REALS,), np.floor(POSITIVE * 3)),
    "Binomial": (lambda d, a: d.Binomial(5, a), (UNIT,), np.floor(POSITIVE * 2)),
    "Binomial logits": (lambda d, a: d.Binomial(5, logits=a), (REALS,), np.floor(POSITIVE * 2)),
    "Multinomial": (
        lambda d, a: d.Multinomial(4, a),
        (POSITIVE,),
        np.array([[4.0, 0, 0, 0], [1, 1, 1, 1], [0, 3, 0, 1]]),
    ),
    "OneHotCategoricalStraightThrough": (
        lambda d, a: d.OneHotCategoricalStraightThrough(a),
        (POSITIVE,),
        np.eye(4)[[0, 3, 1]],
    ),
    "RelaxedOneHotCategorical": (
        lambda d, a, b: d.RelaxedOneHotCategorical(a, logits=b),
        (np.array(0.7), REALS),
        SIMPLEX,
    ),
    "RelaxedBernoulli": (lambda d, a, b: d.RelaxedBernoulli(a, b), (np.array(0.7), UNIT), UNIT[::-1].copy()),
    "StudentT": (lambda d, a, b, c: d.StudentT(a + 1, b, c), (POSITIVE, REALS, POSITIVE[::-1].copy()), REALS + 0.3),
    "NegativeBinomial": (
        lambda d, a, b: d.NegativeBinomial(a, logits=b),
        (POSITIVE, REALS),
        np.floor(POSITIVE * 3),
    ),
    "MultivariateNormal": (lambda d, a, b: d.MultivariateNormal(a, b @ b.mT), (REALS, FACTOR), REALS[::-1].copy()),
    "MultivariateNormal of a factor": (
        lambda d, a, b: d.MultivariateNormal(a, scale_tril=b.tril()),
        (REALS, FACTOR),
        REALS[::-1].copy(),
    ),
    "MultivariateNormal of a precision": (
        lambda d, a, b: d.MultivariateNormal(a, precision_matrix=b @ b.mT),
        (REALS, FACTOR),
        REALS[::-1].copy(),
    ),
}


def _both(make: Any, arrays: Any) -> tuple[Any, Any, list[Any], list[Any]]:
    mine = [T.tensor(each, requires_grad=True) for each in arrays]
    theirs = [torch.tensor(each, requires_grad=True) for each in arrays]
    return make(T.distributions, *mine), make(torch.distributions, *theirs), mine, theirs


def _compare(compute: Any, case: str) -> None:
    make, arrays, _ = CASES[case]
    ours, yours, mine, theirs = _both(make, arrays)
    a, b = compute(T, ours), compute(torch, yours)
    assert_close(a, b, family="distributions", tolerance=TOLERANCE)
    if b.requires_grad:
        a.sum().backward()
        b.sum().backward()
        assert_close(
            [each.grad for each in mine], [each.grad for each in theirs], family="distributions", tolerance=TOLERANCE
        )


@pytest.mark.parametrize("case", CASES)
def test_log_probabilities(case: str) -> None:
    values = CASES[case][2]
    _compare(lambda t, d: d.log_prob(t.tensor(values)), case)


RELAXED = {"RelaxedOneHotCategorical", "RelaxedBernoulli"}
# PyTorch computes a part of a multinomial's entropy in float32.
WITHOUT_ENTROPY = {"NegativeBinomial", "MixtureSameFamily", "squashed", "Poisson", "Multinomial", *RELAXED}
WITHOUT_DIVERGENCE = {
    "StudentT",
    "NegativeBinomial",
    "MixtureSameFamily",
    "squashed",
    "LogNormal",
    "Gumbel",
    "Multinomial",
    *RELAXED,
}
# PyTorch's samples of these are differentiable, ours are not.
WITHOUT_RSAMPLE = {"StudentT", "Gamma", "Beta", "Dirichlet"}


@pytest.mark.parametrize("case", sorted(set(CASES) - WITHOUT_ENTROPY))
def test_entropies(case: str) -> None:
    _compare(lambda t, d: d.entropy(), case)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("what", ["mean", "variance", "stddev", "mode"])
def test_moments(case: str, what: str) -> None:
    make, arrays, _ = CASES[case]
    ours, yours, *_ = _both(make, arrays)
    try:
        theirs = getattr(yours, what)
    except (NotImplementedError, AttributeError):
        return
    assert_close(getattr(ours, what), theirs, family="distributions", tolerance=TOLERANCE)


@pytest.mark.parametrize("case", CASES)
def test_shapes_repr_and_expansion(case: str) -> None:
    make, arrays, values = CASES[case]
    ours, yours, *_ = _both(make, arrays)
    assert tuple(ours.batch_shape) == tuple(yours.batch_shape)
    assert tuple(ours.event_shape) == tuple(yours.event_shape)
    assert ours.has_rsample == (yours.has_rsample and case not in WITHOUT_RSAMPLE)
    if case not in ("MixtureSameFamily", "squashed", "LogNormal", "Beta"):
        assert repr(ours).replace("tensor.", "torch.") == repr(yours)
    sampled = ours.sample((5, 2))
    assert tuple(sampled.shape) == tuple(yours.sample((5, 2)).shape)
    assert str(sampled.dtype).split(".")[1] == str(yours.sample().dtype).split(".")[1]
    assert not sampled.requires_grad
    if ours.has_rsample:
        assert ours.rsample().requires_grad
    if case == "MixtureSameFamily":
        return
    wider = (2, *ours.batch_shape)
    more, theirs = ours.expand(wider), yours.expand(wider)
    assert_close(
        more.log_prob(T.tensor(values)),
        theirs.log_prob(torch.tensor(values)),
        family="distributions",
        tolerance=TOLERANCE,
    )


@pytest.mark.parametrize("case", ["Normal", "Uniform", "Exponential", "Laplace", "LogNormal"])
def test_cdf_and_its_inverse(case: str) -> None:
    values = CASES[case][2]
    _compare(lambda t, d: d.cdf(t.tensor(values)), case)
    _compare(lambda t, d: d.icdf(t.tensor(UNIT)), case)


@pytest.mark.parametrize("case", sorted(set(CASES) - WITHOUT_DIVERGENCE))
def test_divergences(case: str) -> None:
    make, arrays, _ = CASES[case]
    # Of two, the second with the parameters of the first in another order, and wider where that matters.
    others = arrays if case.startswith("Multi") else tuple(each[::-1].copy() for each in arrays)
    if case == "Uniform":
        others = (arrays[0] - 0.1, arrays[1] + 0.5)
    p, q = _both(make, arrays), _both(make, others)
    ours, theirs = T.distributions.kl_divergence(p[0], q[0]), torch.distributions.kl_divergence(p[1], q[1])
    assert_close(ours, theirs, family="distributions", tolerance=TOLERANCE, floor=1.0)
    ours.sum().backward()
    theirs.sum().backward()
    for mine, yours in ((p[2], p[3]), (q[2], q[3])):
        assert_close(
            [each.grad for each in mine],
            [each.grad for each in yours],
            family="distributions",
            tolerance=TOLERANCE,
            floor=1.0,
        )


REFUSED = {
    "scale": lambda d, t: d.Normal(0.0, -1.0),
    "bounds": lambda d, t: d.Uniform(1.0, 0.0),
    "probability": lambda d, t: d.Bernoulli(1.5),
    "both": lambda d, t: d.Categorical(probs=t.ones(2), logits=t.ones(2)),
    "class": lambda d, t: d.Categorical(t.ones(2)).log_prob(t.tensor(2)),
    "value outside": lambda d, t: d.Exponential(1.0).log_prob(t.tensor(-1.0)),
    "shape of a value": lambda d, t: d.Normal(t.zeros(2), 1.0).log_prob(t.zeros(3)),
    "no rule": lambda d, t: d.kl_divergence(d.Bernoulli(0.5), d.Uniform(0.0, 1.0)),
    "no gradient": lambda d, t: d.Bernoulli(0.5).rsample(),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_as_in_torch(case: str) -> None:
    with pytest.raises((ValueError, NotImplementedError)):
        REFUSED[case](torch.distributions, torch)
    with pytest.raises((ValueError, NotImplementedError)):
        REFUSED[case](T.distributions, T)


def test_the_entropy_of_a_multinomial() -> None:
    ours, yours = (
        d.Multinomial(4, each)
        for d, each in ((T.distributions, T.tensor(POSITIVE)), (torch.distributions, torch.tensor(POSITIVE)))
    )
    np.testing.assert_allclose(ours.entropy().numpy(), yours.entropy().numpy(), rtol=1e-7)
