"""Binomial and multinomial distributions: of how many trials come out how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor.constants import inf
from tensor.distributions import constraints
from tensor.distributions.categorical import Categorical
from tensor.distributions.constraints import Constraint
from tensor.distributions.distribution import ElementwiseDistribution
from tensor.distributions.families import ClassesDistribution, OddsDistribution
from tensor.distributions.parameters import broadcast_all
from tensor.errors import UnsupportedError
from tensor.nn.functional import one_hot, softplus
from tensor.ops.choosing import where
from tensor.ops.extremes import minimum
from tensor.ops.sampling import binomial
from tensor.ops.special import lgamma
from tensor.scopes import no_grad
from tensor.sequences import arange

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Binomial(OddsDistribution):
    """How many of several trials succeed.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#binomial

    Args:
        total_count: How many trials.
        probs: The probabilities of success; or
        logits: the logarithms of their odds.
        validate_args: Whether to check parameters and values.
    """

    arg_constraints = {  # noqa: RUF012 - not to be changed
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }

    def __init__(
        self, total_count: Tensor | int = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        name, value = self._given(probs, logits)
        count, given = broadcast_all(total_count, value)
        self.total_count, self.__dict__[name] = count.to(given.dtype), given
        ElementwiseDistribution.__init__(self, given.shape, validate_args=validate_args)

    @property
    def support(self) -> Constraint:  # type: ignore[override]
        """What values there are."""
        return Constraint(
            "a whole number from 0 to total_count",
            lambda value: (value % 1 == 0) & (value >= 0) & (value <= self.total_count),
        )

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.total_count * self.probs  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The most probable values."""
        return minimum(((self.total_count + 1) * self.probs).floor(), self.total_count)

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return self.total_count * self.probs * (1 - self.probs)  # type: ignore[no-any-return]

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        with no_grad():
            shape = self._shape(sample_shape)
            return binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the probability of values."""
        self._check_value(value)
        count, logits = self.total_count, self.logits
        ways: Any = lgamma(count + 1) - lgamma(value + 1) - lgamma(count - value + 1)
        return value * logits - count * softplus(logits) + ways  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies, where there are as many trials everywhere."""
        found = self.log_prob(self.enumerate_support(False))
        return -(found.exp() * found).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """Return all numbers of successes in a new first dimension; see `Distribution.enumerate_support`.

        Raises:
            UnsupportedError: The numbers of trials differ.
        """
        count = int(self.total_count.max())
        if int(self.total_count.min()) != count:
            raise UnsupportedError("Binomial: the numbers of trials differ, so there is no one list of the values")
        values: Any = arange(count + 1, dtype=self.total_count.dtype).view(-1, *[1] * len(self._batch_shape))
        return values.expand(-1, *self._batch_shape) if expand else values  # type: ignore[no-any-return]


class Multinomial(ClassesDistribution):
    """How often each of several classes comes out.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#multinomial

    Args:
        total_count: How many trials, everywhere.
        probs: How probable each class is, (*batch_shape, classes), up to a factor; or
        logits: the logarithms of that, up to a summand.
        validate_args: Whether to check parameters and values.

    Raises:
        UnsupportedError: The number of trials is no integer.
    """

    def __init__(
        self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if not isinstance(total_count, int):
            raise UnsupportedError(f"Multinomial: expected one int as total_count, got a {type(total_count).__name__}")
        self.total_count = total_count
        super().__init__(Categorical(probs, logits, validate_args), validate_args)

    @property
    def support(self) -> Constraint:  # type: ignore[override]
        """What values there are."""
        return Constraint(
            f"whole numbers of at least 0 whose sum is {self.total_count}",
            lambda value: ((value % 1 == 0) & (value >= 0)).all(-1) & (value.sum(-1) == self.total_count),
        )

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.total_count * self.probs  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return self.total_count * self.probs * (1 - self.probs)  # type: ignore[no-any-return]

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        with no_grad():
            drawn = self._categorical.sample((self.total_count, *sample_shape))
            return one_hot(drawn, self._categorical._num_events).sum(0).to(self.probs)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the probability of values."""
        self._check_value(value)
        logits, value = broadcast_all(self.logits, value)
        possible = where((value == 0) & (logits == -inf), 0.0, logits)
        ways: Any = lgamma(value.sum(-1) + 1) - lgamma(value + 1).sum(-1)
        return ways + (possible * value).sum(-1)  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies."""
        each = Binomial(self.total_count, probs=self.probs)
        values = each.enumerate_support(False)[1:]
        expected: Any = (each.log_prob(values).exp() * lgamma(values + 1)).sum((0, -1))
        ways: Any = lgamma(self.probs.new_full((), self.total_count + 1.0))
        return self.total_count * self._categorical.entropy() - ways + expected  # type: ignore[no-any-return]
