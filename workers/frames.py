"""Whole frames over a stream socket, from the worker's side, where blocking is right."""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence

from tensor import wire

_BUFFERS_A_CALL = 512  # below the kernel's limit of buffers in one sendmsg (IOV_MAX, 1024)


def send_frame(sock: socket.socket, buffers: Sequence[bytes | bytearray | memoryview]) -> None:
    """Send all buffers as they are, without joining them.

    Raises:
        OSError: The other side is gone.
    """
    rest = [memoryview(buffer).cast("B") for buffer in buffers if len(buffer)]
    while rest:
        sent = sock.sendmsg(rest[:_BUFFERS_A_CALL])
        while rest and sent >= len(rest[0]):
            sent -= len(rest.pop(0))
        if sent:
            rest[0] = rest[0][sent:]


def receive_frame(sock: socket.socket) -> bytearray | None:
    """Receive one frame.

    Returns:
        Its bytes; None when the other side closed the connection, also in the middle of a frame.
    """
    frame = bytearray(wire.PRELUDE_BYTES)
    if not _fill(sock, memoryview(frame)):
        return None
    rest = bytearray(wire.frame_size(frame))
    rest[: len(frame)] = frame
    return rest if _fill(sock, memoryview(rest)[len(frame) :]) else None


def has_data(sock: socket.socket) -> bool:
    """Whether a frame, or the end of the connection, waits to be read."""
    waiting = select.poll()  # select() knows no descriptors from 1024 on
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))


def _fill(sock: socket.socket, target: memoryview) -> bool:
    while target:
        received = sock.recv_into(target)
        if not received:
            return False
        target = target[received:]
    return True
