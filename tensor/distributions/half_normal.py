"""Half-normal distributions: of the absolute values of normal ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tensor import factories
from tensor.constants import inf
from tensor.distributions import constraints
from tensor.distributions.normal import Normal
from tensor.distributions.transformed_distribution import TransformedDistribution
from tensor.distributions.transforms import AbsTransform
from tensor.ops.choosing import where

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class HalfNormal(TransformedDistribution):
    """The absolute values of normal random variables with the mean 0.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#halfnormal

    Args:
        scale: The standard deviations of these.
        validate_args: Whether to check parameters and values.
    """

    arg_constraints = {"scale": constraints.positive}  # noqa: RUF012
    support = constraints.nonnegative

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Normal(0, scale, validate_args), AbsTransform(), validate_args)

    @property
    def scale(self) -> Any:
        """The standard deviations of the normal random variables."""
        return self.base_dist.stddev

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.scale * math.sqrt(2 / math.pi)  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The most probable values, 0."""
        return factories.zeros_like(self.scale)

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return self.scale.pow(2) * (1 - 2 / math.pi)  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        found: Tensor = where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -inf)
        return found

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probabilities of no more than values."""
        self._check_value(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Tensor) -> Tensor:
        """Return the values below which probabilities lie."""
        upper: Any = (value + 1) / 2
        return self.base_dist.icdf(upper)

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return self.base_dist.entropy() - math.log(2)
