"""The scheduler under thousands of random histories: nothing lost, nothing doubled, nothing stuck."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.cluster.scheduler.histories import Histories

TestHistories = pytest.mark.gate(Histories.TestCase)
TestHistories.settings = settings(
    max_examples=3000, stateful_step_count=60, suppress_health_check=[HealthCheck.too_slow]
)
