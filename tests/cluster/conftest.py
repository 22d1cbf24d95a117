"""One Ray head for all tests that need a cluster: it takes seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ray_head import Head
from tests.ray_head import ray_head as running_ray_head


@pytest.fixture(scope="session")
def ray_head() -> Iterator[Head]:
    """A running cluster of one node with four CPUs."""
    with running_ray_head() as head:
        yield head
