"""A local cluster of our own, kept by a program that outlives a killed driver by a moment (see `head`)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from cluster.errors import BackendFailed

_MAX_FOLDER_CHARS = 40
"""Ray puts sockets below its folder, and their paths may have 107 characters."""


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
        log = Path(self._folder) / "head.log"
        # Ray's daemons warn, and would end where warnings are errors.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
        with log.open("w") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("head.py")), self._folder, str(cpus)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env=environment,
                process_group=0,  # Ctrl-C is for the driver
            )
        try:
            assert self._process.stdout is not None
            self.address = self._process.stdout.readline().strip()
            if not self.address:
                lines = log.read_text().strip().splitlines() if log.exists() else []
                raise BackendFailed(
                    f"a local Ray cluster could not be started: {lines[-1] if lines else 'Ray does not say why'}"
                )
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the cluster and wait until it and its files are gone."""
        with suppress(OSError), self._process:  # waits for its end, which follows from that of its input
            assert self._process.stdin is not None
            self._process.stdin.close()
        shutil.rmtree(self._folder, ignore_errors=True)  # where the program could not
