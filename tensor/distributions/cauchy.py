"""Cauchy distributions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor import factories
from tensor.constants import inf, nan
from tensor.distributions.families import LocationScaleDistribution

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Cauchy(LocationScaleDistribution):
    """Cauchy distributions, which have no mean.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#cauchy

    Args:
        loc: The most probable values.
        scale: How wide they are: half the width at half the height.
        validate_args: Whether to check parameters and values.
    """

    @property
    def mean(self) -> Tensor:
        """There is none: nan."""
        return factories.full_like(self.loc, nan)

    @property
    def variance(self) -> Tensor:
        """Infinite."""
        return factories.full_like(self.loc, inf)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters; see `Distribution.rsample`."""
        drawn = factories.empty(self._shape(sample_shape), dtype=self.loc.dtype).cauchy_()
        return self.loc + drawn * self.scale  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        z = (value - self.loc) / self.scale
        return -math.log(math.pi) - self.scale.log() - (z**2).log1p()  # type: ignore[no-any-return]

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probabilities of no more than values."""
        self._check_value(value)
        return ((value - self.loc) / self.scale).atan() / math.pi + 0.5  # type: ignore[no-any-return]

    def icdf(self, value: Tensor) -> Tensor:
        """Return the values below which probabilities lie."""
        turned: Any = math.pi * (value - 0.5)
        return turned.tan() * self.scale + self.loc  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return math.log(4 * math.pi) + self.scale.log()  # type: ignore[no-any-return]
