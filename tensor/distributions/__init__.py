"""Distributions of random variables: PyTorch's `torch.distributions`, those that models use most.

Source: https://docs.pytorch.org/docs/stable/distributions.html
"""

from tensor.distributions import constraints, transforms
from tensor.distributions.bernoulli import Bernoulli
from tensor.distributions.binomial import Binomial, Multinomial
from tensor.distributions.categorical import Categorical, OneHotCategorical, OneHotCategoricalStraightThrough
from tensor.distributions.cauchy import Cauchy
from tensor.distributions.distribution import Distribution
from tensor.distributions.exponential import Exponential, Laplace
from tensor.distributions.gamma import Beta, Dirichlet, Gamma
from tensor.distributions.geometric import Geometric
from tensor.distributions.gumbel import Gumbel
from tensor.distributions.half_normal import HalfNormal
from tensor.distributions.independent import Independent
from tensor.distributions.kl import kl_divergence, register_kl
from tensor.distributions.mixture_same_family import MixtureSameFamily
from tensor.distributions.multivariate_normal import MultivariateNormal
from tensor.distributions.negative_binomial import NegativeBinomial
from tensor.distributions.normal import Normal
from tensor.distributions.poisson import Poisson
from tensor.distributions.relaxed_bernoulli import RelaxedBernoulli
from tensor.distributions.relaxed_categorical import RelaxedOneHotCategorical
from tensor.distributions.student_t import StudentT
from tensor.distributions.transformed_distribution import LogNormal, TransformedDistribution
from tensor.distributions.transforms import (
    AbsTransform,
    AffineTransform,
    ExpTransform,
    SigmoidTransform,
    TanhTransform,
    Transform,
)
from tensor.distributions.uniform import Uniform

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Cauchy",
    "Dirichlet",
    "Distribution",
    "ExpTransform",
    "Exponential",
    "Gamma",
    "Geometric",
    "Gumbel",
    "HalfNormal",
    "Independent",
    "Laplace",
    "LogNormal",
    "MixtureSameFamily",
    "Multinomial",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Poisson",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "SigmoidTransform",
    "StudentT",
    "TanhTransform",
    "Transform",
    "TransformedDistribution",
    "Uniform",
    "constraints",
    "kl_divergence",
    "register_kl",
    "transforms",
]
