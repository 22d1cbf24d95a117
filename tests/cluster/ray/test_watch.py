"""A head that does not answer."""

from __future__ import annotations

import socket

import pytest

from cluster import BackendFailed
from cluster.ray import watch


@pytest.fixture
def silent(monkeypatch):
    """The address of a head that is gone, and little patience."""
    monkeypatch.setattr(watch, "_ASK_S", 0.01)
    monkeypatch.setattr(watch, "_SILENT_S", 0.05)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))  # and nobody listens
        yield watch.HeadWatch(f"127.0.0.1:{sock.getsockname()[1]}")


async def test_it_is_told_at_once_and_lost_when_it_stays_silent(silent, caplog):
    error = await silent.until_lost()
    assert isinstance(error, BackendFailed)
    assert "goes on from what is committed" in str(error)
    assert caplog.text.count("does not answer; waiting for it") == 1


async def test_one_that_answers_again_is_not_lost(silent, monkeypatch):
    answers = iter([False] * 3 + [True])
    monkeypatch.setattr(watch.reach, "answers", lambda address: next(answers))
    await silent.until_there()
    assert next(answers, None) is None
