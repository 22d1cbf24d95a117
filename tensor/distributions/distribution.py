"""What all distributions have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from tensor.distributions.constraints import Constraint
from tensor.errors import ArgumentError, UnsupportedError
from tensor.scopes import no_grad
from tensor.sizes import Size

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Distribution:
    """Random variables. Many at once: of a `batch_shape`, each of an `event_shape`.

    Source: https://docs.pytorch.org/docs/stable/distributions.html

    Args:
        batch_shape: How many there are.
        event_shape: The shape of one.
        validate_args: Whether to check parameters and values; as `set_default_validate_args` says if not given.
    """

    has_rsample = False
    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    support: Constraint | None = None
    _validate_args = True

    def __init__(
        self,
        batch_shape: Sequence[int] = (),
        event_shape: Sequence[int] = (),
        validate_args: bool | None = None,
    ) -> None:
        self._batch_shape = Size(batch_shape)
        self._event_shape = Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            for name, constraint in self.arg_constraints.items():
                if name in self.__dict__:
                    constraint.require(self.__dict__[name], f"{type(self).__name__}: parameter {name}")

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Say whether distributions check their parameters and values unless told otherwise.

        Args:
            value: Whether they do.
        """
        Distribution._validate_args = value

    @property
    def batch_shape(self) -> Size:
        """How many random variables there are, as a shape."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one random variable."""
        return self._event_shape

    def _shape(self, sample_shape: Sequence[int] = ()) -> Size:
        """The shape of a sample."""
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values, without a gradient.

        Args:
            sample_shape: How many of each.

        Returns:
            (*sample_shape, *batch_shape, *event_shape).
        """
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters, to which gradients flow.

        Args:
            sample_shape: How many of each.

        Raises:
            UnsupportedError: They are no differentiable function of the parameters.
        """
        raise self._missing("rsample: draw with sample(), which has no gradient")

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density, or of the probability, at values: (*sample_shape, *batch_shape)."""
        raise self._missing("log_prob")

    def entropy(self) -> Tensor:
        """Return the entropies: (*batch_shape,)."""
        raise self._missing("entropy")

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probabilities of no more than values."""
        raise self._missing("cdf")

    def icdf(self, value: Tensor) -> Tensor:
        """Return the values below which probabilities lie."""
        raise self._missing("icdf")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """Return all values that there are, in a new first dimension.

        Args:
            expand: Whether to repeat them over the batch.
        """
        raise self._missing("enumerate_support")

    def expand(self, batch_shape: Sequence[int]) -> Self:
        """Return the distribution with its parameters expanded to another `batch_shape`.

        Args:
            batch_shape: The shape.
        """
        raise self._missing("expand")

    def perplexity(self) -> Tensor:
        """Return the exponentials of the entropies."""
        return self.entropy().exp()

    @property
    def mean(self) -> Tensor:
        """The means."""
        raise self._missing("mean")

    @property
    def mode(self) -> Tensor:
        """The most probable values."""
        raise self._missing("mode")

    @property
    def variance(self) -> Tensor:
        """The variances."""
        raise self._missing("variance")

    @property
    def stddev(self) -> Tensor:
        """The standard deviations."""
        return self.variance.sqrt()

    def _missing(self, what: str) -> UnsupportedError:
        return UnsupportedError(f"{type(self).__name__} has no {what}")

    def _check_value(self, value: Any) -> None:
        """Raise unless the distribution can have a value."""
        if not self._validate_args:
            return
        ours = (*self._batch_shape, *self._event_shape)
        shape = tuple(value.shape)
        if self._event_shape and shape[-len(self._event_shape) :] != tuple(self._event_shape):
            raise ArgumentError(
                f"{type(self).__name__}: the value is of shape {list(shape)}, and ends in no event of shape "
                f"{list(self._event_shape)}"
            )
        for mine, yours in zip(reversed(ours), reversed(shape), strict=False):
            if mine != yours and 1 not in (mine, yours):
                raise ArgumentError(
                    f"{type(self).__name__}: the value is of shape {list(shape)}, which does not broadcast with "
                    f"{list(ours)}"
                )
        if self.support is not None:
            self.support.require(value, f"{type(self).__name__}: value")

    def __repr__(self) -> str:
        known = {name: self.__dict__[name] for name in self.arg_constraints if name in self.__dict__}
        shown = [f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in known.items()]
        return f"{type(self).__name__}({', '.join(shown)})"


class ElementwiseDistribution(Distribution):
    """Distributions of single numbers, whose parameters each have the shape of the batch."""

    def expand(self, batch_shape: Sequence[int]) -> Self:
        """Return the distribution with its parameters expanded to another `batch_shape`.

        Args:
            batch_shape: The shape.
        """
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        for name in self.arg_constraints:
            if name in self.__dict__:
                made.__dict__[name] = self.__dict__[name].expand(batch_shape)
        made._batch_shape = Size(batch_shape)
        return made
