"""The local backend: each worker a child process with a socket to the driver.

The children are plain processes of the same interpreter, not `multiprocessing`'s: nothing re-runs `__main__`, and their
environment is set before NumPy loads. Each leads a process group of its own, so Ctrl-C in the terminal reaches the
driver alone, and whatever a worker started goes down with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import workers
from cluster.backends.base import Capabilities, Said
from cluster.backends.outbox import Outbox
from tensor import wire
from workers.memory import private_bytes
from workers.messages import Command, WorkerExited, decode_report, encode

_PROGRAM = str(Path(workers.__file__).with_name("bootstrap.py"))
_EXIT_GRACE_S = 1.0
"""How long an idle worker may take to leave by itself when the backend closes."""


class LocalBackend:
    """Runs workers as child processes of the thread that polls."""

    name = "local"
    capabilities = Capabilities(isolates=True, can_kill=True)

    def __init__(self) -> None:
        self._environment = dict(os.environ)
        self._outbox = Outbox()
        self._children: dict[str, _Child] = {}
        self._guard: _Guard | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """See `Backend.environment`."""
        return {}

    async def open(self, workers: int | None, environment: Mapping[str, str]) -> int:
        """See `Backend.open`: by default one worker per core that this process may use."""
        self._environment = {**os.environ, **environment}
        return workers or len(os.sched_getaffinity(0))

    def start(self, worker: str, first: Command) -> None:
        """See `Backend.start`."""
        try:
            self._guard = self._guard or _Guard()
            child = _Child(worker, self._environment, self._outbox, self._guard)
        except OSError as error:
            self._outbox.put(worker, WorkerExited(f"could not be started: {error}"))
            return
        for name in [name for name, gone in self._children.items() if gone.is_over]:
            del self._children[name]
        self._children[worker] = child
        child.send(first)

    def submit(self, worker: str, command: Command) -> None:
        """See `Backend.submit`."""
        if worker in self._children:
            self._children[worker].send(command)

    def kill(self, worker: str) -> None:
        """See `Backend.kill`."""
        if worker in self._children:
            self._children[worker].kill()

    async def poll(self) -> Sequence[Said]:
        """See `Backend.poll`."""
        return await self._outbox.take()

    async def private_bytes(self, worker: str) -> int | None:
        """See `Backend.private_bytes`."""
        return self._children[worker].private_bytes() if worker in self._children else None

    async def close(self) -> None:
        """See `Backend.close`."""
        await asyncio.gather(*(child.close() for child in self._children.values()))
        self._children.clear()
        if self._guard is not None:
            self._guard.close()  # milliseconds; threads can no longer be had when Python is about to end
            self._guard = None


class _Guard:
    """A process that outlives a killed driver by a moment, and ends what its workers had started."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))],
            stdin=subprocess.PIPE,
            process_group=0,
        )

    def started(self, pid: int) -> None:
        self._tell(f"+{pid}")

    def collected(self, pid: int) -> None:
        self._tell(f"-{pid}")

    def close(self) -> None:
        with self._process, suppress(OSError):  # waits for its end, which follows from that of its input
            self._input.close()

    @property
    def _input(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _tell(self, line: str) -> None:
        with suppress(OSError):  # somebody killed it
            self._input.write(f"{line}\n".encode())
            self._input.flush()


class _Child:
    """One worker process, from its start to its last report."""

    def __init__(self, worker: str, environment: Mapping[str, str], outbox: Outbox, guard: _Guard) -> None:
        self._worker = worker
        self._outbox = outbox
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        with theirs, _closed_on_error(self._socket):
            self._process = subprocess.Popen(
                [sys.executable, "-P", _PROGRAM, str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                env=dict(environment),
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
            try:
                self._pidfd = os.pidfd_open(self._process.pid)
            except OSError:
                self._process.kill()
                self._process.wait()
                raise
        guard.started(self._process.pid)
        self._commands: asyncio.Queue[list[memoryview]] = asyncio.Queue()
        self._exited = asyncio.Event()
        self._loop.add_reader(self._pidfd, self._reap)
        self._sending = self._loop.create_task(self._send_commands(), name=f"commands to {worker}")
        self._receiving = self._loop.create_task(self._receive_reports(), name=f"reports of {worker}")

    @property
    def is_over(self) -> bool:
        """Whether its last report was made."""
        return self._receiving.done()

    def send(self, command: Command) -> None:
        self._commands.put_nowait(encode(command))

    def kill(self) -> None:
        if not self._exited.is_set():
            # The group exists until its leader is reaped, which only `_reap` does.
            os.killpg(self._process.pid, signal.SIGKILL)

    def private_bytes(self) -> int | None:
        if self._exited.is_set():
            return None
        return private_bytes(self._process.pid)

    async def close(self) -> None:
        self._sending.cancel()
        if not self._exited.is_set():
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)  # an idle worker reads the end of its commands, and leaves
        try:
            await asyncio.wait_for(self._exited.wait(), _EXIT_GRACE_S)
        except TimeoutError:
            self.kill()
        await self._receiving

    async def _send_commands(self) -> None:
        with suppress(OSError):  # the worker is gone; its last report says so
            while True:
                for buffer in await self._commands.get():
                    await self._loop.sock_sendall(self._socket, buffer)

    async def _receive_reports(self) -> None:
        unreadable = ""
        try:
            while (frame := await self._receive_frame()) is not None:
                self._outbox.put(self._worker, decode_report(frame))
        except OSError:
            pass  # it is gone
        except Exception as error:  # it sent what is no report: the user's code may have found our descriptor
            unreadable = f" by the driver, which could not read its report: {error}"
            self.kill()
        await self._exited.wait()
        self._sending.cancel()
        with suppress(asyncio.CancelledError):
            await self._sending
        self._socket.close()
        self._outbox.put(self._worker, WorkerExited(_exit_reason(self._process.returncode) + unreadable))

    async def _receive_frame(self) -> bytearray | None:
        prelude = bytearray(wire.PRELUDE_BYTES)
        if not await self._fill(memoryview(prelude)):
            return None
        frame = bytearray(wire.frame_size(prelude))
        frame[: len(prelude)] = prelude
        return frame if await self._fill(memoryview(frame)[len(prelude) :]) else None

    async def _fill(self, target: memoryview) -> bool:
        while target:
            received = await self._loop.sock_recv_into(self._socket, target)
            if not received:
                return False
            target = target[received:]
        return True

    def _reap(self) -> None:
        """The process ended: end what it started, collect it, and let the reports that it sent be read to their end."""
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._guard.collected(self._process.pid)
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)  # what is buffered stays readable; nothing more can come
        self._exited.set()


@contextmanager
def _closed_on_error(ours: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        ours.close()
        raise


def _exit_reason(status: int) -> str:
    if status >= 0:
        return f"exited with status {status}"
    if -status == signal.SIGBUS:
        return "killed by SIGBUS, as when a file that is mapped, such as of weights, is cut off by whoever writes to it"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
