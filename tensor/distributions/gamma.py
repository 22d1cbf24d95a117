"""Gamma, beta and Dirichlet distributions. Samples are no differentiable functions of the parameters here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from tensor.distributions import constraints
from tensor.distributions.distribution import Distribution, ElementwiseDistribution
from tensor.distributions.parameters import broadcast_all
from tensor.errors import ShapeError
from tensor.nn.functional import one_hot
from tensor.ops.choosing import where
from tensor.ops.exponentials import xlogy
from tensor.ops.gamma_samples import standard_gamma
from tensor.ops.joining import stack
from tensor.ops.special import digamma, lgamma
from tensor.scopes import no_grad
from tensor.sizes import Size

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Gamma(ElementwiseDistribution):
    """Gamma distributions.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#gamma

    Args:
        concentration: Their shapes, often called α.
        rate: One over their scales, often called β.
        validate_args: Whether to check parameters and values.
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}  # noqa: RUF012
    support = constraints.nonnegative

    def __init__(self, concentration: Tensor | float, rate: Tensor | float, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.concentration / self.rate  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The most probable values."""
        return ((self.concentration - 1) / self.rate).clamp(min=0)  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return self.concentration / self.rate.pow(2)  # type: ignore[no-any-return]

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        with no_grad():
            drawn = standard_gamma(self.concentration.expand(self._shape(sample_shape)))
            return drawn / self.rate  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        shape, rate = self.concentration, self.rate
        return xlogy(shape, rate) + xlogy(shape - 1, value) - rate * value - lgamma(shape)  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies."""
        shape = self.concentration
        return shape - self.rate.log() + lgamma(shape) + (1.0 - shape) * digamma(shape)  # type: ignore[no-any-return]


class Dirichlet(Distribution):
    """Dirichlet distributions: of probabilities that sum up to 1.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#dirichlet

    Args:
        concentration: (*batch_shape, n).
        validate_args: Whether to check parameters and values.

    Raises:
        ShapeError: It is 0-d.
    """

    arg_constraints = {"concentration": constraints.positive}  # noqa: RUF012
    support = constraints.simplex

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ShapeError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        """The most probable values."""
        above = (self.concentration - 1).clamp(min=0.0)
        found = above / above.sum(-1, True)
        corner = one_hot(found.argmax(-1), self._event_shape[0]).to(found)
        return where((self.concentration < 1).all(-1, keepdim=True), corner, found)  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances of the elements."""
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def expand(self, batch_shape: Sequence[int]) -> Self:
        """Return the distribution with its parameters expanded to another `batch_shape`."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.concentration = self.concentration.expand((*batch_shape, *self._event_shape))
        made._batch_shape = Size(batch_shape)
        return made

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        with no_grad():
            drawn = standard_gamma(self.concentration.expand(self._shape(sample_shape)))
            return drawn / drawn.sum(-1, True)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        shape = self.concentration
        density = xlogy(shape - 1.0, value).sum(-1)
        return density + lgamma(shape.sum(-1)) - lgamma(shape).sum(-1)

    def entropy(self) -> Tensor:
        """Return the entropies."""
        shape, count = self.concentration, self._event_shape[0]
        total = shape.sum(-1)
        found: Any = lgamma(shape).sum(-1) - lgamma(total) - (count - total) * digamma(total)
        return found - ((shape - 1.0) * digamma(shape)).sum(-1)  # type: ignore[no-any-return]


class Beta(ElementwiseDistribution):
    """Beta distributions: of numbers from 0 to 1.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#beta

    Args:
        concentration1: How much weight is towards 1, often called α.
        concentration0: How much weight is towards 0, often called β.
        validate_args: Whether to check parameters and values.
    """

    arg_constraints = {  # noqa: RUF012 - not to be changed
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval

    def __init__(
        self, concentration1: Tensor | float, concentration0: Tensor | float, validate_args: bool | None = None
    ) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        super().__init__(self.concentration1.shape, validate_args=validate_args)

    def _of_two(self) -> Dirichlet:
        return Dirichlet(stack((self.concentration1, self.concentration0), -1), validate_args=False)

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.concentration1 / (self.concentration1 + self.concentration0)  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The most probable values."""
        return self._of_two().mode[..., 0]

    @property
    def variance(self) -> Tensor:
        """The variances."""
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total.pow(2) * (total + 1))  # type: ignore[no-any-return]

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        return self._of_two().sample(sample_shape)[..., 0]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        both: Any = (value, 1.0 - value)
        return self._of_two().log_prob(stack(both, -1))

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return self._of_two().entropy()
