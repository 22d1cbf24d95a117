"""Bernoulli distributions: 1 with some probability, else 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor import factories
from tensor.constants import nan
from tensor.distributions import constraints
from tensor.distributions.distribution import ElementwiseDistribution
from tensor.distributions.parameters import broadcast_all, exactly_one, logits_to_probs, probs_to_logits
from tensor.nn.functional import binary_cross_entropy_with_logits
from tensor.ops.choosing import where
from tensor.ops.sampling import bernoulli
from tensor.scopes import no_grad

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Bernoulli(ElementwiseDistribution):
    """Bernoulli distributions.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#bernoulli

    Args:
        probs: The probabilities of 1; or
        logits: the logarithms of their odds.
        validate_args: Whether to check parameters and values.

    Raises:
        ArgumentError: A probability is not from 0 to 1, or not just one of `probs` and `logits` is given.
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}  # noqa: RUF012
    support = constraints.boolean

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        exactly_one("Bernoulli", probs, logits)
        name, value = ("probs", probs) if logits is None else ("logits", logits)
        (self.__dict__[name],) = broadcast_all(value)
        super().__init__(self.__dict__[name].shape, validate_args=validate_args)

    def __getattr__(self, name: str) -> Any:
        if name == "logits":
            return probs_to_logits(self.__dict__["probs"], is_binary=True)
        if name == "probs":
            return logits_to_probs(self.__dict__["logits"], is_binary=True)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

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
