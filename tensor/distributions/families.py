"""What families of distributions have in common: a place and a width, odds, classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from tensor.distributions import constraints
from tensor.distributions.distribution import Distribution, ElementwiseDistribution
from tensor.distributions.parameters import broadcast_all, exactly_one, logits_to_probs, probs_to_logits
from tensor.sizes import Size

if TYPE_CHECKING:
    from tensor.distributions.categorical import Categorical
    from tensor.tensors import Tensor


class LocationScaleDistribution(ElementwiseDistribution):
    """Distributions over all numbers that are moved by `loc`, and stretched by `scale`."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}  # noqa: RUF012 - not to be changed
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mode(self) -> Tensor:
        """The most probable values."""
        return self.loc  # type: ignore[no-any-return]


class OddsDistribution(ElementwiseDistribution):
    """Distributions of trials that succeed with some probability, given as such or as the logarithm of the odds."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}  # noqa: RUF012

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        name, value = self._given(probs, logits)
        (self.__dict__[name],) = broadcast_all(value)
        super().__init__(self.__dict__[name].shape, validate_args=validate_args)

    def _given(self, probs: Any, logits: Any) -> tuple[str, Any]:
        """Which of the two is given, and its value."""
        exactly_one(type(self).__name__, probs, logits)
        return ("probs", probs) if logits is None else ("logits", logits)

    def __getattr__(self, name: str) -> Any:
        if name == "logits" and "probs" in self.__dict__:
            return probs_to_logits(self.__dict__["probs"], is_binary=True)
        if name == "probs" and "logits" in self.__dict__:
            return logits_to_probs(self.__dict__["logits"], is_binary=True)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class ClassesDistribution(Distribution):
    """Distributions of vectors with a number for each of several classes, which are drawn with some probabilities."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}  # noqa: RUF012

    def __init__(self, categorical: Categorical, validate_args: bool | None = None) -> None:
        self._categorical = categorical
        super().__init__(categorical.batch_shape, (categorical._num_events,), validate_args)

    @property
    def probs(self) -> Any:
        """The probabilities of the classes."""
        return self._categorical.probs

    @property
    def logits(self) -> Any:
        """The logarithms of the probabilities of the classes."""
        return self._categorical.logits

    def expand(self, batch_shape: Sequence[int]) -> Self:
        """Return the distribution with its parameters expanded to another `batch_shape`."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made._categorical = self._categorical.expand(batch_shape)
        made._batch_shape = Size(batch_shape)
        return made
