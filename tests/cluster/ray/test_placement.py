"""Which node the next worker gets: a function of the nodes and of where the others are."""

from __future__ import annotations

from collections import Counter

import pytest

from cluster import RayBackend, UsageError
from cluster.ray.placement import choose_node

NODES = {"a": {"CPU": 2.0}, "b": {"CPU": 4.0, "GPU": 1.0}, "c": {"CPU": 2.0}}


def placed(strategy, workers, demand=None):
    ours = Counter()
    for _ in range(workers):
        chosen = choose_node(strategy, {"CPU": 1.0} if demand is None else demand, NODES, ours)
        if chosen is None:
            break
        ours[chosen] += 1
    return dict(ours)


def test_spread_fills_nodes_evenly_and_pack_one_after_the_other():
    assert placed("spread", 3) == {"a": 1, "b": 1, "c": 1}
    assert placed("spread", 7) == {"a": 2, "b": 3, "c": 2}
    assert placed("pack", 3) == {"b": 3}
    assert placed("pack", 5) == {"a": 1, "b": 4}


@pytest.mark.parametrize("strategy", ["spread", "pack"])
def test_only_nodes_with_room_are_chosen(strategy):
    assert sum(placed(strategy, 99).values()) == 8
    assert placed(strategy, 9, {"CPU": 1.0, "GPU": 0.5}) == {"b": 2}
    assert choose_node(strategy, {"CPU": 1.0}, {}, {}) is None


def test_workers_that_take_nothing_fit_everywhere():
    assert placed("spread", 6, {}) == {"a": 2, "b": 2, "c": 2}


def test_one_that_replaces_another_takes_its_place():
    assert choose_node("spread", {"CPU": 1.0}, NODES, {"a": 1, "b": 1, "c": 0}) == "c"
    assert choose_node("pack", {"CPU": 1.0}, NODES, {"a": 0, "b": 3, "c": 0}) == "b"


def test_other_strategies_are_refused():
    with pytest.raises(UsageError, match="strategy is 'spread', 'pack' or None, got 'SPREAD'"):
        RayBackend(strategy="SPREAD")
