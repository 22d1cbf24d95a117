"""Vectors that are nearly one-hot, and of which gradients are known: the Gumbel-softmax.

Source: Maddison et al., 2016, https://arxiv.org/abs/1611.00712; Jang et al., 2016, https://arxiv.org/abs/1611.01144
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor import factories
from tensor.distributions import constraints
from tensor.distributions.categorical import Categorical
from tensor.distributions.families import ClassesDistribution
from tensor.distributions.parameters import clamp_probs
from tensor.distributions.transformed_distribution import TransformedDistribution
from tensor.distributions.transforms import ExpTransform
from tensor.ops.logits import log_softmax

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class ExpRelaxedCategorical(ClassesDistribution):
    """The logarithms of what `RelaxedOneHotCategorical` draws.

    Args:
        temperature: The lower, the nearer to one-hot; a scalar.
        probs: How probable each class is, (*batch_shape, classes), up to a factor; or
        logits: the logarithms of that, up to a summand.
        validate_args: Whether to check parameters and values.
    """

    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, temperature: Tensor | float, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(Categorical(probs, logits, validate_args), validate_args)
        self.temperature = temperature

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters; see `Distribution.rsample`."""
        drawn = clamp_probs(factories.rand(self._shape(sample_shape), dtype=self.logits.dtype))
        return log_softmax((self.logits - (-drawn.log()).log()) / self.temperature, -1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        classes = self._categorical._num_events
        temperature: Any = factories.as_tensor(self.temperature)
        score = log_softmax(self.logits - value * temperature, -1).sum(-1)
        return score + math.lgamma(classes) + (classes - 1) * temperature.log()  # type: ignore[no-any-return]


class RelaxedOneHotCategorical(TransformedDistribution):
    """Vectors of positive numbers whose sum is 1, and of which one is nearly all of it.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#relaxedonehotcategorical

    Args:
        temperature: The lower, the nearer to one-hot; a scalar.
        probs: How probable each class is, (*batch_shape, classes), up to a factor; or
        logits: the logarithms of that, up to a summand.
        validate_args: Whether to check parameters and values.
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}  # noqa: RUF012
    support = constraints.simplex
    base_dist: ExpRelaxedCategorical

    def __init__(
        self, temperature: Tensor | float, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(
            ExpRelaxedCategorical(temperature, probs, logits, validate_args), ExpTransform(), validate_args
        )

    @property
    def temperature(self) -> Any:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Any:
        """The probabilities of the classes."""
        return self.base_dist.probs

    @property
    def logits(self) -> Any:
        """The logarithms of the probabilities of the classes."""
        return self.base_dist.logits
