"""A head that does not answer, and a node that is gone."""

from __future__ import annotations

import socket

import pytest

from cluster import BackendFailed
from cluster.ray import watch


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    monkeypatch.setattr(watch, "_ASK_S", 0.01)
    monkeypatch.setattr(watch, "_SILENT_S", 0.05)


@pytest.fixture
def gone():
    """An address where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield "{}:{}".format(*sock.getsockname())


@pytest.fixture
def there():
    """An address where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield "{}:{}".format(*sock.getsockname())


@pytest.fixture
def silent(gone, there):
    """A cluster whose head is gone."""
    return watch.ClusterWatch(gone, there)


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


@pytest.mark.parametrize(
    ("head_answers", "message"),
    [(True, "the driver's own node of the Ray cluster at"), (False, "neither its head nor the driver's own node")],
)
async def test_a_node_that_is_gone_is_lost_at_once(gone, there, monkeypatch, head_answers, message):
    monkeypatch.setattr(watch.reach, "answers", lambda address: head_answers)
    error = await watch.ClusterWatch(there, gone).until_lost()
    assert message in str(error)
