"""Writes that survive a crash at any step, on a local folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

_TRIES = 8  # another driver that recovers may sweep our temporary file away, hardly ever twice


def put_if_absent(
    path: Path, data: bytes, *, temporaries: Path, reached: Callable[[str], None] = lambda step: None
) -> bool:
    """Create a file with all of its content, or leave the one that is there.

    The content is made durable under a temporary name and then linked, which fails where the name exists: of several
    writers exactly one wins, and nobody ever sees half a file.

    Args:
        path: the file.
        data: its content.
        temporaries: a folder of the same file system, where leftovers of a crash may be deleted at any time.
        reached: called after every step with its name; a test's chance to die there.

    Returns:
        Whether this call created the file.
    """
    for _ in range(_TRIES):
        temporary = temporaries / f"{path.name}-{secrets.token_hex(8)}"
        try:
            _write(temporary, data)
            reached("temporary_written")
            os.link(temporary, path)
        except FileExistsError:
            return False
        except FileNotFoundError:
            if not (temporaries.is_dir() and path.parent.is_dir()):
                raise
        else:
            reached("linked")
            fsync_folder(path.parent)
            reached("link_durable")
            return True
        finally:
            temporary.unlink(missing_ok=True)
    raise FileNotFoundError(f"temporary files in {temporaries} vanish before they can be linked to {path}")


def replace(path: Path, data: bytes, *, temporaries: Path) -> None:
    """Write a file that replaces the one of that name, whole and durably; arguments as for `put_if_absent`."""
    for _ in range(_TRIES):
        temporary = temporaries / f"{path.name}-{secrets.token_hex(8)}"
        try:
            _write(temporary, data)
            temporary.replace(path)
        except FileNotFoundError:
            if not (temporaries.is_dir() and path.parent.is_dir()):
                raise
        else:
            fsync_folder(path.parent)
            return
        finally:
            temporary.unlink(missing_ok=True)
    raise FileNotFoundError(f"temporary files in {temporaries} vanish before they can be renamed to {path}")


def fsync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
