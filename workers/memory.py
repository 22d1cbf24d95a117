"""What memory a process has for itself."""

from __future__ import annotations

from pathlib import Path


def private_bytes(pid: int) -> int | None:
    """Memory of no file, so neither libraries nor mapped weights; what forks share is split between them.

    Args:
        pid: A process of this machine.

    Returns:
        Bytes; None if there is no such process.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss_Anon:"))
