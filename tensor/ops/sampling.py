"""Random numbers whose distributions tensors give.

Where PyTorch draws from the same distribution, the numbers themselves differ: they come from NumPy's generators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array, is_floating
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.generators import Generator, random_of
from tensor.ops.elementwise import check_floating, flat
from tensor.registry import op
from tensor.scalars import whole

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def check_probabilities(name: str, p: Array) -> None:
    """Raise unless all of an array's elements are probabilities."""
    check_floating(name, p)
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        raise ArgumentError(f"{name}: Expected p_in >= 0 && p_in <= 1 to be true, got {p.min()} to {p.max()}")


def _bernoulli(input: Array, *, p: float | None, random: np.random.Generator) -> Array:
    if p is None:
        check_probabilities("bernoulli", input)
    elif not 0 <= p <= 1:
        raise ArgumentError(f"bernoulli expects p to be in [0, 1], but got p={p}")
    return np.asarray(random.random(input.shape) < (input if p is None else p)).astype(input.dtype)


def _multinomial(input: Array, *, num_samples: int, replacement: bool, random: np.random.Generator) -> Array:
    if not is_floating(input.dtype):
        raise DtypeError(
            f"multinomial only supports floating-point dtypes for input, got: {dtypes.of(input.dtype)}; "
            "convert it with .float()"
        )
    if input.ndim not in (1, 2) or not input.shape[-1]:
        raise ShapeError(f"prob_dist must be 1 or 2 dim, and not empty; got {list(input.shape)}")
    if num_samples <= 0:
        raise ArgumentError(f"cannot sample n_sample <= 0 samples, got {num_samples}")
    weights = np.atleast_2d(input).astype(np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ArgumentError("probability tensor contains either `inf`, `nan` or element < 0")
    likely = (weights > 0).sum(-1).min(initial=weights.shape[-1])
    if not likely:
        raise ArgumentError("invalid multinomial distribution (sum of probabilities <= 0)")
    if not replacement and num_samples > weights.shape[-1]:
        raise ArgumentError(
            f"cannot sample n_sample > prob_dist.size(-1) samples without replacement: {num_samples} of "
            f"{weights.shape[-1]}"
        )
    if not replacement and num_samples > likely:
        raise ArgumentError(
            "invalid multinomial distribution (with replacement=False, not enough non-negative category to sample)"
        )
    if replacement:
        bounds = weights.cumsum(-1)
        drawn = random.random((len(weights), num_samples)) * bounds[:, -1:]
        found = np.empty(drawn.shape, np.int64)
        for row, sums in enumerate(bounds):
            found[row] = np.searchsorted(sums, np.minimum(drawn[row], np.nextafter(sums[-1], 0)), "right")
    else:
        # Exponential races: the smallest of exponential times with these rates win (Efraimidis and Spirakis, 2006).
        times = random.standard_exponential(weights.shape) / np.where(weights > 0, weights, np.nan)
        found = np.argsort(times, -1)[:, :num_samples]
    return found.reshape(*input.shape[:-1], num_samples).astype(np.int64)


def _poisson(input: Array, *, random: np.random.Generator) -> Array:
    check_floating("poisson", input)
    if input.size and not (input >= 0).all():
        raise ArgumentError("poisson: invalid Poisson rate, expected rate to be non-negative")
    return np.asarray(random.poisson(input)).astype(input.dtype)


def _binomial(count: Array, prob: Array, *, random: np.random.Generator) -> Array:
    check_floating("binomial", count)
    if count.dtype != prob.dtype:
        raise DtypeError(
            f"binomial only supports floating-point dtypes for count and prob, both the same; got "
            f"{dtypes.of(count.dtype)} and {dtypes.of(prob.dtype)}"
        )
    check_probabilities("binomial", prob)
    if count.size and not (count >= 0).all():
        raise ArgumentError("binomial: expected counts of trials to be non-negative")
    return np.asarray(random.binomial(count.astype(np.int64), prob)).astype(count.dtype)


def _normal(mean: Array | float, std: Array | float, *, random: np.random.Generator) -> Array:
    given = [each for each in (mean, std) if isinstance(each, np.ndarray)]
    for each in given:
        check_floating("normal", each)
    if np.size(std) and not np.min(std) >= 0:
        raise ArgumentError("normal expects all elements of std >= 0.0")
    shape = np.broadcast_shapes(*[each.shape for each in given])
    drawn = random.standard_normal(shape, np.float64 if given[0].dtype == np.float64 else np.float32)
    return np.asarray(drawn * std + mean).astype(given[0].dtype)


BERNOULLI = op("bernoulli", _bernoulli, input=flat)
MULTINOMIAL = op("multinomial", _multinomial)
POISSON = op("poisson", _poisson, input=flat)
BINOMIAL = op("binomial", _binomial, prob=flat)
NORMAL = op("normal", _normal, mean=flat, std=flat)


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """Return ones with the probabilities in `input`, zeros elsewhere; their gradient is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bernoulli.html

    Args:
        input: Probabilities of any shape; or any tensor if `p` is given.
        p: One probability for all elements.
        generator: Where random numbers come from.

    Raises:
        ArgumentError: What should be a probability is none.
        DtypeError: The probabilities are no floats.
    """
    return apply(BERNOULLI, input, p=p, random=random_of(generator))


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Draw numbers with the probabilities that a row gives.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html

    Args:
        input: Weights, not negative and not all 0, which need not add up to 1: (categories,) or (rows, categories).
        num_samples: How many to draw for each row.
        replacement: Whether a number may be drawn again.
        generator: Where random numbers come from.

    Returns:
        int64, (num_samples,) or (rows, num_samples).

    Raises:
        ArgumentError: The weights are no distribution, or there are not enough of them.
        ShapeError: There are no categories, or too many dimensions.
        DtypeError: The weights are no floats.
    """
    count = whole("multinomial", "num_samples", num_samples)
    return apply(MULTINOMIAL, input, num_samples=count, replacement=replacement, random=random_of(generator))


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Draw counts with the rates in `input`, in its dtype; their gradient is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.poisson.html

    Raises:
        ArgumentError: A rate is negative.
        DtypeError: The rates are no floats.
    """
    return apply(POISSON, input, random=random_of(generator))


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Draw how many of `count` trials succeed with the probabilities in `prob`; their gradient is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.binomial.html

    Args:
        count: Counts, as floats.
        prob: Probabilities of the same dtype; both broadcast.
        generator: Where random numbers come from.

    Raises:
        ArgumentError: A count is negative, or what should be a probability is none.
        DtypeError: The dtypes differ, or are none of floats.
    """
    return apply(BINOMIAL, count, prob, random=random_of(generator))


def normal_of(mean: Tensor | float, std: Tensor | float, generator: Generator | None) -> Tensor:
    """Draw normal numbers with means and standard deviations of which tensors give at least one; the gradient is 0.

    Args:
        mean: Floats, or one number.
        std: Floats, or one number; both broadcast.
        generator: Where random numbers come from.

    Raises:
        ArgumentError: A standard deviation is negative.
        DtypeError: The tensors are none of floats.
    """
    return apply(NORMAL, mean, std, random=random_of(generator))
