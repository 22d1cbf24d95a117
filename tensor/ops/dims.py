"""Dimensions and sizes as PyTorch's callers write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tensor.errors import DimensionError, DtypeError, ShapeError

Dims = int | Sequence[int]


def normal_dim(dim: int, ndim: int) -> int:
    """Return a dimension counted from the front.

    Args:
        dim: From `-ndim` to `ndim - 1`; a 0-d tensor takes -1 and 0.
        ndim: The tensor's number of dimensions.

    Raises:
        DimensionError: It is out of range.
    """
    size = ndim or 1
    if not -size <= dim < size:
        raise DimensionError(
            f"Dimension out of range (expected to be in range of [{-size}, {size - 1}], but got {dim})"
        )
    return dim % size


def normal_dims(dim: Dims | None, ndim: int) -> tuple[int, ...]:
    """Return several dimensions counted from the front; none given means all.

    Raises:
        DimensionError: One is out of range, or given twice.
    """
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        return tuple(range(ndim))
    dims = tuple(normal_dim(each, ndim) for each in ((dim,) if isinstance(dim, int) else dim))
    if len(set(dims)) != len(dims):
        raise DimensionError(f"a dimension appears multiple times in the list of dims {list(dims)}")
    return dims if ndim else ()


def sizes(given: tuple[Any, ...]) -> tuple[int, ...]:
    """Return sizes passed as separate arguments, or as one sequence, as a tuple of ints.

    Raises:
        DtypeError: One is no integer.
    """
    if len(given) == 1 and isinstance(given[0], Iterable) and not isinstance(given[0], str):
        given = tuple(given[0]) if getattr(given[0], "ndim", 1) else given
    try:
        return tuple([each.__index__() for each in given])
    except (AttributeError, TypeError):
        raise DtypeError(f"sizes must be integers, got {list(given)}") from None


def extents(given: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the sizes of a tensor to be made, passed as for `sizes`.

    Raises:
        DtypeError: One is no integer.
        ShapeError: One is negative.
    """
    size = sizes(given)
    if any(each < 0 for each in size):
        raise ShapeError(f"Dimension size must be non-negative, got {list(size)}")
    return size
