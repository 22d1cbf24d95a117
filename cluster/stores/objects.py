"""A job folder in an object store: objects appear whole, and a conditional PUT says who was first."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import BinaryIO

from cluster.stores.base import Checkpoint
from workers import storage
from workers.storage.objects import explained, store_of
from workers.storage.urls import Url

_TRIES = 4
_READS_AT_ONCE = 16


class ObjectStep(StrEnum):
    """Every step after which a job folder in an object store looks different: all the moments to crash at."""

    CREATED = "created"
    REPLACED = "replaced"
    COPIED = "copied"
    SOURCE_REMOVED = "source removed"
    REMOVED = "removed"


class ObjectStore:
    """See `Store`.

    The store must honour `If-None-Match: *` on PUT, as Amazon S3, Google Cloud Storage, Azure, MinIO, Ceph and R2 do.

    Args:
        url: The prefix.
        checkpoint: Called after each step of a write.
    """

    requirement = "The bucket must be there, and its store must let the credentials read, write, list and delete"
    temporaries = ""

    def __init__(self, url: Url, *, checkpoint: Checkpoint) -> None:
        self.place = str(url).rstrip("/")
        self._url = url
        self._checkpoint = checkpoint

    def make(self, folders: Iterable[str]) -> None:
        """Nothing: object stores have no folders."""

    def entries(self, folder: str) -> dict[str, int]:
        """See `Store.entries`."""
        import obstore

        url = self._at(folder)
        with explained(url):
            found = obstore.list_with_delimiter(store_of(url), url.key or None)
        names = {prefix.rpartition("/")[2]: 0 for prefix in found["common_prefixes"]}
        return names | {meta["path"].rpartition("/")[2]: meta["size"] for meta in found["objects"]}

    def size_bytes(self, name: str) -> int | None:
        """See `Store.size_bytes`."""
        url = self._at(name)
        if not url.key:
            return None
        try:
            return storage.stat(str(url)).size_bytes
        except FileNotFoundError:
            return None

    def read(self, name: str) -> bytes:
        """See `Store.read`."""
        import obstore

        url = self._at(name)
        with explained(url):
            return bytes(obstore.get(store_of(url), url.key).bytes())

    def read_all(self, names: Iterable[str]) -> list[bytes]:
        """See `Store.read_all`."""
        with ThreadPoolExecutor(_READS_AT_ONCE, thread_name_prefix="shoal-read") as threads:
            return list(threads.map(self.read, names))

    def open(self, name: str) -> BinaryIO:
        """See `Store.open`."""
        return storage.open_input(str(self._at(name)))

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """See `Store.put_if_absent`."""
        import obstore

        url = self._at(name)
        problem: OSError
        for _ in range(_TRIES):
            try:
                with explained(url):
                    obstore.put(store_of(url), url.key, data, mode="create")
            except PermissionError:
                raise
            except OSError as error:
                # Exists already; or the answer was lost, and ours may be there, or may arrive yet. Or the store says
                # "conflict", where it means that it did not decide between two at once, and neither is there.
                problem = error
                if self.size_bytes(name) is not None:
                    return False
            else:
                self._checkpoint(ObjectStep.CREATED)
                return True
        raise problem

    def replace(self, name: str, data: bytes) -> None:
        """See `Store.replace`."""
        import obstore

        url = self._at(name)
        with explained(url):
            obstore.put(store_of(url), url.key, data, use_multipart=False)
        self._checkpoint(ObjectStep.REPLACED)

    def publish(self, staged: str, name: str) -> bool:
        """See `Store.publish`."""
        import obstore

        source, target = self._at(staged), self._at(name)
        try:
            with explained(source):
                obstore.copy(store_of(source), source.key, target.key)  # within the store, the same bytes each time
        except FileNotFoundError:
            return False
        self._checkpoint(ObjectStep.COPIED)
        storage.remove(str(source))
        self._checkpoint(ObjectStep.SOURCE_REMOVED)
        return True

    def settle(self, folder: str) -> None:
        """Nothing: what an object store has answered for is durable."""

    def remove(self, names: Iterable[str]) -> None:
        """See `Store.remove`."""
        for name in names:
            storage.remove(str(self._at(name)))
            self._checkpoint(ObjectStep.REMOVED)

    def _at(self, name: str) -> Url:
        key = "/".join(part for part in (self._url.key, name) if part)
        return Url(self._url.scheme, self._url.bucket, key)
