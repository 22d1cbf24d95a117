"""Programs of users, run as such: as whole processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(folder: Path, text: str, *arguments: str, **changes: str | None) -> tuple[str, str]:
    """Run a program, for which every warning is an error, and return what it printed.

    Args:
        folder: Where its text is put; its home.
        text: The program.
        arguments: Of its command line.
        changes: Variables that it finds changed; None takes one out.
    """
    script = folder / "script.py"
    script.write_text(textwrap.dedent(text))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "HOME": str(folder)} | changes
    environment = {name: value for name, value in environment.items() if value is not None}
    done = subprocess.run(
        [sys.executable, script, *arguments], env=environment, capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def started_with(value: str) -> set[str]:
    """Processes that have a value among their variables, as all have that a program with it started."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if value.encode() in (path / "environ").read_bytes():
                found.add(path.name)
    return found
