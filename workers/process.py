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
from contextlib import closing, suppress
from threading import Lock

from workers.code import CodeRef
from workers.frames import has_data, receive_frame, send_frame
from workers.messages import Command, Report, decode_command, encode
from workers.serving import Commands, serve

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
        _serve(sock)


def _serve(sock: socket.socket) -> None:
    commands = Commands(lambda: _receive(sock), lambda: has_data(sock))
    sending = Lock()

    def say(report: Report) -> None:
        frame = encode(report)
        with sending:  # frames go out whole, from whatever thread
            send_frame(sock, frame)

    try:
        with closing(serve(commands, import_code=_import_code, say=say)) as reports:
            for report in reports:
                say(report)
    except SystemExit as error:
        print(f"shoal: {error.__notes__[-1]}", file=sys.stderr)
        raise


def _receive(sock: socket.socket) -> Command | None:
    frame = receive_frame(sock)
    return None if frame is None else decode_command(frame)


def _import_code(code: CodeRef) -> None:
    sys.path[:] = code.path


def _die_with(driver_pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != driver_pid:
        sys.exit("the driver ended while this worker started")
