"""A local worker process: serves its driver over a socket until the driver closes it.

A plain child of the driver, with its own process group and a socket to the driver on descriptor FD. It dies with the
driver, however that ends and whatever the worker is doing: the kernel kills it when the thread that started it ends.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from collections import deque
from contextlib import closing, suppress

from workers.failures import Step, failure_of
from workers.frames import has_data, receive_frame, send_frame
from workers.messages import (
    BuildPredictor,
    BuildTrainer,
    CancelJob,
    Command,
    Report,
    RunShard,
    decode_command,
    encode,
)
from workers.roles import Worker, worker_for

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Serve the driver.

    Args:
        arguments: The socket's descriptor and the driver's process id.
    """
    fd, driver_pid = (int(argument) for argument in arguments)
    _die_with(driver_pid)
    os.set_inheritable(fd, False)  # a child of the user's code must not hold our connection open
    with socket.socket(fileno=fd) as sock, suppress(ConnectionError):  # the driver is gone: nobody is left to tell
        _serve(Connection(sock))


class Connection:
    """Commands in, reports out; a cancelled job's commands are dropped before anybody sees them."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._waiting: deque[Command] = deque()

    def send(self, report: Report) -> None:
        """Send one report."""
        send_frame(self._sock, encode(report))

    def next_command(self) -> Command | None:
        """Wait for a command; None when the driver is gone."""
        if not self._waiting and not self._receive():
            return None
        return self._waiting.popleft()

    def cancelled(self, command: Command) -> bool:
        """Whether the driver gave up the job that `command` belongs to; takes in what has arrived, without waiting."""
        while has_data(self._sock):
            if not self._receive():
                return True
        cancelled = {waiting.job for waiting in self._waiting if isinstance(waiting, CancelJob)}
        if not cancelled:
            return False
        self._waiting = deque(waiting for waiting in self._waiting if getattr(waiting, "job", None) not in cancelled)
        return getattr(command, "job", None) in cancelled

    def _receive(self) -> bool:
        frame = receive_frame(self._sock)
        if frame is None:
            return False
        self._waiting.append(decode_command(frame))
        return True


def _serve(connection: Connection) -> None:
    first = connection.next_command()
    if not isinstance(first, BuildPredictor | BuildTrainer):
        return
    sys.path[:] = first.code.path
    worker = worker_for(first)
    try:
        _carry_out(connection, worker)
    except SystemExit as error:
        failure = failure_of(error, Step("user", first.code.name))
        caller = failure.line or failure.where
        print(f"shoal: {first.replica}: {caller} called sys.exit({error.code!r})", file=sys.stderr)
        raise


def _carry_out(connection: Connection, worker: Worker) -> None:
    connection.send(worker.start())
    while (command := connection.next_command()) is not None:
        with closing(worker.handle(command)) as reports:  # closed early, it drops what it staged
            for report in reports:
                connection.send(report)
                if isinstance(command, RunShard) and connection.cancelled(command):
                    break


def _die_with(driver_pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != driver_pid:
        sys.exit("the driver ended while this worker started")
