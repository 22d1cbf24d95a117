"""Where a job folder lies: on a file system, or in an object store. Both give the same few promises (see `Store`)."""

from __future__ import annotations

import os
from pathlib import Path

from cluster.paths import absolute_place
from cluster.stores.base import Checkpoint, Store, uninterrupted
from cluster.stores.local import LocalStore
from cluster.stores.objects import ObjectStep, ObjectStore
from workers.storage import is_url, parse_url

__all__ = ["Checkpoint", "LocalStore", "ObjectStep", "ObjectStore", "Store", "open_store", "uninterrupted"]


def open_store(place: str | os.PathLike[str], *, checkpoint: Checkpoint = uninterrupted) -> Store:
    """Return the store of a folder, or of a URL's prefix. Nothing is written yet.

    Raises:
        UsageError: The place is a URL that shoal does not know.
    """
    absolute = absolute_place(place)
    if is_url(absolute):
        return ObjectStore(parse_url(absolute), checkpoint=checkpoint)
    return LocalStore(Path(absolute), checkpoint=checkpoint)
