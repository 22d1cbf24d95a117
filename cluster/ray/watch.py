"""Whether the cluster's head is still there.

Ray's driver waits a minute for a head that is gone, stops in the middle of its calls, and then ends the whole process.
So we ask the head ourselves, every now and then, and leave the cluster before that.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic

from cluster.errors import BackendFailed
from cluster.ray import reach

_ASK_S = 1.0
_SILENT_S = 10.0
"""How long a head may be silent: longer than one that Ray restarts with its state takes, and a busy one to answer."""

_log = logging.getLogger("shoal")


class HeadWatch:
    """Asks the head of a cluster.

    Args:
        address: The head's, `host:port`.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    async def until_lost(self) -> BackendFailed:
        """Wait until the head has been silent for too long, and return the error that says so."""
        heard_s, told = monotonic(), False
        while True:
            await asyncio.sleep(_ASK_S)
            if await self._answers():
                heard_s, told = monotonic(), False
                continue
            silent_s = monotonic() - heard_s
            if silent_s > _SILENT_S:
                return BackendFailed(
                    f"the head of the Ray cluster at {self._address} has not answered for {silent_s:.0f} s, so the "
                    "workers are lost. Start the cluster again, then the same call in a new pool: a job that writes to "
                    "a folder goes on from what is committed there"
                )
            if not told:
                _log.warning("shoal: the head of the Ray cluster at %s does not answer; waiting for it", self._address)
                told = True

    async def until_there(self) -> None:
        """Wait until the head answers: what needs it would stop this thread until then."""
        while True:
            if await self._answers():
                return
            await asyncio.sleep(_ASK_S)

    async def _answers(self) -> bool:
        return await asyncio.to_thread(reach.answers, self._address)
