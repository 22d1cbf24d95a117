"""Windows that slide over the last dimensions of an array: their sizes, and the memory they look at."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError

# One number for all the spatial dimensions, or one for each.
Sizes = int | Sequence[int]


def trailing(*index: Any) -> tuple[Any, ...]:
    """Return an index of an array's last dimensions."""
    return (..., *index)


def along(axis: int, index: Any) -> tuple[Any, ...]:
    """Return an index of one dimension of an array, counted from the back: -1 is the last."""
    return (..., index, *[slice(None)] * (-axis - 1))


def per_dim(name: str, argument: str, value: Sizes, dims: int) -> tuple[int, ...]:
    """Return an argument as one integer for each spatial dimension.

    Args:
        name: The function, for messages.
        argument: What the argument is called.
        value: One integer for all the dimensions, or one for each.
        dims: How many there are.

    Raises:
        ArgumentError: There are not as many as dimensions.
        DtypeError: One is no integer.
    """
    given = tuple(value) if isinstance(value, tuple | list) else (value,)
    try:
        sizes = tuple([each.__index__() for each in given])
    except (AttributeError, TypeError):
        raise DtypeError(f"{name}(): {argument} must be an integer, or several, got {value!r}") from None
    if len(sizes) not in (1, dims):
        raise ArgumentError(
            f"{name}: expected {argument} to be a single integer value or a list of {dims} values to match the "
            f"spatial dimensions, but got {argument}={list(sizes)}"
        )
    return sizes * dims if len(sizes) == 1 else sizes


def padded(array: Array, low: Sequence[int], high: Sequence[int], value: float = 0) -> Array:
    """Return a copy with the last dimensions extended by `low` in front and by `high` behind; never less than all."""
    if not (any(low) or any(high)):
        return array
    lead = array.ndim - len(low)
    sizes = [before + size + after for before, size, after in zip(low, array.shape[lead:], high, strict=True)]
    out = np.full((*array.shape[:lead], *sizes), value, array.dtype)
    out[trailing(*[slice(p, p + size) for p, size in zip(low, array.shape[lead:], strict=True)])] = array
    return out


@dataclass(frozen=True, slots=True)
class Windows:
    """How windows slide over the last dimensions: one integer for each of them.

    Args:
        kernel: the sizes of a window.
        stride: from one window to the next.
        dilation: from one element of a window to the next.
        low: elements put before the first.
        high: elements put after the last.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]

    @property
    def dims(self) -> int:
        """How many dimensions the windows have."""
        return len(self.kernel)

    @property
    def count(self) -> int:
        """How many elements a window has."""
        return math.prod(self.kernel)

    @property
    def extent(self) -> tuple[int, ...]:
        """How far a window reaches."""
        return tuple([d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True)])

    def places(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Return how many windows fit into dimensions of these sizes; may be zero or negative."""
        return tuple(
            [
                (low + size + high - reach) // step + 1
                for size, low, high, reach, step in zip(
                    sizes, self.low, self.high, self.extent, self.stride, strict=True
                )
            ]
        )

    def offsets(self) -> Iterator[tuple[int, ...]]:
        """Yield the place of each element of a window, relative to its first, in row-major order."""
        return itertools.product(
            *[range(0, k * d, d) if k else range(0) for k, d in zip(self.kernel, self.dilation, strict=True)]
        )

    def taps(self, array: Array, places: Sequence[int]) -> list[Array]:
        """Return, for each element of a window, a view of what it meets in all the windows.

        Args:
            array: padded already, (..., *sizes).
            places: how many windows there are.

        Returns:
            Views of (..., *places).
        """
        lengths = [(p - 1) * s + 1 if p > 0 else 0 for p, s in zip(places, self.stride, strict=True)]
        return [
            array[trailing(*[slice(o, o + length, s) for o, length, s in zip(at, lengths, self.stride, strict=True)])]
            for at in self.offsets()
        ]
