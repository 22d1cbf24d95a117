"""Whether the cluster's head, and the driver's own node, are still there.

Ray's driver waits a minute for a head that is gone, stops in the middle of its calls, and then ends the whole process;
it ends it without a word once the head has noticed that the driver's node is gone. So we ask both ourselves, every now
and then, and leave the cluster before that.
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
_GOES_ON = "a job that writes to a folder goes on from what is committed there"

_log = logging.getLogger("shoal")


class ClusterWatch:
    """Asks the head of a cluster, and the node that this process is on.

    Args:
        address: The head's, `host:port`.
        node_address: The node's, `host:port`.
    """

    def __init__(self, address: str, node_address: str) -> None:
        self._address = address
        self._node_address = node_address

    async def until_lost(self) -> BackendFailed:
        """Wait until the head has been silent for too long, or the node is gone; return the error that says so."""
        heard_s, told = monotonic(), False
        while True:
            await asyncio.sleep(_ASK_S)
            if await asyncio.to_thread(reach.is_refused, self._node_address):
                return BackendFailed(await self._without_node())
            if await self._answers():
                heard_s, told = monotonic(), False
                continue
            silent_s = monotonic() - heard_s
            if silent_s > _SILENT_S:
                return BackendFailed(
                    f"the head of the Ray cluster at {self._address} has not answered for {silent_s:.0f} s, so the "
                    f"workers are lost. Start the cluster again, then the same call in a new pool: {_GOES_ON}"
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

    async def _without_node(self) -> str:
        if await self._answers():
            return (
                f"the driver's own node of the Ray cluster at {self._address} is gone: its raylet, which listened at "
                f"{self._node_address}, has ended. Start the node again, or the driver on another one, then the same "
                f"call in a new pool: {_GOES_ON}"
            )
        return (
            f"the Ray cluster at {self._address} is gone: neither its head nor the driver's own node answers. Start it "
            f"again, then the same call in a new pool: {_GOES_ON}"
        )

    async def _answers(self) -> bool:
        return await asyncio.to_thread(reach.answers, self._address)
