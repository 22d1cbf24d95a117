"""Writes that survive a crash at any step, on a local folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

_TRIES = 8  # another driver that recovers may sweep our temporary file away, hardly ever twice


class LocalStep(StrEnum):
    """Every step after which a job folder on a file system looks different: all the moments to crash at."""

    FOLDER_MADE = "folder made"
    FOLDERS_DURABLE = "folders durable"
    TEMPORARY_WRITTEN = "temporary file written"
    LINKED = "linked"
    LINK_DURABLE = "link durable"
    REPLACED = "replaced"
    REPLACEMENT_DURABLE = "replacement durable"
    RENAMED = "renamed"
    NAMES_DURABLE = "names durable"
    REMOVED = "removed"


def put_if_absent(
    path: Path, data: bytes, *, temporaries: Path, reached: Callable[[LocalStep], None] = lambda step: None
) -> bool:
    """Create a file with all of its content, or leave the one that is there.

    The content is made durable under a temporary name and then linked, which fails where the name exists: of several
    writers exactly one wins, and nobody ever sees half a file.

    Args:
        path: the file.
        data: its content.
        temporaries: a folder of the same file system, where leftovers of a crash may be deleted at any time.
        reached: called after every step; a test's chance to die there.

    Returns:
        Whether this call created the file.
    """
    for _ in range(_TRIES):
        temporary = temporaries / f"{path.name}-{secrets.token_hex(8)}"
        try:
            _write(temporary, data)
            reached(LocalStep.TEMPORARY_WRITTEN)
            os.link(temporary, path)
        except FileExistsError:
            return False
        except FileNotFoundError:
            if not (temporaries.is_dir() and path.parent.is_dir()):
                raise
        else:
            reached(LocalStep.LINKED)
            fsync_folder(path.parent)
            reached(LocalStep.LINK_DURABLE)
            return True
        finally:
            temporary.unlink(missing_ok=True)
    raise FileNotFoundError(f"temporary files in {temporaries} vanish before they can be linked to {path}")


def replace(
    path: Path, data: bytes, *, temporaries: Path, reached: Callable[[LocalStep], None] = lambda step: None
) -> None:
    """Write a file that replaces the one of that name, whole and durably; arguments as for `put_if_absent`."""
    for _ in range(_TRIES):
        temporary = temporaries / f"{path.name}-{secrets.token_hex(8)}"
        try:
            _write(temporary, data)
            reached(LocalStep.TEMPORARY_WRITTEN)
            temporary.replace(path)
        except FileNotFoundError:
            if not (temporaries.is_dir() and path.parent.is_dir()):
                raise
        else:
            reached(LocalStep.REPLACED)
            fsync_folder(path.parent)
            reached(LocalStep.REPLACEMENT_DURABLE)
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
