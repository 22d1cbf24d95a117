"""Categorical distributions: one of several classes, as its number or as a vector with a single 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from tensor.distributions import constraints
from tensor.distributions.constraints import Constraint
from tensor.distributions.distribution import Distribution
from tensor.distributions.families import ClassesDistribution
from tensor.distributions.parameters import exactly_one, logits_to_probs, probs_to_logits
from tensor.errors import ShapeError
from tensor.limits import finfo
from tensor.nn.functional import one_hot
from tensor.ops.extremes import clamp
from tensor.ops.logits import logsumexp
from tensor.ops.sampling import multinomial
from tensor.ops.shapes import broadcast_tensors
from tensor.scopes import no_grad
from tensor.sequences import arange
from tensor.sizes import Size

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class Categorical(Distribution):
    """The number of one of several classes.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#categorical

    Args:
        probs: How probable each class is, (*batch_shape, classes), up to a factor; or
        logits: the logarithms of that, up to a summand.
        validate_args: Whether to check parameters and values.

    Raises:
        ArgumentError: A probability is negative, or not just one of `probs` and `logits` is given.
        ShapeError: It is 0-d.
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}  # noqa: RUF012

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        exactly_one("Categorical", probs, logits)
        name, value = ("probs", probs) if logits is None else ("logits", logits)
        if value.dim() < 1:
            raise ShapeError(f"`{name}` parameter must be at least one-dimensional.")
        normal = value / value.sum(-1, keepdim=True) if logits is None else value - logsumexp(value, -1, keepdim=True)
        self.__dict__[name] = normal
        super().__init__(value.shape[:-1], validate_args=validate_args)

    def __getattr__(self, name: str) -> Any:
        if name == "logits":
            return probs_to_logits(self.__dict__["probs"])
        if name == "probs":
            return logits_to_probs(self.__dict__["logits"])
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def _param(self) -> Any:
        return self.__dict__["probs"] if "probs" in self.__dict__ else self.__dict__["logits"]

    @property
    def _num_events(self) -> int:
        return int(self._param.shape[-1])

    @property
    def support(self) -> Constraint:  # type: ignore[override]
        """What values there are."""
        last = self._num_events - 1
        return Constraint(
            f"a whole number from 0 to {last}", lambda value: (value % 1 == 0) & (value >= 0) & (value <= last)
        )

    @property
    def mean(self) -> Tensor:
        """Classes have no mean: nan."""
        return self._param.new_full(self._batch_shape, float("nan"))  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """Classes have no variance: nan."""
        return self.mean

    @property
    def mode(self) -> Tensor:
        """The most probable classes."""
        return self.probs.argmax(-1)  # type: ignore[no-any-return]

    def expand(self, batch_shape: Sequence[int]) -> Self:
        """Return the distribution with its parameters expanded to another `batch_shape`."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        for name in self.arg_constraints:
            if name in self.__dict__:
                made.__dict__[name] = self.__dict__[name].expand((*batch_shape, self._num_events))
        made._batch_shape = Size(batch_shape)
        return made

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random classes, int64; see `Distribution.sample`."""
        with no_grad():
            count = Size(sample_shape).numel()
            rows = self.probs.reshape(-1, self._num_events)
            drawn = multinomial(rows, count, True).t() if count else rows.new_empty(0, len(rows)).long()
            return drawn.reshape((*sample_shape, *self._batch_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the probability of classes."""
        self._check_value(value)
        index, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, index[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        """Return the entropies."""
        logits = clamp(self.logits, min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)  # type: ignore[no-any-return]

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """Return all classes in a new first dimension; see `Distribution.enumerate_support`."""
        values = arange(self._num_events).view(-1, *[1] * len(self._batch_shape))
        return values.expand(-1, *self._batch_shape) if expand else values


class OneHotCategorical(ClassesDistribution):
    """One of several classes, as a vector with a single 1.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#onehotcategorical

    Args:
        probs: How probable each class is, (*batch_shape, classes), up to a factor; or
        logits: the logarithms of that, up to a summand.
        validate_args: Whether to check parameters and values.
    """

    support = constraints.one_hot

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(Categorical(probs, logits, validate_args), validate_args)

    @property
    def mean(self) -> Tensor:
        """The means, which are the probabilities."""
        return self.probs  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The most probable classes."""
        return one_hot(self._categorical.mode, self._categorical._num_events).to(self.probs)

    @property
    def variance(self) -> Tensor:
        """The variances."""
        return self.probs * (1 - self.probs)  # type: ignore[no-any-return]

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random vectors with a single 1; see `Distribution.sample`."""
        with no_grad():
            return one_hot(self._categorical.sample(sample_shape), self._categorical._num_events).to(self.probs)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the probability of vectors."""
        self._check_value(value)
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self) -> Tensor:
        """Return the entropies."""
        return self._categorical.entropy()


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One of several classes, as a vector with a single 1, to which gradients flow as if it were the probabilities.

    Source: Bengio et al., 2013, https://arxiv.org/abs/1308.3432;
    https://docs.pytorch.org/docs/stable/distributions.html#onehotcategoricalstraightthrough

    Args:
        probs: How probable each class is, (*batch_shape, classes), up to a factor; or
        logits: the logarithms of that, up to a summand.
        validate_args: Whether to check parameters and values.
    """

    has_rsample = True

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random vectors, whose gradient is that of the probabilities; see `Distribution.rsample`."""
        return self.sample(sample_shape) + (self.probs - self.probs.detach())  # type: ignore[no-any-return]
