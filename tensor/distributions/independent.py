"""Batches of random variables taken as one of several dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from tensor.distributions.constraints import Constraint
from tensor.distributions.distribution import Distribution
from tensor.errors import ArgumentError
from tensor.sizes import Size

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def sum_rightmost(value: Tensor, dims: int) -> Tensor:
    """Return the sums over the last dimensions.

    Args:
        value: Any shape.
        dims: Over how many.
    """
    return value if not dims else value.sum(tuple(range(-dims, 0)))


class Independent(Distribution):
    """A distribution whose last batch dimensions are part of the event.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#independent

    Args:
        base_distribution: The distribution.
        reinterpreted_batch_ndims: How many dimensions.
        validate_args: Accepted since PyTorch has it: the base checks.

    Raises:
        ArgumentError: The batch has not so many dimensions.
    """

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        batch = base_distribution.batch_shape
        if reinterpreted_batch_ndims > len(batch):
            raise ArgumentError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual "
                f"{reinterpreted_batch_ndims} vs {len(batch)}"
            )
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        at = len(batch) - reinterpreted_batch_ndims
        super().__init__(batch[:at], (*batch[at:], *base_distribution.event_shape), validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether samples are functions of the parameters."""
        return self.base_dist.has_rsample

    @property
    def support(self) -> Constraint | None:  # type: ignore[override]
        """What values there are."""
        return self.base_dist.support

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.base_dist.mean

    @property
    def mode(self) -> Tensor:
        """The most probable values."""
        return self.base_dist.mode

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return self.base_dist.variance

    def expand(self, batch_shape: Sequence[int]) -> Self:
        """Return the distribution with its parameters expanded to another `batch_shape`."""
        inner = self._event_shape[: self.reinterpreted_batch_ndims]
        return type(self)(self.base_dist.expand(Size((*batch_shape, *inner))), self.reinterpreted_batch_ndims)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters; see `Distribution.rsample`."""
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density, or of the probability, at values."""
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_dist}, {self.reinterpreted_batch_ndims})"
