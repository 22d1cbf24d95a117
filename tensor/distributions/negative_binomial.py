"""Negative binomial distributions: of successes before a number of failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor.distributions import constraints
from tensor.distributions.distribution import ElementwiseDistribution
from tensor.distributions.families import OddsDistribution
from tensor.distributions.parameters import broadcast_all
from tensor.nn.functional import logsigmoid
from tensor.ops.gamma_samples import standard_gamma
from tensor.ops.sampling import poisson
from tensor.ops.special import lgamma
from tensor.scopes import no_grad

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class NegativeBinomial(OddsDistribution):
    """Negative binomial distributions.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#negativebinomial

    Args:
        total_count: How many failures, at least 0 and not necessarily whole.
        probs: The probabilities of success; or
        logits: the logarithms of their odds.
        validate_args: Whether to check parameters and values.
    """

    arg_constraints = {  # noqa: RUF012 - not to be changed
        "total_count": constraints.nonnegative,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(
        self, total_count: Tensor | float, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        name, value = self._given(probs, logits)
        self.total_count, self.__dict__[name] = broadcast_all(total_count, value)
        ElementwiseDistribution.__init__(self, self.total_count.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.total_count * self.logits.exp()  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The most probable values."""
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return self.mean / (-self.logits).sigmoid()  # type: ignore[no-any-return]

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        with no_grad():
            rates = standard_gamma(self.total_count.expand(self._shape(sample_shape))) * self.logits.exp()
            return poisson(rates)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the probability of values."""
        self._check_value(value)
        weights = self.total_count * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        ways = lgamma(self.total_count + value) - lgamma(1.0 + value) - lgamma(self.total_count)
        return weights + ways  # type: ignore[no-any-return]
