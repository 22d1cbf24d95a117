"""Fixtures for all tests: whatever a test starts must be gone when it ends."""

from __future__ import annotations

import gc
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings

from tests.object_store import environment, make_bucket, s3_server
from tests.ray_head import PIDS

# A busy machine is no failure; and a gate must give the same answer twice, so only people's runs draw new examples.
settings.register_profile("shoal", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("shoal")

# Started in the background by a shell, this ignores Ctrl-C, and after `nohup` hang-ups; so would what the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Ray's clusters, drivers and clients of this run know each other by it; the user's own token stays untouched.
os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


@pytest.fixture(autouse=True)
def no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves behind a process, a thread or shared memory."""
    before = _living()
    yield
    left = _left(before)
    if left:
        gc.collect()  # what an error's traceback still held
        left = _left(before)
    assert not left, f"left behind: {left}"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of a running S3 server."""
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a new bucket, which the environment gives access to."""
    for name, value in environment(s3_endpoint).items():
        monkeypatch.setenv(name, value)
    return make_bucket(s3_endpoint)


def _left(before: dict[str, set[str]]) -> dict[str, set[str]]:
    return {kind: now - before[kind] for kind, now in _living().items() if now - before[kind]}


def _living() -> dict[str, set[str]]:
    gc.collect(0)
    return {
        "processes": _children(),
        "threads": {thread.name for thread in threading.enumerate()},
        "shared memory": {link for link in map(_target, Path("/proc/self/fd").iterdir()) if "memfd:shoal" in link},
        "files in /dev/shm": {path.name for path in Path("/dev/shm").iterdir() if path.name.startswith("shoal")},
    }


def _children() -> set[str]:
    children = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread that ended meanwhile
            children.update((task / "children").read_text().split())
    return children - {str(pid) for pid in PIDS}


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
