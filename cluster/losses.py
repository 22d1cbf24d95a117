"""Lost workers, told as they are lost: a line each, and their number alone where they are many."""

from __future__ import annotations

import logging
from time import monotonic

from cluster.words import counted

_log = logging.getLogger("shoal")


class Losses:
    """Logs the workers that a fleet loses.

    Args:
        most: How many get a line of their own within `every_s`.
        every_s: After so many seconds those are told together that got none.
    """

    def __init__(self, *, most: int = 10, every_s: float = 60.0) -> None:
        self._most = most
        self._every_s = every_s
        self._since_s = monotonic()
        self._told = 0
        self._untold = 0

    def add(self, name: str, reason: str) -> None:
        """A worker was lost, or killed for being late."""
        if monotonic() - self._since_s >= self._every_s:
            self.tell_rest()
            self._since_s, self._told = monotonic(), 0
        if self._told < self._most:
            self._told += 1
            _log.warning("shoal: worker %s is lost: %s; another takes its place while there is work", name, reason)
            return
        if not self._untold:
            _log.warning("shoal: more workers are lost; from now on they are told together")
        self._untold += 1

    def tell_rest(self) -> None:
        """Log how many got no line."""
        if self._untold:
            _log.warning("shoal: %s lost besides", counted(self._untold, "worker"))
            self._untold = 0
