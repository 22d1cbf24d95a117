"""Normal distributions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor import factories
from tensor.distributions.families import LocationScaleDistribution
from tensor.ops.special import erf, erfinv

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Normal(LocationScaleDistribution):
    """Normal distributions.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#normal

    Args:
        loc: The means.
        scale: The standard deviations, of a shape that broadcasts with that of the means.
        validate_args: Whether to check parameters and values.

    Raises:
        ArgumentError: A standard deviation is not positive, or a parameter is nan.
    """

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.loc  # type: ignore[no-any-return]

    @property
    def stddev(self) -> Tensor:
        """The standard deviations."""
        return self.scale  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return self.scale**2  # type: ignore[no-any-return]

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters; see `Distribution.rsample`."""
        drawn = factories.randn(self._shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + drawn * self.scale  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        z = (value - self.loc) / self.scale
        return -(z**2) / 2 - self.scale.log() - math.log(math.sqrt(2 * math.pi))  # type: ignore[no-any-return]

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probabilities of no more than values."""
        self._check_value(value)
        return 0.5 * (1 + erf((value - self.loc) / (self.scale * math.sqrt(2))))

    def icdf(self, value: Tensor) -> Tensor:
        """Return the values below which probabilities lie."""
        doubled: Any = 2 * value - 1
        return self.loc + self.scale * erfinv(doubled) * math.sqrt(2)  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()  # type: ignore[no-any-return]
