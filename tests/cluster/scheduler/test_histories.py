"""Random histories: nothing lost, nothing doubled, nothing stuck. `tests/gates` runs thousands of them."""

from __future__ import annotations

from hypothesis import settings

from tests.cluster.scheduler.histories import Histories

TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=40)
