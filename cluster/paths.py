"""Paths as other processes understand them."""

from __future__ import annotations

import os
from pathlib import Path


def absolute(path: str | os.PathLike[str]) -> Path:
    """Return the path that means the same in any working folder: absolute, without "~" and ".."."""
    return Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100  (Path.absolute() would keep "..")
