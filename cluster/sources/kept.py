"""Rows of an iterable for a job that can be resumed: Parquet files in a folder of the job's.

The pieces are written first, under names of this attempt alone, and then one file that lists them. That file is what
makes them complete: whoever creates it first has written the rows of the job, whoever comes second uses those, and
pieces that it does not list are nobody's.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cluster.durable import fsync_folder, put_if_absent
from cluster.errors import UsageError
from cluster.sources.base import FileSource, FragmentRows, Source
from cluster.sources.files import file_fields
from cluster.sources.iterable import Part
from cluster.stores import open_store
from tensor import marks
from tensor.origins import from_plain, to_plain
from workers import storage
from workers.columns import Columns, RowsDigest
from workers.shards import ParquetFragment
from workers.sinks.marking import mark_for

_LIST = "rows.json"
_FORMAT = 1


class KeptRows:
    """A folder for the rows of one iterable.

    Args:
        folder: Its path or URL; made where it is missing.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def source(self, name: str | None) -> Source | None:
        """What is complete there; None if nothing is.

        Args:
            name: What the user calls the rows now, for the job to compare.

        Raises:
            UsageError: It is damaged.
            OSError: It cannot be read.
        """
        place = storage.join(self._folder, _LIST)
        try:
            with storage.open_input(place) as file:
                listed = json.loads(file.read())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError as error:
            raise UsageError(
                f"{place} is damaged ({error}); delete its folder to have the rows written anew"
            ) from error
        if listed["format"] != _FORMAT:
            raise UsageError(f"{place} has the format {listed['format']!r}, this version of shoal knows {_FORMAT}")
        fragments = [self._fragment(piece) for piece in listed["pieces"]]
        identity = {"kind": "iterable", "name": name, "rows": listed["rows"], "digest": listed["digest"]}
        return FileSource(fragments, identity, from_plain(listed["mark"]))

    def write(self, name: str | None, pieces: Iterable[Part]) -> Source:
        """Write the rows down, unless somebody else completes that first.

        Args:
            name: What the user calls the rows.
            pieces: All of them.

        Raises:
            OSError: They cannot be written.
        """
        if not storage.is_url(self._folder):
            Path(self._folder).mkdir(parents=True, exist_ok=True)
        attempt = secrets.token_hex(4)
        listed: list[dict[str, Any]] = []
        digest, mark = RowsDigest(), None
        try:
            for piece in pieces:
                listed.append({"file": f"{attempt}-{len(listed):06d}.parquet", "rows": piece.table.num_rows})
                mark = marks.combine([mark, piece.mark])
                listed[-1]["size_bytes"] = _write(storage.join(self._folder, listed[-1]["file"]), piece)
                digest.update(_columns_of(piece))
        except BaseException:
            for piece_written in listed:
                with suppress(OSError):  # what ended the writing says more
                    storage.remove(storage.join(self._folder, piece_written["file"]))
            raise
        story = {
            "format": _FORMAT,
            "rows": digest.rows,
            "digest": digest.hexdigest(),
            "mark": to_plain(mark),
            "pieces": listed,
        }
        self._complete(
            json.dumps(story, indent=1).encode() + b"\n"
        )  # if this fails, the list may be there all the same
        source = self.source(name)
        assert source is not None
        with suppress(FileNotFoundError):  # somebody else is tidying up as well
            self._tidy({kept.fragment.path for kept in source.fragments()})
        return source

    def _fragment(self, piece: dict[str, Any]) -> FragmentRows:
        place = storage.join(self._folder, piece["file"])
        try:
            found = storage.stat(place)
        except FileNotFoundError:
            found = None
        if found is None or found.size_bytes != piece["size_bytes"]:
            state = "missing" if found is None else f"{found.size_bytes} bytes long"
            raise UsageError(
                f"{place} is {state}; its rows were {piece['size_bytes']} bytes. Put it back, or delete its folder and "
                "what was computed of it to start over"
            )
        return FragmentRows(ParquetFragment(row_group=0, columns=None, **file_fields(found)), piece["rows"])

    def _complete(self, story: bytes) -> None:
        """Create the list, whole, unless somebody was faster."""
        if storage.is_url(self._folder):
            open_store(self._folder).put_if_absent(_LIST, story)
            return
        folder = Path(self._folder)
        fsync_folder(folder)  # what is listed must survive whatever the list does
        put_if_absent(folder / _LIST, story, temporaries=folder)

    def _tidy(self, kept: Collection[str]) -> None:
        """Remove what attempts have left that were not completed."""
        for file in storage.list_files(self._folder):
            if file.place not in kept and not file.place.endswith(f"/{_LIST}"):
                storage.remove(file.place)


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
