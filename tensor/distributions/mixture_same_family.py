"""Mixtures: one of several distributions of one family, drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor.distributions.categorical import Categorical
from tensor.distributions.constraints import Constraint
from tensor.distributions.distribution import Distribution
from tensor.errors import ShapeError
from tensor.ops.logits import log_softmax, logsumexp
from tensor.scopes import no_grad

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class MixtureSameFamily(Distribution):
    """Mixtures of distributions of one family.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#mixturesamefamily

    Args:
        mixture_distribution: How probable each component is, (*batch_shape, components).
        component_distribution: The components, of the batch shape (*batch_shape, components).
        validate_args: Accepted since PyTorch has it: the parts check.

    Raises:
        ShapeError: They have not as many components each.
    """

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        batch = component_distribution.batch_shape
        if not batch or mixture_distribution._num_events != batch[-1]:
            raise ShapeError(
                f"MixtureSameFamily: the mixture is of {mixture_distribution._num_events} components, and the batch "
                f"shape of the components is {list(batch)}, whose last dimension does not fit"
            )
        self.mixture_distribution = mixture_distribution
        self.component_distribution = component_distribution
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args)

    @property
    def support(self) -> Constraint | None:  # type: ignore[override]
        """What values there are."""
        return self.component_distribution.support

    def _weights(self) -> Any:
        probs = self.mixture_distribution.probs
        return probs.reshape(*probs.shape, *[1] * len(self._event_shape))

    @property
    def _at(self) -> int:
        """The dimension of the components, counted from the end."""
        return -1 - len(self._event_shape)

    @property
    def mean(self) -> Tensor:
        """The means."""
        return (self._weights() * self.component_distribution.mean).sum(self._at)  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances."""
        weights, parts = self._weights(), self.component_distribution
        away = (parts.mean - self.mean.unsqueeze(self._at)) ** 2
        return (weights * (parts.variance + away)).sum(self._at)  # type: ignore[no-any-return]

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        with no_grad():
            chosen = self.mixture_distribution.sample(sample_shape)
            drawn = self.component_distribution.sample(sample_shape)
            ones = [1] * (len(self._event_shape) + 1)
            index = chosen.reshape(*chosen.shape, *ones).expand(*chosen.shape, 1, *self._event_shape)
            return drawn.gather(drawn.dim() + self._at, index).squeeze(self._at)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density, or of the probability, at values."""
        parts = self.component_distribution.log_prob(value.unsqueeze(self._at))
        return logsumexp(parts + log_softmax(self.mixture_distribution.logits, -1), -1)
