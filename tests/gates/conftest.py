"""What the gates run on: local processes, and a Ray cluster that starts when the first of them asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cluster import RayBackend
from tests.gates.driving import backend_at
from tests.ray_head import Head
from tests.ray_head import ray_head as running_ray_head


@pytest.fixture(scope="session")
def ray_head() -> Iterator[Head]:
    """A running cluster of one node with four CPUs."""
    with running_ray_head() as head:
        yield head


@pytest.fixture(params=["local", "ray"])
def place(request: pytest.FixtureRequest) -> str:
    """Where workers run: "local", or the address of a Ray cluster. Each gate holds for both."""
    return "local" if request.param == "local" else request.getfixturevalue("ray_head").address


@pytest.fixture
def backend(place: str) -> str | RayBackend:
    """The backend for this place."""
    return backend_at(place)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[object], None]:
    """Prints what a gate has counted, also where it passes."""

    def say(told: object) -> None:
        with capsys.disabled():
            print(f"\n  {told}", end=" ", flush=True)

    return say
