"""Filling tensors with random numbers, in place.

Nothing of it is recorded: a leaf that requires a gradient can be filled under `no_grad` only. The numbers come from
NumPy's generators, so they differ from PyTorch's for the same seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.bases import TensorBase
from tensor.dtypes import Array, is_floating
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.generators import DIGITS, Generator, random_of, uniform
from tensor.ops.sampling import check_probabilities
from tensor.scalars import numbers_into
from tensor.writes import writable_array

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _check_floating(name: str, input: Tensor) -> None:
    if not is_floating(input._data.dtype):
        raise DtypeError(
            f"{name}: the distribution is continuous, so the tensor's dtype must be a floating point one, "
            f"but it is {input.dtype}"
        )


def _drawn_as(array: Array) -> Any:
    """The dtype to draw in: NumPy knows two."""
    return np.float64 if array.dtype == np.float64 else np.float32


def normal_(input: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with normal random numbers, in place; not recorded.

    Raises:
        ArgumentError: The standard deviation is negative.
        DtypeError: The tensor is none of floats.
    """
    mean, std = numbers_into("normal_", input, mean, std)
    _check_floating("normal_", input)
    if not std >= 0:
        raise ArgumentError(f"normal expects std >= 0.0, but found std {std}")
    array = writable_array(input)
    array[...] = random_of(generator).standard_normal(array.shape, _drawn_as(array)) * std + mean
    return input


def uniform_(input: Tensor, from_: float = 0, to: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random numbers from `from_` up to but not `to`, in place; not recorded.

    Raises:
        ArgumentError: The first bound is above the second.
        DtypeError: The tensor is none of floats.
    """
    from_, to = numbers_into("uniform_", input, from_, to)
    _check_floating("uniform_", input)
    if not from_ <= to:
        raise ArgumentError(f"uniform_ expects to return a [from, to) range, but found from={from_} > to={to}")
    array = writable_array(input)
    drawn = uniform(random_of(generator), array.shape, array.dtype)
    if (from_, to) == (0, 1):
        array[...] = drawn
        return input
    array[...] = drawn.astype(np.float64) * (to - from_) + from_
    if from_ < to:  # what was rounded up to the second bound
        bound = np.asarray(to, array.dtype)
        array[array >= bound] = np.nextafter(bound, np.asarray(-np.inf, array.dtype))
    return input


def _whole_range(dtype: np.dtype[Any]) -> tuple[int, int]:
    """All integers from 0 that a dtype holds without gaps, as a half-open range."""
    if dtype.kind == "b":
        return 0, 2
    if is_floating(dtype):
        return 0, 2 ** DIGITS[dtype.name] + 1
    return 0, int(np.iinfo(dtype).max) + 1


def random_(
    input: Tensor, from_: int | None = None, to: int | None = None, *, generator: Generator | None = None
) -> Tensor:
    """Fill the tensor with random integers, in place; not recorded. One bound alone is the upper one.

    Args:
        input: Any dtype; without bounds, from 0 up to the largest integer that it holds, without gaps.
        from_: The first integer.
        to: The first that is too large.
        generator: Where random numbers come from.

    Raises:
        ArgumentError: There is no integer in between, or the dtype cannot hold one of them.
    """
    from_, to = numbers_into("random_", input, from_, to)
    dtype = input._data.dtype
    if to is not None:
        low, high = from_ or 0, to
    else:
        low, high = _whole_range(dtype) if from_ is None else (0, from_)
    if low >= high:
        raise ArgumentError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if low < limits.min or high - 1 > limits.max:
            raise ArgumentError(f"random_: from={low} or to - 1={high - 1} is out of bounds for {input.dtype}")
    array = writable_array(input)
    array[...] = random_of(generator).integers(low, high, array.shape)
    return input


def bernoulli_(input: Tensor, p: Tensor | float = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with ones with probability `p`, zeros elsewhere, in place; not recorded.

    Args:
        input: Any dtype.
        p: One probability, or a tensor of them that broadcasts to the input.
        generator: Where random numbers come from.

    Raises:
        ArgumentError: What should be a probability is none.
        ShapeError: There are more probabilities than elements.
    """
    if isinstance(p, TensorBase):
        check_probabilities("bernoulli_", p._data)
        if np.broadcast_shapes(p._data.shape, input._data.shape) != input._data.shape:
            raise ShapeError(
                f"bernoulli_: probabilities {list(p._data.shape)} do not broadcast to the input, "
                f"{list(input._data.shape)}"
            )
    elif not 0 <= p <= 1:
        raise ArgumentError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
    array = writable_array(input, p)
    array[...] = random_of(generator).random(array.shape) < (p._data if isinstance(p, TensorBase) else p)
    return input


def exponential_(input: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with exponential random numbers of a rate, in place; not recorded."""
    (rate,) = numbers_into("exponential_", input, lambd)
    _check_floating("exponential_", input)
    if not rate > 0:
        raise ArgumentError(f"exponential_ expects lambda > 0.0, but found lambda={rate}")
    array = writable_array(input)
    array[...] = random_of(generator).standard_exponential(array.shape, _drawn_as(array)) / rate
    return input


def log_normal_(input: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random numbers whose logarithms are normal, in place; not recorded."""
    mean, std = numbers_into("log_normal_", input, mean, std)
    _check_floating("log_normal_", input)
    if not std > 0:
        raise ArgumentError(f"log_normal_ expects std > 0.0, but found std={std}")
    array = writable_array(input)
    array[...] = random_of(generator).lognormal(mean, std, array.shape)
    return input


def cauchy_(input: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random numbers of a Cauchy distribution, in place; not recorded."""
    median, sigma = numbers_into("cauchy_", input, median, sigma)
    _check_floating("cauchy_", input)
    if not sigma > 0:
        raise ArgumentError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    array = writable_array(input)
    array[...] = random_of(generator).standard_cauchy(array.shape) * sigma + median
    return input


def geometric_(input: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with how many trials of probability `p` it took, in place; not recorded."""
    (p,) = numbers_into("geometric_", input, p)
    if input._data.dtype.kind == "b":
        raise DtypeError("geometric_: counts of trials are no booleans; use a tensor of integers or floats")
    if not 0 < p < 1:
        raise ArgumentError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    array = writable_array(input)
    array[...] = random_of(generator).geometric(p, array.shape)
    return input
