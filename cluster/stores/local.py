"""A job folder on a file system: names appear by `link` and `rename`, which a file system does whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from cluster.durable import LocalStep, fsync_folder, put_if_absent, replace
from cluster.stores.base import Checkpoint


class LocalStore:
    """See `Store`.

    Args:
        folder: Its absolute path.
        checkpoint: Called after each step of a write.
    """

    requirement = "It must be writable, on a file system with hard links and room"
    temporaries = "_shoal/temporary"

    def __init__(self, folder: Path, *, checkpoint: Checkpoint) -> None:
        self.place = str(folder)
        self._folder = folder
        self._checkpoint = checkpoint

    def make(self, folders: Iterable[str]) -> None:
        """See `Store.make`."""
        parents = set()
        for name in folders:
            path = self._path(name)
            made = not path.is_dir()
            if made:
                try:
                    path.mkdir(parents=True, exist_ok=True)
                except FileExistsError:
                    raise NotADirectoryError(f"{path} is a file; a job writes to a folder") from None
                self._checkpoint(LocalStep.FOLDER_MADE)
            if made or name:  # one that another driver has just made may not be durable yet
                parents.add(path.parent)
        for parent in sorted(parents):
            fsync_folder(parent)
        self._checkpoint(LocalStep.FOLDERS_DURABLE)

    def entries(self, folder: str) -> dict[str, int]:
        """See `Store.entries`."""
        found = {}
        try:
            for path in sorted(self._path(folder).iterdir()):
                try:
                    found[path.name] = path.stat().st_size
                except FileNotFoundError:  # another driver is at work
                    continue
        except FileNotFoundError:
            return {}
        return found

    def size_bytes(self, name: str) -> int | None:
        """See `Store.size_bytes`."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, name: str) -> bytes:
        """See `Store.read`."""
        return self._path(name).read_bytes()

    def read_all(self, names: Iterable[str]) -> list[bytes]:
        """See `Store.read_all`."""
        return [self.read(name) for name in names]

    def open(self, name: str) -> BinaryIO:
        """See `Store.open`."""
        return self._path(name).open("rb")

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """See `Store.put_if_absent`."""
        return put_if_absent(self._path(name), data, temporaries=self._path(self.temporaries), reached=self._checkpoint)

    def replace(self, name: str, data: bytes) -> None:
        """See `Store.replace`."""
        replace(self._path(name), data, temporaries=self._path(self.temporaries), reached=self._checkpoint)

    def publish(self, staged: str, name: str) -> bool:
        """See `Store.publish`."""
        try:
            self._path(staged).rename(self._path(name))
        except FileNotFoundError:
            return False
        self._checkpoint(LocalStep.RENAMED)
        return True

    def settle(self, folder: str) -> None:
        """See `Store.settle`."""
        fsync_folder(self._path(folder))
        self._checkpoint(LocalStep.NAMES_DURABLE)

    def remove(self, names: Iterable[str]) -> None:
        """See `Store.remove`."""
        for name in names:
            self._path(name).unlink(missing_ok=True)  # another driver may be tidying up as well
            self._checkpoint(LocalStep.REMOVED)

    def _path(self, name: str) -> Path:
        return self._folder / name
