"""Random numbers into tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tensor.bases import TensorBase
from tensor.dispatch import apply
from tensor.dtypes import Array, is_floating
from tensor.errors import ArgumentError, DtypeError
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


BERNOULLI = op("bernoulli", _bernoulli)


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """Return ones with the probabilities in `input`, zeros elsewhere."""
    return apply(BERNOULLI, input, random=random_of(generator))


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
