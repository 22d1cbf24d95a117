"""Memory for temporaries that each thread keeps from one call to the next.

The system takes large blocks back as soon as they are freed, and clears new ones page by page: that can cost as much as
what is computed in them.
"""

from __future__ import annotations

import math
import threading
from types import TracebackType
from typing import Any

import numpy as np

from tensor.dtypes import Array

_MOST_BYTES = 16 << 20  # that a thread keeps
_ALIGNED = 64


class _Kept(threading.local):
    """What a thread keeps; `None` while it is in use, so that a finaliser that computes too takes its own."""

    def __init__(self) -> None:
        self.memory: Array | None = None


_kept = _Kept()


class Scratch:
    """Gives arrays, without initial values, that are valid until the end of its block."""

    def __enter__(self) -> Scratch:
        self._memory = np.empty(0, np.uint8) if _kept.memory is None else _kept.memory
        _kept.memory = None
        self._used = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._memory.size < self._used <= _MOST_BYTES:
            self._memory = np.empty(self._used, np.uint8)
        _kept.memory = self._memory

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return an array of a shape and a dtype."""
        size = math.prod(shape) * dtype.itemsize
        start, self._used = self._used, self._used + -(-size // _ALIGNED) * _ALIGNED
        if self._used > self._memory.size:
            return np.empty(shape, dtype)
        return self._memory[start : start + size].view(dtype).reshape(shape)

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return an array of zeros."""
        array = self.empty(shape, dtype)
        array.fill(0)
        return array
