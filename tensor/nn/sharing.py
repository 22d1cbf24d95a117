"""Whose memory a module's tensors stand on: mapped weights that others hold too, or a copy of their own."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from tensor.bases import origin_of, storage_of, wrap
from tensor.dtypes import Array
from tensor.marks import MARKED, TRACED, VIEW
from tensor.modes import is_inference_mode_enabled
from tensor.nn.deferred import DeferredParameter, array_of
from tensor.tensors import Tensor


def can_share(old: Tensor, new: Tensor) -> bool:
    """Tell whether a module may use `new`'s memory in place of its own copy.

    It may inside inference mode, where nobody can write to that memory, nobody trains on `old`, and nobody sees `old`'s
    memory in another way: a view of it, which a copy into `old` would change too, would keep the values of before.

    Args:
        old: what the module has.
        new: of the same shape.
    """
    return (
        is_inference_mode_enabled()
        and old.is_inference()
        and not new._data.flags.writeable
        and new._data.dtype == array_of(old).dtype
        and (isinstance(old, DeferredParameter) or not _is_seen_by_others(old))
    )


def share(old: Tensor, new: Tensor) -> None:
    """Put a marked tensor, which stays the same object, on another's memory; `can_share` says whether it may be."""
    origin = origin_of(new)
    old._data = new._data
    old._storage = storage_of(new)
    old._flags = old._flags & ~TRACED | (TRACED if origin is not None else 0)
    if origin is not None:
        old._origin = origin


def own(tensor: Tensor) -> Tensor:
    """Return what can be trained: a tensor itself, or a copy where its memory is read-only, such as a mapped file's.

    Inside inference mode nobody trains, and it is the tensor itself.
    """
    if is_inference_mode_enabled() or tensor.is_inference() or not storage_of(tensor).readonly:
        return tensor
    return tensor.detach().clone()


def _is_seen_by_others(tensor: Tensor) -> bool:
    if tensor._flags & VIEW:
        return True
    array: Any = array_of(tensor)
    limit = _ALONE
    while isinstance(array, np.ndarray):
        if array.flags.writeable and sys.getrefcount(array) > limit:
            return True
        array, limit = array.base, _ALONE  # held by the view before, as that is by the tensor
    return False


def _holders_when_alone() -> int:
    """Count who holds an array that only a tensor holds, as `_is_seen_by_others` does: how, is Python's business."""
    tensor = wrap(np.empty(1), MARKED)
    array: Array = array_of(tensor)
    return sys.getrefcount(array)


_ALONE = _holders_when_alone()
