"""On which node the next worker is to run: all on few nodes, or on many."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cluster.ray.room import Resources, fitting

Strategy = Literal["spread", "pack"]


class Placement:
    """Chooses a node for each worker as it starts, also for one that replaces another.

    Ray's own strategy SPREAD goes round the nodes, each of which counts for itself, and its placement groups neither
    grow nor shrink. So we say which node we would like; where others take up its room, Ray finds another one.

    Args:
        strategy: "spread" for the node with the fewest of our workers, "pack" for the one with the most; None leaves it
            to Ray, which fills nodes by half and then spreads.
        demand: What a worker takes.
    """

    def __init__(self, strategy: Strategy | None, demand: Resources) -> None:
        self._strategy = strategy
        self._demand = demand
        self._node_of: dict[str, str] = {}

    async def options_for(self, worker: str) -> dict[str, Any]:
        """Ray's options that place a worker."""
        if self._strategy is None:
            return {}
        nodes = {node["NodeID"]: node["Resources"] for node in await asyncio.to_thread(ray.nodes) if node["Alive"]}
        chosen = choose_node(self._strategy, self._demand, nodes, Counter(self._node_of.values()))
        if chosen is None:
            return {}
        self._node_of[worker] = chosen
        return {"scheduling_strategy": NodeAffinitySchedulingStrategy(chosen, soft=True, _spill_on_unavailable=True)}

    def runs_on(self, worker: str, node: str) -> None:
        """Take note of where a worker is."""
        self._node_of[worker] = node

    def has_left(self, worker: str) -> None:
        """Take note that a worker is gone."""
        self._node_of.pop(worker, None)


def choose_node(
    strategy: Strategy, demand: Resources, nodes: Mapping[str, Resources], ours: Mapping[str, int]
) -> str | None:
    """Choose a node.

    Args:
        strategy: As for `Placement`.
        demand: What a worker takes.
        nodes: What each living node has, in use or not, by its id.
        ours: How many of our workers each node has.

    Returns:
        Its id; None where all are full.
    """
    room = {node: fitting(demand, resources) - ours.get(node, 0) for node, resources in nodes.items()}
    order = 1 if strategy == "spread" else -1
    return min(
        (node for node, free in room.items() if free > 0),
        key=lambda node: (order * ours.get(node, 0), -room[node], node),
        default=None,
    )
