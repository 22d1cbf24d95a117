"""Which attempt takes too long, measured by those before it."""

from __future__ import annotations

from collections import deque
from statistics import median

_REMEMBERED = 64
_FEWEST = 3  # fewer say nothing
_FACTOR = 2.0
_FLOOR_S = 1.0  # what is as short as this is not worth a second attempt


class Durations:
    """How long the last attempts took."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=_REMEMBERED)

    def add(self, seconds: float) -> None:
        """An attempt is through."""
        self._last.append(seconds)

    @property
    def straggling_s(self) -> float | None:
        """From when on an attempt takes suspiciously long; None while too few are through."""
        return None if len(self._last) < _FEWEST else max(_FACTOR * median(self._last), _FLOOR_S)
