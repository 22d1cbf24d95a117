"""How many workers fit into a cluster: plain arithmetic over its nodes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cluster.errors import UsageError
from cluster.ray.telling import resources_text

Resources = Mapping[str, float]


@dataclass(frozen=True)
class NodeGroup:
    """Nodes that an autoscaler may add.

    Attributes:
        resources: Of one node.
        max_count: How many there may be; -1 for no bound.
    """

    resources: Resources
    max_count: int

    @property
    def count(self) -> float:
        """How many there may be."""
        return math.inf if self.max_count < 0 else self.max_count


@dataclass(frozen=True)
class Room:
    """How many workers to keep, and what to tell about it.

    Attributes:
        workers: How many.
        notice: Why that is not what was asked for; empty when it is.
    """

    workers: int
    notice: str = ""


def room_for(
    wanted: int | None, demand: Resources, nodes: Sequence[Resources], groups: Sequence[NodeGroup] = ()
) -> Room:
    """Decide how many workers to keep.

    Args:
        wanted: How many are asked for; None for as many as there is room for now.
        demand: What each of them takes.
        nodes: What each living node has, in use or not.
        groups: What an autoscaler may add; empty without one.

    Raises:
        UsageError: Not even one fits, now or later.
    """
    demand = {name: amount for name, amount in demand.items() if amount}
    if not demand:  # they take up no room
        return Room(wanted or max(1, int(sum(node.get("CPU", 0.0) for node in nodes))))
    now = int(sum(fitting(demand, node) for node in nodes))
    later = sum(each * group.count for group in groups if (each := fitting(demand, group.resources)))
    most = max(now, later)
    has = "; ".join(sorted({resources_text(node) for node in nodes})) or "nothing"
    if not most:
        raise UsageError(
            f"each worker asks for {resources_text(demand)}, and no node of the Ray cluster has that (the nodes have "
            f"{has}); ask for less, or start a node that has it"
        )
    if wanted is None:
        return Room(max(1, now))
    if wanted > most:
        return Room(
            int(most),
            f"the Ray cluster has room for {most:.0f} of {wanted} workers, each with {resources_text(demand)} (the "
            f"nodes have {has}); going on with {most:.0f}",
        )
    if wanted > now:
        return Room(wanted, f"the Ray cluster has room for {now} of {wanted} workers; the others start as it grows")
    return Room(wanted)


def fitting(demand: Resources, node: Resources) -> float:
    """How many workers a node holds; infinitely many of those that take nothing."""
    # Ray counts in ten-thousandths; 0.1 goes ten times into 1 there, too.
    fits = (
        math.floor(round(node.get(name, 0.0) * 1e4) / round(amount * 1e4)) for name, amount in demand.items() if amount
    )
    return min(fits, default=math.inf)
