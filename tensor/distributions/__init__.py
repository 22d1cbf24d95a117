"""Distributions of random variables: PyTorch's `torch.distributions`, those that models use most.

Source: https://docs.pytorch.org/docs/stable/distributions.html
"""

from tensor.distributions import constraints, transforms
from tensor.distributions.bernoulli import Bernoulli
from tensor.distributions.categorical import Categorical, OneHotCategorical
from tensor.distributions.distribution import Distribution
from tensor.distributions.exponential import Exponential, Laplace
from tensor.distributions.gamma import Beta, Dirichlet, Gamma
from tensor.distributions.gumbel import Gumbel
from tensor.distributions.independent import Independent
from tensor.distributions.kl import kl_divergence, register_kl
from tensor.distributions.mixture_same_family import MixtureSameFamily
from tensor.distributions.multivariate_normal import MultivariateNormal
from tensor.distributions.negative_binomial import NegativeBinomial
from tensor.distributions.normal import Normal
from tensor.distributions.poisson import Poisson
from tensor.distributions.student_t import StudentT
from tensor.distributions.transformed_distribution import LogNormal, TransformedDistribution
from tensor.distributions.transforms import AffineTransform, ExpTransform, SigmoidTransform, TanhTransform, Transform
from tensor.distributions.uniform import Uniform

__all__ = [
    "AffineTransform",
    "Bernoulli",
    "Beta",
    "Categorical",
    "Dirichlet",
    "Distribution",
    "ExpTransform",
    "Exponential",
    "Gamma",
    "Gumbel",
    "Independent",
    "Laplace",
    "LogNormal",
    "MixtureSameFamily",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "OneHotCategorical",
    "Poisson",
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
