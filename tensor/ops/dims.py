"""Dimensions and sizes as PyTorch's callers write them."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from tensor.bases import TensorBase, describe
from tensor.errors import DimensionError, DtypeError, ShapeError

Dims = int | Sequence[int]
P = ParamSpec("P")
R = TypeVar("R")


def _whole(dim: Any) -> int:
    if isinstance(dim, TensorBase):
        raise DtypeError(f"expected an integer as a dimension, got a tensor ({describe(dim)}); pass its item()")
    try:
        return operator.index(dim)
    except TypeError:
        raise DtypeError(f"expected an integer as a dimension, got {dim!r}") from None


def takes_axis(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that also knows its `dim` and `keepdim` by NumPy's names, `axis` and `keepdims`, as in PyTorch.

    Raises:
        TypeError: A caller gives both names of one argument.
    """

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        for theirs, ours in (("axis", "dim"), ("keepdims", "keepdim")):
            if theirs in kwargs:
                if ours in kwargs:
                    raise TypeError(f"{function.__name__}() got {ours} and {theirs}, which are one argument")
                kwargs[ours] = kwargs.pop(theirs)
        return function(*args, **kwargs)

    return called


def normal_dim(dim: int, ndim: int) -> int:
    """Return a dimension counted from the front.

    Args:
        dim: From `-ndim` to `ndim - 1`; a 0-d tensor takes -1 and 0.
        ndim: The tensor's number of dimensions.

    Raises:
        DimensionError: It is out of range.
        DtypeError: It is no integer.
    """
    size = ndim or 1
    if type(dim) is not int:
        dim = _whole(dim)
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
    listed: Sequence[int] = () if dim is None else dim if isinstance(dim, Sequence) else (dim,)
    if not listed:
        return tuple(range(ndim))
    dims = tuple([normal_dim(each, ndim) for each in listed])
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


def by_name(function: str, given: tuple[Any, ...], named: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    """Return what a function that takes sizes or dimensions one by one got in one piece, by a name.

    Args:
        function: What messages call it.
        given: What it got without a name: nothing may be there besides.
        named: Its keyword arguments.
        names: The names under which it takes them.

    Raises:
        TypeError: There is another keyword argument, or both are there.
    """
    for key in named:
        if given or key not in names:
            raise TypeError(f"{function}() got an unexpected keyword argument {key!r}")
    return tuple(named.values())


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
