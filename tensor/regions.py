"""The memory that a tensor and its views are over, as elements in a row: what strides and offsets count in."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tensor.bases import TensorBase
from tensor.dtypes import Array
from tensor.errors import UnsupportedError
from tensor.marks import MARKED, VIEW


def _whole(tensor: TensorBase) -> Array:
    """The array of what a tensor views, its own if it is no view."""
    if tensor._flags & VIEW:
        return tensor._view.base._data
    if tensor._flags & MARKED:  # views of marked memory do not know what they view, but NumPy does
        owner = tensor._data
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        return owner if owner.dtype == tensor._data.dtype else tensor._data
    return tensor._data


def _bounds(array: Array) -> tuple[int, int]:
    return np.lib.array_utils.byte_bounds(array) if array.size else (array.ctypes.data, array.ctypes.data)


def check_dense(tensor: TensorBase) -> None:
    """Raise UnsupportedError unless the memory that a tensor is over has no gaps, and runs forwards."""
    whole = _whole(tensor)
    low, high = _bounds(whole)
    if high - low != whole.nbytes or min(whole.strides, default=0) < 0:
        raise UnsupportedError(
            "as_strided: this tensor is over memory with gaps, or that runs backwards; take a contiguous() copy first"
        )


def offset_of(tensor: TensorBase) -> int:
    """Return how many elements into the memory a tensor starts."""
    return (tensor._data.ctypes.data - _bounds(_whole(tensor))[0]) // tensor._data.itemsize


def length_of(tensor: TensorBase) -> int:
    """Return how many of a tensor's elements fit into the memory."""
    low, high = _bounds(_whole(tensor))
    return (high - low) // tensor._data.itemsize


def span(size: Sequence[int], stride: Sequence[int]) -> int:
    """Return how many elements, gaps included, lie from the first to the last one."""
    if not math.prod(size):
        return 0
    return 1 + sum((count - 1) * step for count, step in zip(size, stride, strict=True))


def flat_at(array: Array, address: int, length: int) -> Array:
    """Return elements in a row, of the memory that an array is in.

    Raises:
        UnsupportedError: NumPy does not own the memory in a row.
    """
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    if not owner.flags.forc:
        raise UnsupportedError("as_strided: this memory has gaps; take a contiguous() copy first")
    flat = owner.reshape(-1, order="A").view(np.uint8)
    start = address - owner.ctypes.data
    part = flat[start : start + length * array.itemsize].view(array.dtype)
    if not array.flags.writeable and part.flags.writeable:
        part.flags.writeable = False
    return part
