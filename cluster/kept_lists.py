"""Lists of kept rows: which files of a folder hold the rows of an iterable.

    <digest of the rows>.json      lists the files; what makes rows complete
    <attempt>-000003.parquet       some of the rows; files that no list names are of attempts that have not come so far

Equal rows have one list, whoever writes them down, so two drivers on one job share it. Rows that differ never touch
each other's files; only the driver that has a job folder removes those of other jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster.errors import JobFolderError
from cluster.layout import from_json
from cluster.stores import Store
from workers.storage import join

LIST_SUFFIX = ".json"


def list_name(digest: str) -> str:
    """The name of the list of these rows."""
    return digest + LIST_SUFFIX


def unused_rows(store: Store, folder: str, source: Mapping[str, Any]) -> list[str]:
    """The files of kept rows that a job does not need, in the order in which to remove them: lists first.

    Args:
        store: Of the job's folder.
        folder: Where in it rows are kept.
        source: The identity of the job's source, of any kind.

    Raises:
        JobFolderError: The rows that it does need are not there.
        OSError: The place cannot be read.
    """
    found = store.entries(folder)
    needed: dict[str, int] = {}
    if source.get("kind") == "iterable":
        name = list_name(source["digest"])
        if name in found:
            listed = from_json(join(store.place, folder, name), store.read(f"{folder}/{name}"))
            needed = {piece["file"]: piece["size_bytes"] for piece in listed["pieces"]} | {name: found[name]}
        if not needed or not needed.items() <= found.items():
            raise JobFolderError(
                f"{join(store.place, folder)} has lost the rows of this job: another driver, with other rows, had the "
                "folder at the same time. Run the job again, and give each job a folder of its own"
            )
    unused = [name for name in found if name not in needed]
    # A list that is there promises its files, also when a crash comes between.
    return [f"{folder}/{name}" for name in sorted(unused, key=lambda name: (not name.endswith(LIST_SUFFIX), name))]
