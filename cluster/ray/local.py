"""A local cluster of our own, kept by a program that outlives a killed driver by a moment (see `head`)."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from cluster.errors import BackendFailed

_MAX_FOLDER_CHARS = 40
"""Ray puts sockets below its folder, and their paths may have 107 characters."""
_START_S = 60.0
_END_S = 30.0


class LocalHead:
    """Starts a cluster of one node on this machine.

    Args:
        cpus: How many CPUs it is to have, whether or not the machine has them.

    Attributes:
        address: For drivers, `host:port`.

    Raises:
        BackendFailed: It could not be started.
    """

    def __init__(self, cpus: int) -> None:
        place = tempfile.gettempdir()
        self._folder = tempfile.mkdtemp(prefix="shoal-ray-", dir=place if len(place) <= _MAX_FOLDER_CHARS else "/tmp")
        self._process: subprocess.Popen[str] | None = None
        try:
            self._process = self._start(cpus)
            self.address = self._read_address(self._process)
        except BaseException:
            self.close()
            raise

    def _start(self, cpus: int) -> subprocess.Popen[str]:
        # Ray's daemons warn, and would end where warnings are errors.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
        with self._log.open("w") as said:
            return subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("head.py")), self._folder, str(cpus)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env=environment,
                process_group=0,  # Ctrl-C is for the driver
            )

    def _read_address(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        answered, _, _ = select.select([process.stdout], [], [], _START_S)
        address = process.stdout.readline().strip() if answered else ""
        if not address:
            lines = self._log.read_text().strip().splitlines() if self._log.exists() else []
            why = lines[-1] if lines else "Ray does not say why" if answered else f"nothing within {_START_S:g} s"
            raise BackendFailed(f"a local Ray cluster could not be started: {why}")
        return address

    @property
    def _log(self) -> Path:
        return Path(self._folder) / "head.log"

    def close(self) -> None:
        """End the cluster and wait until it and its files are gone."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.communicate(timeout=_END_S)  # closes its input; its end follows from that
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)  # where the program could not
