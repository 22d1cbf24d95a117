"""Bernoulli distributions: 1 with some probability, else 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tensor import factories
from tensor.constants import nan
from tensor.distributions import constraints
from tensor.distributions.families import OddsDistribution
from tensor.distributions.parameters import broadcast_all
from tensor.nn.functional import binary_cross_entropy_with_logits
from tensor.ops.choosing import where
from tensor.ops.sampling import bernoulli
from tensor.scopes import no_grad

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Bernoulli(OddsDistribution):
    """Bernoulli distributions.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#bernoulli

    Args:
        probs: The probabilities of 1; or
        logits: the logarithms of their odds.
        validate_args: Whether to check parameters and values.

    Raises:
        ArgumentError: A probability is not from 0 to 1, or not just one of `probs` and `logits` is given.
    """

    support = constraints.boolean

    @property
    def mean(self) -> Tensor:
        """The means, which are the probabilities."""
        return self.probs  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The more probable of 0 and 1, nan where they are equally probable."""
        mode: Tensor = where(self.probs == 0.5, nan, (self.probs >= 0.5).to(self.probs))
        return mode

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return self.probs * (1 - self.probs)  # type: ignore[no-any-return]

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        with no_grad():
            return bernoulli(self.probs.expand(self._shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the probability of values."""
        self._check_value(value)
        logits, wanted = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, wanted, reduction="none")

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """Return 0 and 1 in a new first dimension; see `Distribution.enumerate_support`."""
        values = factories.tensor([0.0, 1.0], dtype=self.probs.dtype).view(2, *[1] * len(self._batch_shape))
        return values.expand(2, *self._batch_shape) if expand else values
