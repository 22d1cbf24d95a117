"""What this process holds, for tests that nothing is left behind."""

from __future__ import annotations

import gc
from contextlib import suppress
from pathlib import Path


def open_files() -> list[str]:
    """The targets of all open file descriptors, sorted, but for those that only await the collector."""
    gc.collect()
    targets = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists the folder
            targets.append(str(descriptor.readlink()))
    return sorted(targets)


def is_mapped(name: str) -> bool:
    """Whether a file whose path contains `name` is mapped, but for what only awaits the collector."""
    gc.collect()  # such as what the errors of earlier tests hold
    return name in Path("/proc/self/maps").read_text()
