"""Geometric distributions: of failures before the first success."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor import factories
from tensor.distributions import constraints
from tensor.distributions.families import OddsDistribution
from tensor.distributions.parameters import broadcast_all
from tensor.errors import ArgumentError
from tensor.limits import finfo
from tensor.nn.functional import binary_cross_entropy_with_logits
from tensor.ops.choosing import where
from tensor.scopes import no_grad

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Geometric(OddsDistribution):
    """How many trials fail before one succeeds.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#geometric

    Args:
        probs: The probabilities of success, above 0; or
        logits: the logarithms of their odds.
        validate_args: Whether to check parameters and values.

    Raises:
        ArgumentError: A probability is not above 0 and at most 1, or not just one of `probs` and `logits` is given.
    """

    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(probs, logits, validate_args)
        if self._validate_args and probs is not None and not bool((self.probs > 0).all()):
            raise ArgumentError(f"Geometric: parameter probs must be positive, but found invalid values:\n{self.probs}")

    @property
    def mean(self) -> Tensor:
        """The means."""
        return 1 / self.probs - 1  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The most probable values, 0."""
        return factories.zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return (1 / self.probs - 1) / self.probs  # type: ignore[no-any-return]

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        with no_grad():
            drawn = factories.empty(self._shape(sample_shape), dtype=self.probs.dtype)
            drawn.uniform_(finfo(self.probs.dtype).tiny, 1)
            return (drawn.log() / (-self.probs).log1p()).floor()  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the probability of values."""
        self._check_value(value)
        value, probs = broadcast_all(value, self.probs)
        failing = where((probs == 1) & (value == 0), 0.0, probs)  # so that 0 failures of certain success are 0, not nan
        return value * (-failing).log1p() + self.probs.log()  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs  # type: ignore[no-any-return]
