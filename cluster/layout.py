"""How a job folder is laid out, and the small files in it; see `cluster.folder`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cluster.errors import ClusterError, JobFolderError
from cluster.records import RecordFile
from cluster.stores import Store
from workers.storage import join

FORMAT = 2
HIDDEN = "_shoal"
MANIFEST = f"{HIDDEN}/manifest.json"
REPORT = f"{HIDDEN}/report.json"
RECORDS = f"{HIDDEN}/records"
STAGED = f"{HIDDEN}/staged"
ROWS = f"{HIDDEN}/rows"


def record_name(shard: int) -> str:
    """Where a shard's record is."""
    return f"{RECORDS}/{shard:06d}.json"


def staged_name(file: RecordFile) -> str:
    """Where a file of a record was staged."""
    return f"{STAGED}/{file.staged}"


def refuse_strangers(store: Store) -> None:
    """Raise where the folder holds something that is no job's."""
    # In this order: what is there before the manifest is not a job's.
    strangers = sorted(name for name in store.entries("") if name != HIDDEN)
    if strangers and store.size_bytes(MANIFEST) is None:
        listed = ", ".join(strangers[:3]) + (", …" if len(strangers) > 3 else "")
        raise JobFolderError(
            f"{store.place} is not empty and no job folder (it holds {listed}); choose a new or empty folder"
        )


def what_is_there(store: Store) -> str:
    """What to say of a place that is no job folder."""
    try:
        return "is no job folder" if store.entries("") or store.size_bytes("") is not None else "does not exist"
    except NotADirectoryError:
        return "is a file"


def read_manifest(store: Store) -> dict[str, Any]:
    """The manifest; `FileNotFoundError` if there is none."""
    manifest: dict[str, Any] = from_json(join(store.place, MANIFEST), store.read(MANIFEST))
    if manifest.get("format") != FORMAT:
        raise JobFolderError(
            f"{store.place} has the job folder format {manifest.get('format')!r}, this version of shoal knows "
            f"{FORMAT}; use the version that wrote it"
        )
    return manifest


def from_json(place: str, data: bytes) -> Any:
    """The values in a file, or an error that names its place."""
    try:
        return json.loads(data)
    except ValueError as error:
        raise JobFolderError(f"{place} is damaged: {error}") from error


def to_json(values: Mapping[str, Any]) -> bytes:
    """A file of values."""
    return json.dumps(values, indent=1, sort_keys=True).encode() + b"\n"


@contextmanager
def explained(store: Store, *, writing: bool = True) -> Iterator[None]:
    """Raise a place's errors as what a user of job folders gets."""
    try:
        yield
    except ClusterError:
        raise
    except OSError as error:
        if not writing:
            raise JobFolderError(f"cannot read the job folder {store.place}: {error}") from error
        raise JobFolderError(f"cannot use {store.place} as a job folder: {error}. {store.requirement}") from error
