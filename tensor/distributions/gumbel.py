"""Gumbel distributions: of the largest of many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tensor import factories
from tensor.distributions.families import LocationScaleDistribution
from tensor.limits import finfo

if TYPE_CHECKING:
    from tensor.tensors import Tensor

_EULER = 0.57721566490153286060


class Gumbel(LocationScaleDistribution):
    """Gumbel distributions.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#gumbel

    Args:
        loc: The most probable values.
        scale: How wide they are.
        validate_args: Whether to check parameters and values.
    """

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.loc + self.scale * _EULER  # type: ignore[no-any-return]

    @property
    def stddev(self) -> Tensor:
        """The standard deviations."""
        return math.pi / math.sqrt(6) * self.scale  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return self.stddev.pow(2)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters; see `Distribution.rsample`."""
        limits = finfo(self.loc.dtype)
        drawn = factories.empty(self._shape(sample_shape), dtype=self.loc.dtype).uniform_(limits.tiny, 1 - limits.eps)
        return self.loc - self.scale * (-drawn.log()).log()  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        away = (self.loc - value) / self.scale
        return away - away.exp() - self.scale.log()  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return self.scale.log() + (1 + _EULER)  # type: ignore[no-any-return]
