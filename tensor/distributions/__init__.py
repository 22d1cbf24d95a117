"""Distributions of random variables: PyTorch's `torch.distributions`, those that models use most.

Source: https://docs.pytorch.org/docs/stable/distributions.html
"""

from tensor.distributions import constraints
from tensor.distributions.bernoulli import Bernoulli
from tensor.distributions.categorical import Categorical, OneHotCategorical
from tensor.distributions.distribution import Distribution
from tensor.distributions.exponential import Exponential, Laplace
from tensor.distributions.independent import Independent
from tensor.distributions.kl import kl_divergence, register_kl
from tensor.distributions.multivariate_normal import MultivariateNormal
from tensor.distributions.normal import Normal
from tensor.distributions.uniform import Uniform

__all__ = [
    "Bernoulli",
    "Categorical",
    "Distribution",
    "Exponential",
    "Independent",
    "Laplace",
    "MultivariateNormal",
    "Normal",
    "OneHotCategorical",
    "Uniform",
    "constraints",
    "kl_divergence",
    "register_kl",
]
