"""Distributions of functions of random variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from tensor.distributions import constraints
from tensor.distributions.constraints import Constraint
from tensor.distributions.distribution import Distribution
from tensor.distributions.independent import sum_rightmost
from tensor.distributions.normal import Normal
from tensor.distributions.transforms import ExpTransform, Transform
from tensor.scopes import no_grad

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class TransformedDistribution(Distribution):
    """The distribution of what functions make of a random variable.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#transformeddistribution

    Args:
        base_distribution: The distribution of the random variable.
        transforms: A function of single numbers, or several, the first one first.
        validate_args: Accepted since PyTorch has it: the base checks.
    """

    def __init__(
        self,
        base_distribution: Distribution,
        transforms: Transform | Sequence[Transform],
        validate_args: bool | None = None,
    ) -> None:
        self.base_dist = base_distribution
        self.transforms: list[Any] = list(transforms) if isinstance(transforms, Sequence) else [transforms]
        super().__init__(base_distribution.batch_shape, base_distribution.event_shape, validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether samples are functions of the parameters."""
        return self.base_dist.has_rsample

    @property
    def support(self) -> Constraint | None:  # type: ignore[override]
        """What values there are."""
        return self.transforms[-1].codomain if self.transforms else self.base_dist.support

    def expand(self, batch_shape: Sequence[int]) -> Self:
        """Return the distribution with its parameters expanded to another `batch_shape`."""
        made = type(self).__new__(type(self))
        TransformedDistribution.__init__(made, self.base_dist.expand(batch_shape), self.transforms)
        return made

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        with no_grad():
            return self._applied(self.base_dist.sample(sample_shape))  # type: ignore[no-any-return]

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters; see `Distribution.rsample`."""
        return self._applied(self.base_dist.rsample(sample_shape))  # type: ignore[no-any-return]

    def _applied(self, value: Any) -> Any:
        for transform in self.transforms:
            value = transform(value)
        return value

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        events = len(self._event_shape)
        found: Any = 0.0
        y: Any = value
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            found = found - sum_rightmost(transform.log_abs_det_jacobian(x, y), events)
            y = x
        return found + self.base_dist.log_prob(y)  # type: ignore[no-any-return]

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probabilities of no more than values."""
        sign: Any = 1
        for transform in reversed(self.transforms):
            sign = sign * transform.sign
            value = transform.inv(value)
        found: Any = self.base_dist.cdf(value)
        return sign * (found - 0.5) + 0.5  # type: ignore[no-any-return]

    def icdf(self, value: Tensor) -> Tensor:
        """Return the values below which probabilities lie."""
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        below: Any = sign * (value - 0.5) + 0.5
        return self._applied(self.base_dist.icdf(below))  # type: ignore[no-any-return]


class LogNormal(TransformedDistribution):
    """Distributions of numbers whose logarithms are normal.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#lognormal

    Args:
        loc: The means of the logarithms.
        scale: The standard deviations of the logarithms.
        validate_args: Whether to check parameters and values.
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}  # noqa: RUF012

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args), ExpTransform(), validate_args)

    @property
    def loc(self) -> Any:
        """The means of the logarithms."""
        return self.base_dist.mean

    @property
    def scale(self) -> Any:
        """The standard deviations of the logarithms."""
        return self.base_dist.stddev

    @property
    def mean(self) -> Tensor:
        """The means."""
        return (self.loc + self.scale**2 / 2).exp()  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The most probable values."""
        return (self.loc - self.scale**2).exp()  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances."""
        square = self.scale**2
        return square.expm1() * (2 * self.loc + square).exp()  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return self.base_dist.entropy() + self.loc  # type: ignore[no-any-return]
