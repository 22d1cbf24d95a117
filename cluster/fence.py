"""The fence of a job folder: which driver has it. It keeps two from doing the same work; records keep output right."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cluster.errors import JobFenced, JobFolderError
from cluster.stores import Store

FENCE = "_shoal/fence.json"

_START = 19
"""Where `/proc/PID/stat` has the time of a process's start, counted from its state."""
_CLOCK_STEPS_S = 60.0
"""How far the clock may have been set since, without a process being taken for a younger one."""


@dataclass(frozen=True, kw_only=True)
class Fence:
    """A driver's claim on a job folder.

    Args:
        driver: The driver's name, another one for each run.
        number: How many drivers have had the folder, this one included.
        started: When it took the folder, for people.
        host: The machine it runs on.
        pid: Its process there.
    """

    driver: str
    number: int
    started: str
    host: str
    pid: int

    @classmethod
    def take(cls, store: Store, *, driver: str) -> Fence:
        """Take a folder over from whichever driver had it.

        Of two that do so at once, the one that wrote last has it, and the other finds out when it checks.
        """
        before = cls.read(store)
        fence = cls(
            driver=driver,
            number=1 + (before.number if before else 0),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            host=socket.gethostname(),
            pid=os.getpid(),
        )
        store.replace(FENCE, json.dumps(asdict(fence), indent=1).encode() + b"\n")
        return fence

    @classmethod
    def read(cls, store: Store) -> Fence | None:
        """The claim of whichever driver has a folder, or had it last; None where none ever had.

        Raises:
            JobFolderError: It is damaged.
            OSError: It cannot be read.
        """
        try:
            values: dict[str, Any] = json.loads(store.read(FENCE))
            return cls(**values)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise JobFolderError(f"{store.place}/{FENCE} is damaged: {error}; delete it") from error

    def process_lives(self) -> bool | None:
        """Whether its process lives; None where it is another machine's, and cannot be seen from here."""
        if self.host != socket.gethostname():
            return None
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return False
        if fields[0] in "ZX":  # it has ended, and its parent has not asked how
            return False
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[_START]) / os.sysconf("SC_CLK_TCK")
        # A process that is younger than the claim has only been given the same number.
        return time.time() - age_s < datetime.fromisoformat(self.started).timestamp() + _CLOCK_STEPS_S

    def check(self, store: Store) -> None:
        """Make sure that the folder is still ours.

        Raises:
            JobFenced: Another driver has it.
            JobFolderError: It is gone.
            OSError: It cannot be read.
        """
        now = self.read(store)
        if now is None:
            raise JobFolderError(
                f"{store.place} has lost its {FENCE}: the folder was deleted while the job ran. What it held is gone; "
                "run the job again"
            )
        if now.driver != self.driver:
            raise JobFenced(
                f"another driver has taken {store.place} over: process {now.pid} on {now.host}, started {now.started} "
                f"(number {now.number}, this one is {self.number}). This driver stops; what it has committed counts"
            )
