"""What happens when a pool has had nothing to do for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Idle:
    """Calls a function once nobody has asked for anything for some time.

    Args:
        function: What to call, in the event loop.
        after_s: For how long nobody must ask.
    """

    def __init__(self, function: Callable[[], None], *, after_s: float) -> None:
        self._function = function
        self._after_s = after_s
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """There is nothing to do."""
        self.end()
        self._timer = asyncio.get_running_loop().call_later(self._after_s, self._function)

    def end(self) -> None:
        """There is something to do, or never will be again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
