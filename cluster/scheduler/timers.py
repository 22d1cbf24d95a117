"""Alarms: what is to be looked at again, and when."""

from __future__ import annotations

import enum
import heapq
from typing import NamedTuple


class Kind(enum.Enum):
    """What an alarm is about."""

    BATCH = "batch"
    BUILD = "build"
    RETRY = "retry"
    PATIENCE = "patience"
    RESTART = "restart"
    IDLE = "idle"
    SPECULATE = "speculate"

    __hash__ = object.__hash__  # members are singletons, and Enum's own hash is a Python call on the hot path


class Alarm(NamedTuple):
    """What an alarm is for; each is set at most once at a time."""

    kind: Kind
    shard: int = 0
    attempt: int = 0
    replica: str = ""


class Timers:
    """Alarms in the order of their times."""

    def __init__(self) -> None:
        self._due_s: dict[Alarm, float] = {}
        self._heap: list[tuple[float, int, Alarm]] = []  # with what was cleared or set anew since
        self._sets = 0

    def set(self, alarm: Alarm, due_s: float) -> None:
        """Have an alarm go off at `due_s`, and not when it was set to before."""
        if self._due_s.get(alarm) == due_s:
            return
        self._due_s[alarm] = due_s
        self._sets += 1
        heapq.heappush(self._heap, (due_s, self._sets, alarm))
        if len(self._heap) > 2 * len(self._due_s) + 64:  # mostly stale: deadlines that were met
            self._heap = [entry for entry in self._heap if self._due_s.get(entry[2]) == entry[0]]
            heapq.heapify(self._heap)

    def due_s(self, alarm: Alarm) -> float | None:
        """When an alarm goes off; None if it is not set."""
        return self._due_s.get(alarm)

    def clear(self, alarm: Alarm) -> None:
        """Forget an alarm, if it is set."""
        self._due_s.pop(alarm, None)

    @property
    def wake_s(self) -> float | None:
        """When the next one goes off; None if none is set."""
        while self._heap:
            due_s, _, alarm = self._heap[0]
            if self._due_s.get(alarm) == due_s:
                return due_s
            heapq.heappop(self._heap)
        return None

    def pop(self, now_s: float) -> Alarm | None:
        """Take out an alarm whose time has come."""
        wake_s = self.wake_s
        if wake_s is None or wake_s > now_s:
            return None
        alarm = heapq.heappop(self._heap)[2]
        del self._due_s[alarm]
        return alarm
