"""Numbers that are nearly 0 or 1, and of which gradients are known.

Source: Maddison et al., 2016, https://arxiv.org/abs/1611.00712; Jang et al., 2016, https://arxiv.org/abs/1611.01144
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor import factories
from tensor.distributions import constraints
from tensor.distributions.families import OddsDistribution
from tensor.distributions.parameters import clamp_probs, probs_to_logits
from tensor.distributions.transformed_distribution import TransformedDistribution
from tensor.distributions.transforms import SigmoidTransform
from tensor.nn.functional import softplus

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class LogitRelaxedBernoulli(OddsDistribution):
    """The logarithms of the odds of what `RelaxedBernoulli` draws.

    Args:
        temperature: The lower, the nearer to 0 or 1; a scalar.
        probs: The probabilities of 1; or
        logits: the logarithms of their odds.
        validate_args: Whether to check parameters and values.
    """

    support = constraints.real
    has_rsample = True

    def __init__(
        self, temperature: Tensor | float, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        super().__init__(probs, logits, validate_args)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters; see `Distribution.rsample`."""
        shape = self._shape(sample_shape)
        drawn = clamp_probs(factories.rand(shape, dtype=self.probs.dtype))
        logits = probs_to_logits(drawn, is_binary=True) + probs_to_logits(self.probs.expand(shape), is_binary=True)
        return logits / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        temperature: Any = factories.as_tensor(self.temperature)
        apart: Any = self.logits - value * temperature
        return temperature.log() + apart - 2 * softplus(apart)  # type: ignore[no-any-return]


class RelaxedBernoulli(TransformedDistribution):
    """Numbers from 0 to 1 that are near to one of the two.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#relaxedbernoulli

    Args:
        temperature: The lower, the nearer to 0 or 1; a scalar.
        probs: The probabilities of 1; or
        logits: the logarithms of their odds.
        validate_args: Whether to check parameters and values.
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}  # noqa: RUF012
    support = constraints.unit_interval
    base_dist: LogitRelaxedBernoulli

    def __init__(
        self, temperature: Tensor | float, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args)
        super().__init__(base, SigmoidTransform(), validate_args)

    @property
    def temperature(self) -> Any:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Any:
        """The probabilities of 1."""
        return self.base_dist.probs

    @property
    def logits(self) -> Any:
        """The logarithms of the odds of 1."""
        return self.base_dist.logits
