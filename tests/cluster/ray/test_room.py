"""How many workers fit: arithmetic over nodes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import UsageError
from cluster.ray.room import NodeGroup, Room, room_for

NODES = [{"CPU": 4.0, "memory": 1e9, "node:10.0.0.1": 1.0}, {"CPU": 2.0, "GPU": 1.0, "memory": 1e9}]


@pytest.mark.parametrize(
    ("wanted", "demand", "workers"),
    [
        (2, {"CPU": 1}, 2),
        (None, {"CPU": 1}, 6),
        (None, {"CPU": 3}, 1),
        (None, {"CPU": 1, "GPU": 1}, 1),
        (9, {"CPU": 2}, 3),
        (None, {"CPU": 0.1}, 60),  # 0.1 goes ten times into 1, also in floating point
        (None, {"CPU": 0}, 6),
        (50, {"CPU": 0, "GPU": 0}, 50),
    ],
)
def test_workers_fit_on_nodes_as_a_whole(wanted, demand, workers):
    assert room_for(wanted, demand, NODES).workers == workers


def test_less_room_than_asked_for_is_told_with_what_there_is():
    assert room_for(3, {"CPU": 2}, NODES) == Room(3)
    assert room_for(9, {"CPU": 2}, NODES).notice == (
        "the Ray cluster has room for 3 of 9 workers, each with 2 CPU (the nodes have 2 CPU, 1 GPU; 4 CPU); "
        "going on with 3"
    )


@pytest.mark.parametrize("nodes", [NODES, []])
def test_what_fits_nowhere_is_refused(nodes):
    with pytest.raises(UsageError, match=r"each worker asks for 5 CPU, and no node of the Ray cluster has that"):
        room_for(None, {"CPU": 5}, nodes)


def test_what_an_autoscaler_may_add_counts():
    groups = [NodeGroup({"CPU": 8.0}, 2), NodeGroup({"GPU": 4.0}, -1)]
    room = room_for(4, {"CPU": 5}, NODES, groups)
    assert (room.workers, "going on with 2" in room.notice) == (2, True)  # one on each node that there may be
    room = room_for(40, {"GPU": 1}, NODES, groups)
    assert room == Room(40, "the Ray cluster has room for 1 of 40 workers; the others start as it grows")
    assert room_for(None, {"CPU": 5}, NODES, groups).workers == 1  # the first one makes it grow


@given(
    wanted=st.none() | st.integers(1, 100),
    cpus=st.floats(0.1, 4),
    nodes=st.lists(st.builds(lambda cpus: {"CPU": float(cpus)}, st.integers(0, 16)), max_size=5),
)
def test_never_more_than_fit_nor_than_wanted(wanted, cpus, nodes):
    try:
        room = room_for(wanted, {"CPU": cpus}, nodes)
    except UsageError:
        assert all(node["CPU"] < cpus + 1e-3 for node in nodes)
        return
    assert 1 <= room.workers <= (wanted or 10_000)
    assert room.workers * (cpus - 1e-4) <= sum(node["CPU"] for node in nodes)
    assert bool(room.notice) == (wanted is not None and room.workers < wanted)
