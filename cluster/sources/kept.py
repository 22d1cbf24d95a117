"""Rows of an iterable for a job that can be resumed: Parquet files in a folder of the job's.

The pieces are written first, under names of this attempt alone, and then one file that lists them, under the digest of
the rows (see `cluster.kept_lists`). The list is what makes them complete: whoever creates it first has written these
rows, and whoever comes second with equal ones uses those. Nothing else in the folder is touched.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cluster.durable import fsync_folder, put_if_absent, replace
from cluster.errors import JobFolderError, UsageError
from cluster.kept_lists import list_name
from cluster.sources.base import FileSource, FragmentRows, Source
from cluster.sources.files import file_fields
from cluster.sources.iterable import Part
from cluster.stores import open_store
from tensor import marks
from tensor.origins import from_plain, to_plain
from workers import storage
from workers.columns import Columns, digest_rows
from workers.shards import ParquetFragment
from workers.sinks.marking import mark_for

_FORMAT = 2


class KeptRows:
    """A folder for the rows of iterables.

    Args:
        folder: Its path or URL; made where it is missing.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def source(self, name: str | None, digest: str) -> Source | None:
        """The rows of a digest; None where they are not there, or not all of them.

        Args:
            name: What the user calls the rows now, for the job to compare.
            digest: As `identity` of the source has it.

        Raises:
            UsageError: Another version of shoal has written them.
            OSError: They cannot be read.
        """
        place = storage.join(self._folder, list_name(digest))
        try:
            with storage.open_input(place) as file:
                listed = json.loads(file.read())
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        if listed["format"] != _FORMAT:
            raise UsageError(f"{place} has the format {listed['format']!r}, this version of shoal knows {_FORMAT}")
        fragments = [self._fragment(piece) for piece in listed["pieces"]]
        found = [fragment for fragment in fragments if fragment is not None]
        if len(found) < len(fragments):
            return None
        rows = sum(piece["rows"] for piece in listed["pieces"])
        identity = {"kind": "iterable", "name": name, "rows": rows, "digest": digest}
        return FileSource(found, identity, from_plain(listed["mark"]))

    def write(self, name: str | None, pieces: Iterable[Part]) -> Source:
        """Write the rows down, unless equal ones are there in the end.

        Args:
            name: What the user calls the rows.
            pieces: All of them.

        Raises:
            JobFolderError: Another driver has removed them at once.
            OSError: They cannot be written.
        """
        if not storage.is_url(self._folder):
            Path(self._folder).mkdir(parents=True, exist_ok=True)
        attempt = secrets.token_hex(4)
        listed: list[dict[str, Any]] = []
        mark = None
        try:
            for piece in pieces:
                listed.append({"file": f"{attempt}-{len(listed):06d}.parquet", "rows": piece.table.num_rows})
                mark = marks.combine([mark, piece.mark])
                listed[-1]["size_bytes"] = _write(storage.join(self._folder, listed[-1]["file"]), piece)
                listed[-1]["digest"] = digest_rows(_columns_of(piece))
        except BaseException:
            self._remove(listed)
            raise
        digest = _digest_of(listed, marked=mark is not None)
        story = json.dumps({"format": _FORMAT, "mark": to_plain(mark), "pieces": listed}, indent=1).encode() + b"\n"
        self._put(list_name(digest), story)  # if this fails, the list may be there all the same
        source = self.source(name, digest)
        if source is None:  # there is a list, of files that are gone
            self._put(list_name(digest), story, replacing=True)
            source = self.source(name, digest)
        used = {kept.fragment.path.rpartition("/")[2] for kept in source.fragments()} if source is not None else set()
        self._remove(piece for piece in listed if piece["file"] not in used)
        if source is None:
            raise JobFolderError(
                f"the rows that were just written to {self._folder} are gone: another driver, with other rows, has "
                "taken the folder over. Run the job again, and give each job a folder of its own"
            )
        return source

    def _fragment(self, piece: dict[str, Any]) -> FragmentRows | None:
        """A piece, if it is there as it was written."""
        try:
            found = storage.stat(storage.join(self._folder, piece["file"]))
        except FileNotFoundError:
            return None
        if found.size_bytes != piece["size_bytes"]:
            return None
        fragment = ParquetFragment(row_group=0, columns=None, digest=piece["digest"], **file_fields(found))
        return FragmentRows(fragment, piece["rows"])

    def _put(self, name: str, story: bytes, *, replacing: bool = False) -> None:
        """Create a list, whole, unless somebody was faster; or replace it."""
        if storage.is_url(self._folder):
            store = open_store(self._folder)
            store.replace(name, story) if replacing else store.put_if_absent(name, story)
            return
        folder = Path(self._folder)
        fsync_folder(folder)  # what is listed must survive whatever the list does
        (replace if replacing else put_if_absent)(folder / name, story, temporaries=folder)

    def _remove(self, pieces: Iterable[dict[str, Any]]) -> None:
        """Remove pieces of ours that no list names."""
        for piece in pieces:
            with suppress(OSError):  # what ended the writing says more; and who opens the job's folder tidies up
                storage.remove(storage.join(self._folder, piece["file"]))


def _digest_of(listed: Iterable[dict[str, Any]], *, marked: bool) -> str:
    """The digest of rows and of how they are cut: what the plan of a job follows from.

    Marked rows differ from equal ones that may be trained on; what computed them may differ from run to run.
    """
    return hashlib.sha256(json.dumps([marked, [piece["digest"] for piece in listed]]).encode()).hexdigest()


def _write(place: str, piece: Part) -> int:
    """Write a piece as one row group; how many bytes it has."""
    import pyarrow.parquet as pq

    table = piece.table
    if piece.mark is not None:
        table = table.replace_schema_metadata(mark_for(piece.mark.job or ""))
    with storage.open_output(place) as file:
        pq.write_table(table, file, row_group_size=max(1, table.num_rows))
        return file.tell()


def _columns_of(piece: Part) -> Columns:
    from workers.arrow import to_columns

    return to_columns(piece.table)
