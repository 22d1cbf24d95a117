"""Poisson distributions: of counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tensor.distributions import constraints
from tensor.distributions.distribution import ElementwiseDistribution
from tensor.distributions.parameters import broadcast_all
from tensor.ops.exponentials import xlogy
from tensor.ops.sampling import poisson
from tensor.scopes import no_grad

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Poisson(ElementwiseDistribution):
    """Poisson distributions.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#poisson

    Args:
        rate: The means.
        validate_args: Whether to check parameters and values.
    """

    arg_constraints = {"rate": constraints.nonnegative}  # noqa: RUF012
    support = constraints.nonnegative_integer

    def __init__(self, rate: Tensor | float, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.rate  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The most probable values."""
        return self.rate.floor()  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances, which are the means."""
        return self.rate  # type: ignore[no-any-return]

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        with no_grad():
            return poisson(self.rate.expand(self._shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the probability of values."""
        self._check_value(value)
        return xlogy(value, self.rate) - self.rate - (value + 1).lgamma()  # type: ignore[no-any-return]
