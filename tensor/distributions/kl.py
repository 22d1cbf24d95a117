"""The Kullback-Leibler divergence between two distributions of one family."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tensor import linalg
from tensor.constants import inf
from tensor.distributions.bernoulli import Bernoulli
from tensor.distributions.binomial import Binomial
from tensor.distributions.categorical import Categorical, OneHotCategorical
from tensor.distributions.cauchy import Cauchy
from tensor.distributions.distribution import Distribution
from tensor.distributions.exponential import Exponential, Laplace
from tensor.distributions.gamma import Beta, Dirichlet, Gamma
from tensor.distributions.geometric import Geometric
from tensor.distributions.half_normal import HalfNormal
from tensor.distributions.independent import Independent, sum_rightmost
from tensor.distributions.multivariate_normal import MultivariateNormal
from tensor.distributions.normal import Normal
from tensor.distributions.poisson import Poisson
from tensor.distributions.uniform import Uniform
from tensor.errors import UnsupportedError
from tensor.nn.functional import softplus
from tensor.ops.choosing import where
from tensor.ops.special import digamma, lgamma

if TYPE_CHECKING:
    from tensor.tensors import Tensor

Divergence = Callable[[Any, Any], Any]
_RULES: dict[tuple[type[Any], type[Any]], Divergence] = {}


def register_kl(type_p: type[Any], type_q: type[Any]) -> Callable[[Divergence], Divergence]:
    """Return a decorator of functions that compute the divergence for two classes.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#torch.distributions.kl.register_kl

    Args:
        type_p: The class of the first distribution.
        type_q: The class of the second.
    """

    def register(rule: Divergence) -> Divergence:
        _RULES[type_p, type_q] = rule
        return rule

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """Return the divergences of `p` from `q`: (*batch_shape,).

    Source: https://docs.pytorch.org/docs/stable/distributions.html#torch.distributions.kl.kl_divergence

    Args:
        p: The distribution that values are expected under.
        q: The other.

    Raises:
        UnsupportedError: There is no rule for the two classes.
    """
    for mine in type(p).__mro__:
        for yours in type(q).__mro__:
            if (mine, yours) in _RULES:
                return _RULES[mine, yours](p, q)  # type: ignore[no-any-return]
    raise UnsupportedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}; "
        "define one with register_kl, or estimate it from samples"
    )


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Any:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log())


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Any:
    ones = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    zeros = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    ones = where(q.probs == 0, inf, ones).masked_fill(p.probs == 0, 0)
    zeros = where(q.probs == 1, inf, zeros).masked_fill(p.probs == 1, 0)
    return ones + zeros


@register_kl(Categorical, Categorical)
def _categorical(p: Categorical, q: Categorical) -> Any:
    terms = p.probs * (p.logits - q.logits)
    terms = where(q.probs == 0, inf, terms)
    return where(p.probs == 0, 0.0, terms).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: OneHotCategorical, q: OneHotCategorical) -> Any:
    return _categorical(p._categorical, q._categorical)


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Any:
    found = ((q.high - q.low) / (p.high - p.low)).log()
    return where((q.low > p.low) | (q.high < p.high), inf, found)


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Any:
    ratio = q.rate / p.rate
    return ratio - ratio.log() - 1


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Any:
    ratio, away = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + away / q.scale + ratio * (-away / p.scale).exp() - 1


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: MultivariateNormal, q: MultivariateNormal) -> Any:
    spread = linalg.solve_triangular(q.scale_tril, p.scale_tril, upper=False).square().sum((-2, -1))
    away = linalg.solve_triangular(q.scale_tril, (q.loc - p.loc).unsqueeze(-1), upper=False).square().sum((-2, -1))
    return q._half_log_det() - p._half_log_det() + 0.5 * (spread + away - p.event_shape[0])


@register_kl(Independent, Independent)
def _independent(p: Independent, q: Independent) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise UnsupportedError("kl_divergence: both Independent must take as many dimensions as part of the event")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Any:
    rates = q.concentration * (p.rate / q.rate).log()
    shapes = lgamma(q.concentration) - lgamma(p.concentration)
    digammas = (p.concentration - q.concentration) * digamma(p.concentration)
    return rates + shapes + digammas + (q.rate - p.rate) * (p.concentration / p.rate)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Dirichlet, q: Dirichlet) -> Any:
    mine, yours = p.concentration, q.concentration
    totals = lgamma(mine.sum(-1)) - lgamma(yours.sum(-1))
    parts = (lgamma(mine) - lgamma(yours)).sum(-1)
    digammas = (mine - yours) * (digamma(mine) - digamma(mine.sum(-1, True)))
    return totals - parts + digammas.sum(-1)


@register_kl(Beta, Beta)
def _beta(p: Beta, q: Beta) -> Any:
    return _dirichlet(p._of_two(), q._of_two())


@register_kl(Poisson, Poisson)
def _poisson(p: Poisson, q: Poisson) -> Any:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Binomial, Binomial)
def _binomial(p: Binomial, q: Binomial) -> Any:
    found = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return where(p.total_count > q.total_count, inf, found)


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Cauchy, q: Cauchy) -> Any:
    return (((p.scale + q.scale) ** 2 + (p.loc - q.loc) ** 2) / (4 * p.scale * q.scale)).log()


@register_kl(Geometric, Geometric)
def _geometric(p: Geometric, q: Geometric) -> Any:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: HalfNormal, q: HalfNormal) -> Any:
    return kl_divergence(p.base_dist, q.base_dist)
