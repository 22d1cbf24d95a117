"""Making a batch of items: stacks of their tensors, in the structure that one item has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tensor.bases import TensorBase
from tensor.dtypes import float64
from tensor.errors import DtypeError, ShapeError
from tensor.factories import as_tensor, tensor
from tensor.ops.joining import stack


def default_convert(data: Any) -> Any:
    """Return an item with tensors in place of arrays.

    Args:
        data: An array, or mappings and sequences of them; all else comes back as it is.
    """
    if isinstance(data, np.ndarray | np.generic) and data.dtype.kind in "fiub":
        return as_tensor(data)
    return _within(data, default_convert)


def _within(data: Any, convert: Any) -> Any:
    """A structure with its parts converted."""
    if isinstance(data, Mapping):
        return {key: convert(value) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(convert, data))
    if isinstance(data, tuple | list):
        return [convert(each) for each in data]
    return data


def default_collate(batch: Sequence[Any]) -> Any:
    """Return a batch of items.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_collate

    Args:
        batch: Items, alike in structure.

    Returns:
        Tensors and arrays stacked along a new first dimension, numbers in a tensor (floats as float64), text in a list;
        of mappings a dictionary, of tuples and lists a list, of named tuples one of them, each of collated parts.

    Raises:
        DtypeError: There are items of another type.
        ShapeError: The items differ in shape or length.
    """
    first = batch[0]
    if isinstance(first, TensorBase):
        return stack(list(batch))
    if isinstance(first, np.ndarray | np.generic) and first.dtype.kind in "fiub":
        return stack([as_tensor(each) for each in batch])
    if isinstance(first, float):
        return tensor(list(batch), dtype=float64)
    if isinstance(first, int):
        return tensor(list(batch))
    if isinstance(first, str | bytes):
        return list(batch)
    if isinstance(first, Mapping):
        return {key: default_collate([each[key] for each in batch]) for key in first}
    if isinstance(first, tuple | list):
        if any(len(each) != len(first) for each in batch):
            raise ShapeError("each element in list of batch should be of equal size")
        parts = [default_collate(each) for each in zip(*batch, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise DtypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
        f"{type(first).__name__}. Give the loader a collate_fn."
    )
