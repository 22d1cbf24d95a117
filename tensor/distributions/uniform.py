"""Uniform distributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tensor import factories
from tensor.constants import nan
from tensor.distributions import constraints
from tensor.distributions.constraints import Constraint
from tensor.distributions.distribution import ElementwiseDistribution
from tensor.distributions.parameters import broadcast_all
from tensor.errors import ArgumentError
from tensor.ops.extremes import clamp

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Uniform(ElementwiseDistribution):
    """Uniform distributions.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#uniform

    Args:
        low: The lower bounds, inclusive.
        high: The upper bounds, exclusive.
        validate_args: Whether to check parameters and values.

    Raises:
        ArgumentError: A lower bound is not below its upper one.
    """

    arg_constraints = {"low": constraints.real, "high": constraints.real}  # noqa: RUF012 - not to be changed
    has_rsample = True

    def __init__(self, low: Tensor | float, high: Tensor | float, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate_args and not bool((self.low < self.high).all()):
            raise ArgumentError("Uniform is not defined when low >= high")

    @property
    def support(self) -> Constraint:  # type: ignore[override]
        """What values there are."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Tensor:
        """The means."""
        return (self.high + self.low) / 2  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """No value is more probable than the others: nan."""
        return nan * self.high  # type: ignore[no-any-return]

    @property
    def stddev(self) -> Tensor:
        """The standard deviations."""
        return (self.high - self.low) / 12**0.5  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return (self.high - self.low) ** 2 / 12  # type: ignore[no-any-return]

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters; see `Distribution.rsample`."""
        drawn = factories.rand(self._shape(sample_shape), dtype=self.low.dtype)
        return self.low + drawn * (self.high - self.low)  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        inside = (self.low <= value) & (self.high > value)
        return inside.type_as(self.low).log() - (self.high - self.low).log()  # type: ignore[no-any-return]

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probabilities of no more than values."""
        self._check_value(value)
        return clamp((value - self.low) / (self.high - self.low), 0, 1)

    def icdf(self, value: Tensor) -> Tensor:
        """Return the values below which probabilities lie."""
        return value * (self.high - self.low) + self.low  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return (self.high - self.low).log()  # type: ignore[no-any-return]
