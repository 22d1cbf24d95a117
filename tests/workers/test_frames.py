"""Frames over a socket, from the worker's side."""

from __future__ import annotations

import fcntl
import resource
import socket

import pytest

from tensor import wire
from workers.frames import has_data, receive_frame, send_frame


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_frame_is_announced_and_arrives(pair):
    ours, theirs = pair
    assert not has_data(ours)
    send_frame(theirs, wire.pack({"x": 1}))
    assert has_data(ours)
    assert wire.unpack(receive_frame(ours)) == {"x": 1}
    assert not has_data(ours)


def test_the_end_is_announced_too(pair):
    ours, theirs = pair
    theirs.close()
    assert has_data(ours)
    assert receive_frame(ours) is None


def test_descriptors_may_be_large(pair):
    ours, theirs = pair
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip(f"this system allows a process {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    try:
        with socket.socket(fileno=fcntl.fcntl(ours, fcntl.F_DUPFD_CLOEXEC, 1500)) as large:
            assert large.fileno() >= 1500
            assert not has_data(large)
            theirs.send(b"x")
            assert has_data(large)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
