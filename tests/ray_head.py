"""A real Ray head for tests: started with `ray start`, with tokens, a dashboard and the job API; ended by its id."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.waiting import until

PIDS: set[int] = set()
"""Of Ray, started by a test, and ended after it by a fixture of a wider scope."""

ROOT = Path(__file__).parents[1]

# Runs the arguments after the first one until it, or the standard input, ends: so nothing stays of tests that are
# killed, either. Then it removes the folder that the first argument names; a process that ends may still write there.
_KEEPER = """
exec 3<&0
folder=$1
shift
"$@" </dev/null &
head=$!
{ read -r _ <&3; kill "$head"; } 2>/dev/null &
wait "$head"
kill $! 2>/dev/null
until rm -rf "$folder" 2>/dev/null; do sleep 0.1; done
"""


@dataclass(frozen=True)
class Head:
    """A running cluster of one node.

    Attributes:
        address: For drivers, `host:port`.
        dashboard: For the job API, `http://host:port`.
    """

    address: str
    dashboard: str


@contextmanager
def ray_head(*, cpus: int = 4, ready_workers: bool = False) -> Iterator[Head]:
    """Start a head, and end it.

    Args:
        cpus: How many CPUs it is to have, whether or not the machine has them.
        ready_workers: Whether it starts processes for each driver that joins, before that asks, as Ray does by default;
            with many short drivers they cost more than they give.
    """
    folder = tempfile.mkdtemp(prefix="shoal-test-", dir="/tmp")  # not below pytest's: sockets have short paths
    port, dashboard_port, agent_port, client_port = (_free_port() for _ in range(4))  # a machine may have several heads
    bin_folder = Path(sys.executable).parent
    command = [bin_folder / "ray", "start", "--head", "--block", "--disable-usage-stats"]
    command += [f"--port={port}", f"--num-cpus={cpus}", f"--temp-dir={folder}", f"--dashboard-port={dashboard_port}"]
    command += [f"--dashboard-agent-listen-port={agent_port}", f"--ray-client-server-port={client_port}"]
    environment = {
        **os.environ,
        "RAY_AUTH_MODE": "token",
        "RAY_prestart_worker_first_driver": "1" if ready_workers else "0",
        "PATH": f"{bin_folder}:{os.environ['PATH']}",  # jobs find `shoal` there
        "PYTHONPATH": str(ROOT),  # and workers `tests.predictors` here
    }
    log = Path(folder) / "head.log"
    with log.open("w") as said, log.open() as heard:
        process = subprocess.Popen(
            ["sh", "-c", _KEEPER, "sh", folder, *command],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            env=environment,
            process_group=0,
        )
        PIDS.add(process.pid)
        try:
            until(lambda: "--block" in _text(heard) or process.poll() is not None)
            assert process.poll() is None, _text(heard)
            until(lambda: _listens(dashboard_port))
            yield Head(f"127.0.0.1:{port}", f"http://127.0.0.1:{dashboard_port}")
        finally:
            process.communicate(timeout=60)  # closes its input
            PIDS.discard(process.pid)
            shutil.rmtree(folder, ignore_errors=True)  # where the keeper was killed, too


def _text(log: IO[str]) -> str:
    log.seek(0)
    return log.read()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
