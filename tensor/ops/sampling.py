"""Random numbers into tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tensor.bases import TensorBase
from tensor.dispatch import apply
from tensor.dtypes import Array, is_floating
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.generators import Generator, random_of
from tensor.registry import op
from tensor.scalars import numbers_into
from tensor.writes import writable_array

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _bernoulli(input: Array, *, random: np.random.Generator) -> Array:
    if not is_floating(input.dtype):
        raise DtypeError(f"bernoulli: expected probabilities of a floating point dtype, got {input.dtype}")
    if input.size and not (input.min() >= 0 and input.max() <= 1):
        raise ArgumentError("bernoulli: Expected p_in >= 0 && p_in <= 1 to be true")
    return (random.random(input.shape) < input).astype(input.dtype)


def _multinomial(input: Array, *, num_samples: int, replacement: bool, random: np.random.Generator) -> Array:
    if not is_floating(input.dtype):
        raise DtypeError(f"multinomial only supports floating-point dtypes for input, got: {input.dtype}")
    if input.ndim not in (1, 2) or not input.shape[-1]:
        raise ShapeError(f"prob_dist must be 1 or 2 dim, and not empty; got {list(input.shape)}")
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
        found = np.stack([np.searchsorted(row, each, "right") for row, each in zip(bounds, drawn, strict=True)])
    else:
        # Exponential races: the smallest of exponential times with these rates win (Efraimidis and Spirakis, 2006).
        times = random.standard_exponential(weights.shape) / np.where(weights > 0, weights, np.nan)
        found = np.argsort(times, -1)[:, :num_samples]
    return found.reshape(*input.shape[:-1], num_samples).astype(np.int64)


def _poisson(input: Array, *, random: np.random.Generator) -> Array:
    if input.size and not (input >= 0).all():
        raise ArgumentError("poisson: invalid Poisson rate, expected rate to be non-negative")
    return np.asarray(random.poisson(input), input.dtype)


BERNOULLI = op("bernoulli", _bernoulli)
MULTINOMIAL = op("multinomial", _multinomial)
POISSON = op("poisson", _poisson, input=lambda g: np.zeros_like(g))


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """Return ones with the probabilities in `input`, zeros elsewhere."""
    return apply(BERNOULLI, input, random=random_of(generator))


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
    """
    return apply(MULTINOMIAL, input, num_samples=num_samples, replacement=replacement, random=random_of(generator))


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Draw counts with the rates in `input`, in its dtype; their gradient is 0."""
    return apply(POISSON, input, random=random_of(generator))


def normal_(input: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with normal random numbers, in place; not recorded."""
    mean, std = numbers_into("normal_", input, mean, std)
    array = writable_array(input)
    array[...] = random_of(generator).standard_normal(array.shape) * std + mean
    return input


def uniform_(input: Tensor, from_: float = 0, to: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random numbers from `from_` up to but not `to`, in place; not recorded."""
    from_, to = numbers_into("uniform_", input, from_, to)
    array = writable_array(input)
    array[...] = random_of(generator).uniform(from_, to, array.shape)
    return input


def random_(input: Tensor, from_: int = 0, to: int | None = None, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random integers, in place; not recorded. One bound alone is the upper one."""
    from_, to = numbers_into("random_", input, from_, to)
    array = writable_array(input)
    low, high = (0, from_ or 2**24) if to is None else (from_, to)
    array[...] = random_of(generator).integers(low, high, array.shape)
    return input


def bernoulli_(input: Tensor, p: Tensor | float = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with ones with probability `p`, zeros elsewhere, in place; not recorded."""
    array = writable_array(input, p)
    array[...] = random_of(generator).random(array.shape) < (p._data if isinstance(p, TensorBase) else p)
    return input


def exponential_(input: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with exponential random numbers of a rate, in place; not recorded."""
    (rate,) = numbers_into("exponential_", input, lambd)
    if not rate > 0:
        raise ArgumentError(f"exponential_ expects lambda > 0.0, but found lambda={rate}")
    array = writable_array(input)
    array[...] = random_of(generator).standard_exponential(array.shape) / rate
    return input


def log_normal_(input: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random numbers whose logarithms are normal, in place; not recorded."""
    mean, std = numbers_into("log_normal_", input, mean, std)
    array = writable_array(input)
    array[...] = random_of(generator).lognormal(mean, std, array.shape)
    return input


def cauchy_(input: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random numbers of a Cauchy distribution, in place; not recorded."""
    median, sigma = numbers_into("cauchy_", input, median, sigma)
    array = writable_array(input)
    array[...] = random_of(generator).standard_cauchy(array.shape) * sigma + median
    return input


def geometric_(input: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with how many trials of probability `p` it took, in place; not recorded."""
    (p,) = numbers_into("geometric_", input, p)
    if not 0 < p < 1:
        raise ArgumentError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    array = writable_array(input)
    array[...] = random_of(generator).geometric(p, array.shape)
    return input
