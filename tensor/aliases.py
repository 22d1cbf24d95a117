"""Memory of marked tensors that was handed out, so that wrapping it again gives a marked tensor.

NumPy arrays, DLPack capsules and whatever is built on them do not carry the mark. So each hand-out notes the range of
addresses, until the array that owns them dies; wrapping looks there. Nothing is paid where nothing was handed out.
"""

from __future__ import annotations

import threading
import weakref
from bisect import bisect_left, insort
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from tensor.bases import TensorBase, fresh, origin_of, storage_of
from tensor.dtypes import Array, of
from tensor.marks import MARKED, Origin, combine

if TYPE_CHECKING:
    from tensor.tensors import Tensor

_Range = tuple[int, int]


class _Ranges:
    """Ranges of addresses that hold marked data; ranges may overlap."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._sorted: list[_Range] = []
        self._origins: dict[_Range, Origin | None] = {}
        self._longest = 0
        # Finalisers run at any moment, even while this thread changes the list: they only leave a note.
        self._dead: deque[_Range] = deque()

    def __bool__(self) -> bool:
        return bool(self._sorted)

    def add(self, span: _Range, owner: Array, origin: Origin | None) -> None:
        with self._lock:
            self._forget_dead()
            if span in self._origins:
                return
            insort(self._sorted, span)
            self._origins[span] = origin
            self._longest = max(self._longest, span[1] - span[0])
        weakref.finalize(owner, self._dead.append, span).atexit = False

    def find(self, span: _Range) -> list[Origin | None]:
        """Return the origins of what overlaps."""
        start, stop = span
        with self._lock:
            self._forget_dead()
            at = bisect_left(self._sorted, (start - self._longest, 0))
            found = []
            while at < len(self._sorted) and self._sorted[at][0] < stop:
                if self._sorted[at][1] > start:
                    found.append(self._origins[self._sorted[at]])
                at += 1
            return found

    def _forget_dead(self) -> None:
        while self._dead:
            span = self._dead.popleft()
            if self._origins.pop(span, self) is not self:
                del self._sorted[bisect_left(self._sorted, span)]


_handed_out = _Ranges()


def hand_out(tensor: TensorBase) -> Array:
    """Return the tensor's memory as an array; read-only, and noted, if the tensor is marked."""
    array = tensor._data
    if not tensor._flags & MARKED:
        return array
    if storage_of(tensor).marked and array.size:
        owner = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        _handed_out.add(np.lib.array_utils.byte_bounds(array), owner, origin_of(tensor))
    # Through a memoryview, so that nobody can make it writable again.
    return np.asarray(array.data.toreadonly())


def adopt(array: Array) -> Tensor:
    """Return a tensor over a NumPy array's memory: marked if the mode says so, or if the memory is a marked tensor's.

    Args:
        array: Any dtype that a tensor can hold; may be read-only.
    """
    of(array.dtype)  # raises for what a tensor cannot hold
    if type(array) is not np.ndarray:
        array = np.asarray(array)
    origins = marked_origins(array)
    return fresh(array, marked=bool(origins), origin=combine(origins))


def marked_origins(array: Array) -> list[Origin | None]:
    """Return where the marked tensors came from that an array shares memory with; none if it shares none."""
    if not (_handed_out and array.size):
        return []
    return _handed_out.find(np.lib.array_utils.byte_bounds(array))
