"""Memory of marked tensors that was handed out, so that wrapping it again gives a marked tensor.

NumPy arrays, DLPack capsules and whatever is built on them do not carry the mark. So each hand-out notes the range of
addresses, until the array that owns them dies; wrapping looks there. Nothing is paid where nothing was handed out.
"""

from __future__ import annotations

import threading
import weakref
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.bases import TensorBase, fresh, origin_of, storage_of
from tensor.dtypes import Array, bfloat16, of
from tensor.marks import MARKED, Origin, combine
from tensor.storages import Storage

if TYPE_CHECKING:
    from tensor.tensors import Tensor

_Span = tuple[int, int]


class _Owner:
    """An array that owns marked memory, and what was handed out of it."""

    __slots__ = ("key", "spans")

    def __init__(self, key: int) -> None:
        self.key = key
        self.spans: dict[_Span, Origin | None] = {}


# A hand-out: its span, and whose memory it is.
_Entry = tuple[_Span, _Owner]


class _Ranges:
    """Ranges of addresses that hold marked data, as long as any of their owners lives.

    Owners may overlap: two arrays over one frame of the wire do. What overlaps is kept as one run, so the runs do not
    overlap, and looking one up is a bisection.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owners: dict[int, _Owner] = {}
        self._starts: list[int] = []  # of the runs
        self._stops: list[int] = []
        self._runs: list[list[_Entry]] = []  # what each run is made of
        # Finalisers run at any moment, even while this thread changes the lists: they only leave a note.
        self._dead: deque[_Owner] = deque()

    def __bool__(self) -> bool:
        return bool(self._owners)

    def add(self, span: _Span, root: Array, origin: Origin | None) -> None:
        with self._lock:
            self._forget_dead()
            owner = self._owners.get(id(root))
            if owner is None:
                owner = self._owners[id(root)] = _Owner(id(root))
                weakref.finalize(root, self._dead.append, owner).atexit = False
            if span not in owner.spans:
                owner.spans[span] = origin
                self._insert((span, owner))

    def find(self, span: _Span) -> list[Origin | None]:
        """Return the origins of what overlaps."""
        with self._lock:
            self._forget_dead()
            return [
                owner.spans[part]
                for run in self._runs[self._touching(span)]
                for part, owner in run
                if part[0] < span[1] and span[0] < part[1]
            ]

    def _touching(self, span: _Span) -> slice:
        """Which runs overlap a span."""
        return slice(bisect_right(self._stops, span[0]), bisect_left(self._starts, span[1]))

    def _insert(self, entry: _Entry) -> None:
        span, _ = entry
        at = self._touching(span)
        others = [each for run in self._runs[at] for each in run]
        if any(_says_all_of(each, entry) for each in others):
            return
        start, stop = min(self._starts[at] + [span[0]]), max(self._stops[at] + [span[1]])
        self._runs[at] = [[each for each in others if not _says_all_of(entry, each)] + [entry]]
        self._starts[at], self._stops[at] = [start], [stop]

    def _forget_dead(self) -> None:
        while self._dead:
            owner = self._dead.popleft()
            if self._owners.get(owner.key) is owner:
                del self._owners[owner.key]
            for span in owner.spans:
                at = self._touching(span)
                left = [each for run in self._runs[at] for each in run if each[1] is not owner]
                del self._runs[at], self._starts[at], self._stops[at]
                for entry in left:  # may have hung together through what is gone only
                    self._insert(entry)


def _says_all_of(one: _Entry, other: _Entry) -> bool:
    """Whether a hand-out covers another of the same owner: an array does its rows."""
    (outer, owner), (inner, inner_owner) = one, other
    return (
        owner is inner_owner
        and outer[0] <= inner[0]
        and inner[1] <= outer[1]
        and owner.spans[outer] == owner.spans[inner]
    )


_handed_out = _Ranges()


def hand_out(tensor: TensorBase) -> Array:
    """Return the tensor's memory as an array; read-only, and noted, if the tensor is marked."""
    array = tensor._data
    if not tensor._flags & MARKED:
        return array
    if storage_of(tensor).marked and array.size:
        root = array
        while isinstance(root.base, np.ndarray):
            root = root.base
        # All of it at once, not row by row: who has a row can reach the others, by `.base`.
        _handed_out.add(np.lib.array_utils.byte_bounds(root), root, origin_of(tensor))
    # Through a memoryview, so that nobody can make it writable again.
    if array.dtype == bfloat16.numpy_dtype:  # which has no buffers
        return np.asarray(array.view(np.uint16).data.toreadonly()).view(array.dtype)
    return np.asarray(array.data.toreadonly())


def adopt(array: Array, sources: Sequence[Origin | None] = ()) -> Tensor:
    """Return a tensor over a NumPy array's memory: marked if the mode says so, or if the memory is a marked tensor's.

    Memory that is not a marked tensor's belongs to others, who may train on it: a tensor over it that the mode marks
    does not make the memory marked.

    Args:
        array: Any dtype that a tensor can hold; may be read-only.
        sources: Where the marked tensors came from that its content was computed of; any marks the tensor too.
    """
    of(array.dtype)  # raises for what a tensor cannot hold
    if type(array) is not np.ndarray:
        array = np.asarray(array)
    origins = marked_origins(array)
    tensor = fresh(array, marked=bool(origins or sources), origin=combine([*origins, *sources]))
    if tensor._flags & MARKED and not origins:
        tensor._storage = Storage(marked=False, readonly=not array.flags.writeable)
    return tensor


def marked_origins(array: Array) -> list[Origin | None]:
    """Return where the marked tensors came from that an array shares memory with; none if it shares none."""
    if not (_handed_out and array.size):
        return []
    return _handed_out.find(np.lib.array_utils.byte_bounds(array))


_PLAIN = (bool, int, float, complex, str, bytes, type(None), range)
_ARRAY_PROTOCOLS = ("__array__", "__array_interface__", "__array_struct__")


def unwrapped(data: Any, origins: list[Origin | None]) -> Any:
    """Return data as NumPy takes it: no tensors in it, in nested sequences neither.

    Args:
        data: Numbers, tensors, arrays, whatever NumPy reads as an array, and nested sequences of them.
        origins: Gets where each marked tensor in it came from, and each array over a marked tensor's memory.

    Returns:
        Arrays over the same memory, in lists where there were sequences.
    """
    cls = type(data)
    if cls in _PLAIN or isinstance(data, np.generic):
        return data
    if isinstance(data, TensorBase):
        if data._flags & MARKED:
            origins.append(origin_of(data))
        return data._data
    if isinstance(data, np.ndarray) or _speaks_for_an_array(data):
        array = np.asarray(data)
        origins += marked_origins(array)
        return array
    # What NumPy would go through, which are not only those that are registered as sequences.
    if hasattr(cls, "__getitem__") and hasattr(cls, "__len__") and not isinstance(data, Mapping | str | bytes):
        return [each if type(each) in _PLAIN else unwrapped(each, origins) for each in data]
    return data


def _speaks_for_an_array(data: Any) -> bool:
    if any(hasattr(data, name) for name in _ARRAY_PROTOCOLS):
        return True
    if isinstance(data, list | tuple | str | bytes):
        return False
    try:
        memoryview(data)
    except TypeError:
        return False
    return True
