"""Read-only memory that every process on this machine can map: one copy a node.

A blob is a sealed `memfd`: it has no name in any folder, so nothing can be left behind, and it is freed when the last
process that maps it is gone. Other processes of the same user reach it through the path of the owner's descriptor,
which works as long as the owner lives; a mapping that was made outlives it.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import weakref

# Nobody can grow, shrink or write the file any more, ourselves included.
_SEALS = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


class BlobWriter:
    """Memory being filled; `seal` makes it a `SharedBlob`.

    Args:
        name: Shown in `/proc/PID/maps`, for people who look.

    Attributes:
        fd: The descriptor to write to.
    """

    def __init__(self, name: str) -> None:
        self.fd = os.memfd_create(f"shoal-{name}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)

    def seal(self) -> SharedBlob:
        """Make the memory read-only for good and hand it over."""
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEALS)
        return SharedBlob(self.fd)

    def discard(self) -> None:
        """Free the memory without sealing it."""
        os.close(self.fd)


class SharedBlob:
    """Sealed memory, or a file held open, that processes of the same user on this machine can map by `path`.

    Closed by `close` or with its last reference; what was mapped before stays valid.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.size_bytes = os.fstat(fd).st_size
        self._close = weakref.finalize(self, os.close, fd)

    @classmethod
    def of_file(cls, path: str | os.PathLike[str]) -> SharedBlob:
        """Hold a file as it is now: replacing it under its name does not change what is mapped from here."""
        return cls(os.open(path, os.O_RDONLY | os.O_CLOEXEC))

    def duplicate(self) -> SharedBlob:
        """A second hold of the same memory, closed apart from this one."""
        return SharedBlob(os.dup(self._opened()))

    def _opened(self) -> int:
        if not self._close.alive:
            raise ValueError("this shared memory was closed; make a new one")
        return self._fd

    def read(self, size_bytes: int, offset: int) -> bytes:
        """Bytes from an offset on: fewer where the file ends."""
        return os.pread(self._opened(), size_bytes, offset)

    @property
    def path(self) -> str:
        """Where another process opens it while this one holds it."""
        return f"/proc/{os.getpid()}/fd/{self._opened()}"

    @property
    def state(self) -> tuple[int, int]:
        """Size in bytes and time of the last change in ns, to tell whether somebody wrote to the file."""
        found = os.fstat(self._opened())
        return found.st_size, found.st_mtime_ns

    def close(self) -> None:
        """Let go of the memory; may be called twice."""
        self._close()


def map_file(path: str | os.PathLike[str]) -> memoryview:
    """Map a file or blob read-only; the mapping lives as long as views of it.

    Returns:
        Its bytes, read-only; empty for an empty file.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if os.fstat(fd).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_SHARED))
    finally:
        os.close(fd)
