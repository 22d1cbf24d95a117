"""Finding the files of a source: one, all below a folder, or those of a pattern, local or in an object store."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cluster.errors import SourceNotFoundError, UsageError
from cluster.paths import absolute
from workers import storage
from workers.errors import ColumnsError, SourceError
from workers.storage import FileInfo

COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4"}
"""What pyarrow calls the compression that an extension means."""


@dataclass(frozen=True)
class FoundFiles:
    """The files of a source.

    Attributes:
        files: In the order of their names.
        root: The folder that they were looked for in; empty for a single file that was named.
    """

    files: Sequence[FileInfo]
    root: str

    def identity(self) -> list[dict[str, Any]]:
        """What a resumed job compares, as JSON values."""
        return [file_fields(file) for file in self.files]


def file_fields(file: FileInfo) -> dict[str, Any]:
    """What a fragment says of its file."""
    return {"path": file.place, "size_bytes": file.size_bytes, "mtime_ns": file.mtime_ns, "etag": file.etag}


def located(path: str | os.PathLike[str]) -> str:
    """The path or URL that means the same in any working folder."""
    if storage.is_url(path):
        return os.fspath(path)
    return str(absolute(path))


def find_files(path: str | os.PathLike[str], extensions: Collection[str]) -> FoundFiles:
    """The files that a path means, none of them with a name or a folder that starts with "_" or ".".

    Args:
        path: Of a file; of a folder, whose files may lie in folders of it; or a pattern. Local or a URL.
        extensions: With which files of a folder count, such as ".csv" (then also ".csv.gz"). A file that is named, and
            what a pattern matches, may have any.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceError: The place cannot be reached.
    """
    place = located(path)
    with reaching():
        if not storage.is_url(place) and os.path.lexists(place) and not os.path.isdir(place):  # noqa: PTH112
            return FoundFiles([storage.stat(place)], "")  # also where its name looks like a pattern
        if storage.has_wildcard(place):
            root = _fixed(place)
            found, looked_for = storage.glob_files(place), f"no file of the pattern {place}"
        else:
            file = _named(place)
            if file is not None:
                return FoundFiles([file], "")
            root = place.rstrip("/")
            found = [file for file in storage.list_files(place) if extension_of(file.place) in extensions]
            looked_for = f"no {' or '.join(f'*{extension}' for extension in extensions)} file in the folder {place}"
    files = [file for file in found if not _is_hidden(file.place[len(root) :])]
    if not files:
        raise SourceNotFoundError(f"there is {looked_for} (names that start with '_' or '.' do not count)")
    return FoundFiles(files, root)


def extension_of(path: str) -> str:
    """The extension of a path in small letters, without that of a compression."""
    stem, extension = os.path.splitext(path.lower())  # noqa: PTH122  (may be a URL)
    return os.path.splitext(stem)[1] if extension in COMPRESSIONS else extension  # noqa: PTH122


def compression_of(path: str) -> str | None:
    """What pyarrow calls the compression of a file, by its extension."""
    return COMPRESSIONS.get(os.path.splitext(path.lower())[1])  # noqa: PTH122


@contextmanager
def reaching() -> Iterator[None]:
    """Say of errors of the file system or an object store that they are about the source."""
    try:
        yield
    except (SourceNotFoundError, SourceError, ColumnsError):
        raise
    except FileNotFoundError as error:
        raise SourceNotFoundError(str(error)) from error
    except OSError as error:
        raise SourceError(f"the source cannot be read: {error}") from error
    except ValueError as error:
        raise UsageError(str(error)) from error


def _named(place: str) -> FileInfo | None:
    """The file of this name; None for a folder, or a prefix in an object store."""
    try:
        return storage.stat(place)
    except IsADirectoryError:
        return None
    except FileNotFoundError:
        if storage.is_url(place) and storage.list_files(place):
            return None
        raise SourceNotFoundError(f"there is no file {place}") from None


def _fixed(pattern: str) -> str:
    """The folder that all matches of a pattern are in."""
    names = pattern.split("/")
    first = next(index for index, name in enumerate(names) if storage.has_wildcard(name))
    return "/".join(names[:first])


def _is_hidden(relative: str) -> bool:
    return any(name.startswith(("_", ".")) for name in relative.split("/"))
