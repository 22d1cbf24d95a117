"""The table of transitions."""

from __future__ import annotations

from pathlib import Path

from cluster.scheduler import TRANSITIONS, ShardState
from cluster.scheduler.states import transition_table


def test_every_state_can_be_reached_and_left():
    reached = {to for targets in TRANSITIONS.values() for to in targets}
    left = {state for state, _ in TRANSITIONS}
    assert reached == set(ShardState)
    assert left == set(ShardState) - {ShardState.COMMITTED, ShardState.DEAD}


def test_the_documented_table_is_the_codes():
    page = (Path(__file__).parents[3] / "docs" / "ARCHITECTURE.md").read_text()
    assert transition_table() in page, "paste the output of: python -m cluster.scheduler"
