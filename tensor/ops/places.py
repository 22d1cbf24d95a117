"""Where elements lie in row-major memory, and adding up what goes to one place.

`np.add.at` is fast over one dimension only, so whatever names places several times becomes positions in flat memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tensor import dtypes
from tensor.dtypes import Array
from tensor.errors import DimensionError, DtypeError, ShapeError


def check_integers(name: str, index: Array) -> None:
    """Raise DtypeError unless an index is of int32 or int64."""
    if index.dtype not in (np.int64, np.int32):
        raise DtypeError(f"{name}(): Expected dtype int32 or int64 for index, got {dtypes.of(index.dtype)}")


def check_within(index: Array, size: int, dim: int) -> None:
    """Raise DimensionError unless all of an index is from 0 to below the size of a dimension."""
    if index.size and (index.min() < 0 or index.max() >= size):
        wrong = next(each for each in index.reshape(-1).tolist() if not 0 <= each < size)
        raise DimensionError(f"index {wrong} is out of bounds for dimension {dim} with size {size}")


def along(name: str, shape: tuple[int, ...], index: Array, dim: int) -> Array:
    """Return the positions that an index along one dimension names, its own places giving the others.

    Args:
        name: The operation, for messages.
        shape: That of the tensor indexed; no dimensions count as one.
        index: As many dimensions as that, none longer except `dim`.
        dim: The dimension that the index is along.

    Returns:
        Positions in row-major memory, in the index's shape.

    Raises:
        DtypeError: The index is not of integers.
        ShapeError: It has other dimensions, or larger ones.
        DimensionError: It leads out of the tensor.
    """
    check_integers(name, index)
    if not index.size:
        return np.zeros(index.shape, np.intp)
    whole, size = shape or (1,), index.shape or (1,)
    if len(whole) != len(size):
        raise ShapeError(
            f"{name}: Index tensor must have the same number of dimensions as input tensor, "
            f"got {index.ndim} and {len(shape)}"
        )
    for axis, (most, given) in enumerate(zip(whole, size, strict=True)):
        if axis != dim and given > most:
            raise ShapeError(
                f"{name}: Size does not match at dimension {axis}: expected index {list(size)} to be no larger than "
                f"self {list(whole)} apart from dimension {dim}"
            )
    check_within(index, whole[dim], dim)
    positions: Any = index.reshape(size) * math.prod(whole[dim + 1 :])
    for axis, given in enumerate(size):
        if axis != dim:
            places = np.arange(given) * math.prod(whole[axis + 1 :])
            positions = positions + places.reshape((given,) + (1,) * (len(size) - axis - 1))
    return np.asarray(positions).astype(np.intp, copy=False).reshape(index.shape)


def rows(shape: tuple[int, ...], index: Array, dim: int) -> Array:
    """Return the positions of whole places of one dimension.

    Args:
        shape: That of the tensor indexed; no dimensions count as one.
        index: Which places, of any shape; counted from the end where negative.
        dim: The dimension.

    Returns:
        Positions in row-major memory: (before, index.size, after), the sizes of the other dimensions multiplied.
    """
    whole = shape or (1,)
    before, size, after = math.prod(whole[:dim]), whole[dim], math.prod(whole[dim + 1 :])
    flat = index.reshape(-1).astype(np.intp, copy=False)
    if flat.size and flat.min() < 0:
        flat = np.where(flat < 0, flat + size, flat)
    starts = np.arange(before)[:, None] * size + flat if before != 1 else flat[None]
    return np.asarray((starts * after)[..., None] + np.arange(after)) if after != 1 else starts[..., None]


def summed(shape: tuple[int, ...], positions: Array, values: Array) -> Array:
    """Return zeros of a shape with values added at positions; those named several times get the sum."""
    whole = np.zeros(math.prod(shape), values.dtype)
    np.add.at(whole, positions.reshape(-1), values.reshape(-1))
    return whole.reshape(shape)


def cleared(g: Array, positions: Array) -> Array:
    """Return a copy of an array with zeros at positions."""
    rest = g.copy().reshape(-1)
    rest[positions] = 0
    return rest.reshape(g.shape)


def check_same_dtype(name: str, input: Array, src: Array, called: str = "src") -> None:
    """Raise DtypeError unless what is to be written has the dtype of what is written to."""
    if src.dtype != input.dtype:
        raise DtypeError(
            f"{name}(): Expected self.dtype to be equal to {called}.dtype, "
            f"got {dtypes.of(input.dtype)} and {dtypes.of(src.dtype)}"
        )
