"""Reducing values into the elements at positions of flat memory, and the gradients of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tensor.dtypes import Array, is_floating
from tensor.errors import ArgumentError
from tensor.ops.places import summed

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")
_UFUNCS: dict[str, Any] = {
    "sum": np.add,
    "mean": np.add,
    "prod": np.multiply,
    "amax": np.maximum,
    "amin": np.minimum,
}


def check_reduction(reduce: str, among: tuple[str, ...] = REDUCTIONS) -> None:
    """Raise ArgumentError unless there is a reduction of that name."""
    if reduce not in among:
        raise ArgumentError(f"reduce argument must be {', '.join(among[:-1])} or {among[-1]}, got {reduce!r}")


def _neutral(reduce: str, dtype: np.dtype[Any]) -> Any:
    """What changes nothing in a reduction."""
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if dtype.kind == "b":
        return reduce == "amin"
    if is_floating(dtype):
        return -np.inf if reduce == "amax" else np.inf
    limits = np.iinfo(dtype)
    return limits.min if reduce == "amax" else limits.max


def reduced(input: Array, positions: Array, values: Array, reduce: str, *, include_self: bool) -> Array:
    """Return a copy of an array with values reduced into the elements at positions.

    Args:
        input: Any shape.
        positions: In row-major memory, any shape.
        values: As many, of the input's dtype.
        reduce: One of `REDUCTIONS`.
        include_self: Whether what was there counts as one of the values.
    """
    flat = positions.reshape(-1)
    result = np.array(input, order="C").reshape(-1)
    if not include_self:
        result[flat] = _neutral(reduce, input.dtype)
    _UFUNCS[reduce].at(result, flat, np.ascontiguousarray(values).reshape(-1))
    if reduce == "mean":
        count = _counted(result.size, flat, include_self)
        if is_floating(input.dtype):
            result /= count
        else:
            result = np.floor_divide(result, count).astype(input.dtype)
    return result.reshape(input.shape)


def _counted(size: int, flat: Array, include_self: bool) -> Array:
    """How many values each element was made of, at least 1."""
    count = np.bincount(flat, minlength=size)
    return count + 1 if include_self else np.maximum(count, 1)


@dataclass(frozen=True)
class Place:
    """What a reduction was made of.

    Args:
        shape: Of the result.
        own: What was there before, flat.
        flat: The positions, flat.
        values: The values, flat.
        include_self: Whether what was there before counts.
    """

    shape: tuple[int, ...]
    own: Array
    flat: Array
    values: Array
    include_self: bool

    @property
    def written(self) -> Array:
        """Which elements got values."""
        written = np.zeros(self.own.size, bool)
        written[self.flat] = True
        return written

    def total(self, of_values: Array) -> Array:
        """The sum of something about the values, for each element."""
        return summed((self.own.size,), self.flat, of_values)


def place_of(input: Array, positions: Array, values: Array, include_self: bool) -> Place:
    """Return what a reduction was made of, given its operands."""
    return Place(input.shape, input.reshape(-1), positions.reshape(-1), values.reshape(-1), include_self)


def _others(place: Place, each: Array, at: Any) -> Array:
    """The product of what each value was multiplied by, which may be zero: no division by a zero."""
    counts = place.include_self | ~place.written
    zeros = place.total((place.values == 0).astype(place.own.dtype)) + (counts & (place.own == 0))
    product = np.where(counts & (place.own != 0), place.own, 1)
    np.multiply.at(product, place.flat, np.where(place.values == 0, 1, place.values))
    zeros, product = zeros[at], product[at]
    alone = (each == 0) & (zeros == 1)
    return np.where(zeros == 0, product / np.where(each == 0, 1, each), np.where(alone, product, 0))


def _shares(place: Place, out: Array) -> tuple[Array, Array, Array]:
    """Where what was there, and which values, are the result; and how many there are in each place."""
    result = out.reshape(-1)
    mine = place.own == result
    theirs = place.values == result[place.flat]
    return mine, theirs, np.maximum(mine + place.total(theirs.astype(place.own.dtype)), 1)


def vjp_of_input(g: Array, place: Place, out: Array, reduce: str) -> Array:
    """Return the gradient for what was there before."""
    flat = g.reshape(-1)
    if reduce == "sum":
        to_input = flat.copy()
    elif reduce == "mean":
        to_input = flat / _counted(flat.size, place.flat, place.include_self)
    elif reduce == "prod":
        to_input = flat * _others(place, place.own, slice(None))
    else:
        mine, _, count = _shares(place, out)
        to_input = flat * mine / count
    if not place.include_self:
        to_input[place.flat] = 0
    return to_input.reshape(place.shape)


def vjp_of_source(g: Array, place: Place, out: Array, reduce: str) -> Array:
    """Return the gradient for the values, flat."""
    flat = g.reshape(-1)
    here = flat[place.flat]
    if reduce == "sum":
        return here
    if reduce == "mean":
        return here / _counted(flat.size, place.flat, place.include_self)[place.flat]
    if reduce == "prod":
        return here * _others(place, place.values, place.flat)
    _, theirs, count = _shares(place, out)
    return here * theirs / count[place.flat]
