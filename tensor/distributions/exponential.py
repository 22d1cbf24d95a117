"""Exponential and Laplace distributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor import factories
from tensor.distributions import constraints
from tensor.distributions.distribution import ElementwiseDistribution
from tensor.distributions.families import LocationScaleDistribution
from tensor.distributions.parameters import broadcast_all
from tensor.limits import finfo

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Exponential(ElementwiseDistribution):
    """Exponential distributions.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#exponential

    Args:
        rate: One over the means.
        validate_args: Whether to check parameters and values.
    """

    arg_constraints = {"rate": constraints.positive}  # noqa: RUF012
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, rate: Tensor | float, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.rate.reciprocal()  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The most probable values, 0."""
        return factories.zeros_like(self.rate)

    @property
    def stddev(self) -> Tensor:
        """The standard deviations."""
        return self.rate.reciprocal()  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return self.rate.pow(-2)  # type: ignore[no-any-return]

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters; see `Distribution.rsample`."""
        drawn = factories.empty(self._shape(sample_shape), dtype=self.rate.dtype).exponential_()
        return drawn / self.rate  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        return self.rate.log() - self.rate * value  # type: ignore[no-any-return]

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probabilities of no more than values."""
        self._check_value(value)
        return 1 - (-self.rate * value).exp()  # type: ignore[no-any-return]

    def icdf(self, value: Tensor) -> Tensor:
        """Return the values below which probabilities lie."""
        less: Any = -value
        return -less.log1p() / self.rate  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return 1.0 - self.rate.log()  # type: ignore[no-any-return]


class Laplace(LocationScaleDistribution):
    """Laplace distributions: exponential to both sides of a mean.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#laplace

    Args:
        loc: The means.
        scale: How wide they are.
        validate_args: Whether to check parameters and values.
    """

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.loc  # type: ignore[no-any-return]

    @property
    def stddev(self) -> Tensor:
        """The standard deviations."""
        return 2**0.5 * self.scale  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return 2 * self.scale**2  # type: ignore[no-any-return]

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters; see `Distribution.rsample`."""
        dtype = self.loc.dtype
        drawn = factories.empty(self._shape(sample_shape), dtype=dtype).uniform_(finfo(dtype).eps - 1, 1)
        return self.loc - self.scale * drawn.sign() * (-drawn.abs()).log1p()  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale  # type: ignore[no-any-return]

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probabilities of no more than values."""
        self._check_value(value)
        away = value - self.loc
        return 0.5 - 0.5 * away.sign() * (-away.abs() / self.scale).expm1()  # type: ignore[no-any-return]

    def icdf(self, value: Tensor) -> Tensor:
        """Return the values below which probabilities lie."""
        away: Any = value - 0.5
        return self.loc - self.scale * away.sign() * (-2 * away.abs()).log1p()  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return 1 + (2 * self.scale).log()  # type: ignore[no-any-return]
