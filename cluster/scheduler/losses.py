"""Who is to blame for the end of a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from cluster.scheduler.events import BatchBegan
from cluster.scheduler.replicas import Replica, ReplicaState
from cluster.scheduler.shards import Attempt


class Blame(NamedTuple):
    """What the end of a worker means for the attempts that it had.

    Attributes:
        suspects: The attempts with a piece of a batch under way that may have ended it.
        unlucky: The attempt that the worker was on, if nothing was under way: it has no suspect, and counts the loss.

    All the others were only waiting, and are innocent.
    """

    suspects: list[tuple[Attempt, BatchBegan]]
    unlucky: Attempt | None = None


@dataclass(slots=True, eq=False)
class Case:
    """One end of a worker, with several suspects at times: the batch of one shard, and `prepare` of the next.

    Attributes:
        on: The shard that counts the loss if no reason is found.
        left: How many suspects are still to be probed.
        explained: Whether one of them died again, alone.
    """

    on: int
    left: int
    explained: bool = False

    def close(self, *, explained: bool) -> bool:
        """One suspect is through.

        Returns:
            Whether it was the last, and none explains the loss.
        """
        self.left -= 1
        self.explained |= explained
        return not self.left and not self.explained


def blame(replica: Replica) -> Blame:
    """Judge the end of a replica by what it had to do."""
    queue = replica.queue.values()
    overdue = [(attempt, attempt.overdue) for attempt in queue if attempt.overdue is not None]
    if overdue or replica.state is ReplicaState.CONDEMNED:
        return Blame(overdue)  # what it was killed for; if that came out in the end, nothing
    under_way = [(attempt, attempt.under_way) for attempt in queue if attempt.under_way is not None]
    if under_way or any(attempt.under_way is not None for attempt in replica.cancelled):
        return Blame(under_way)
    return Blame([], next(iter(queue), None))
