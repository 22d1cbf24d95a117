"""Student's t distributions. Samples are no differentiable functions of the parameters here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor import factories
from tensor.constants import inf, nan
from tensor.distributions import constraints
from tensor.distributions.distribution import ElementwiseDistribution
from tensor.distributions.parameters import broadcast_all
from tensor.ops.choosing import where
from tensor.ops.gamma_samples import standard_gamma
from tensor.ops.special import digamma, lgamma
from tensor.scopes import no_grad

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class StudentT(ElementwiseDistribution):
    """Student's t distributions.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#studentt

    Args:
        df: The degrees of freedom.
        loc: The most probable values.
        scale: How wide they are.
        validate_args: Whether to check parameters and values.
    """

    arg_constraints = {  # noqa: RUF012 - not to be changed
        "df": constraints.positive,
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real

    def __init__(
        self,
        df: Tensor | float,
        loc: Tensor | float = 0.0,
        scale: Tensor | float = 1.0,
        validate_args: bool | None = None,
    ) -> None:
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        super().__init__(self.df.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """The means, nan where there is none."""
        mean: Tensor = where(self.df <= 1, nan, self.loc)
        return mean

    @property
    def mode(self) -> Tensor:
        """The most probable values."""
        return self.loc  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variances, infinite or nan where there is none."""
        finite = self.scale.pow(2) * self.df / (self.df - 2)
        variance: Tensor = where(self.df > 2, finite, where(self.df > 1, inf, nan * self.df))
        return variance

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values; see `Distribution.sample`."""
        with no_grad():
            shape = self._shape(sample_shape)
            squares = 2 * standard_gamma((self.df / 2).expand(shape))
            drawn = factories.randn(shape, dtype=self.loc.dtype) * (self.df / squares).sqrt()
            return self.loc + self.scale * drawn  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at values."""
        self._check_value(value)
        away = (value - self.loc) / self.scale
        whole = self.scale.log() + 0.5 * self.df.log() + 0.5 * math.log(math.pi)
        whole = whole + lgamma(0.5 * self.df) - lgamma(0.5 * (self.df + 1.0))
        return -0.5 * (self.df + 1.0) * (away**2.0 / self.df).log1p() - whole  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Return the entropies."""
        half, more = 0.5 * self.df, 0.5 * (self.df + 1)
        beta: Any = lgamma(half) + math.lgamma(0.5) - lgamma(more)
        slopes = more * (digamma(more) - digamma(half))
        return self.scale.log() + slopes + 0.5 * self.df.log() + beta  # type: ignore[no-any-return]
