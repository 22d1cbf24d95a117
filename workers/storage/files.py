"""Reading, writing, listing and removing files, local or in an object store."""

from __future__ import annotations

import glob as local_glob
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from workers.storage.urls import is_url, parse_url

if TYPE_CHECKING:
    from obstore import ObjectMeta

_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True)
class FileInfo:
    """What a file is known by.

    Attributes:
        place: Its path or URL.
        size_bytes: Its size.
        mtime_ns: When it was last written, in nanoseconds since 1970.
        etag: The store's name of this version; None for local files.
    """

    place: str
    size_bytes: int
    mtime_ns: int
    etag: str | None = None


def stat(place: str) -> FileInfo:
    """Return a file's size and version.

    Raises:
        OSError: It is not there, is a folder, or cannot be reached.
    """
    if not is_url(place):
        return _local_info(Path(place))
    import obstore

    from workers.storage.objects import explained, store_of

    url = parse_url(place)
    store = store_of(url)
    with explained(url):
        return _object_info(url.root, obstore.head(store, url.key))


def open_input(place: str) -> BinaryIO:
    """Open a file for reading, seekable.

    An object that is replaced while it is read fails the next read.

    Raises:
        OSError: It is not there, or cannot be reached.
    """
    if not is_url(place):
        return Path(place).open("rb")
    from workers.storage.objects import ObjectReader

    return cast("BinaryIO", io.BufferedReader(ObjectReader(parse_url(place)), _BUFFER_BYTES))


@contextmanager
def open_output(place: str) -> Iterator[BinaryIO]:
    """Create a file: with all of its content, durable, when the block ends; not at all when it ends with an error.

    The file can be written and told, not read or sought. In an object store it appears when the block ends.

    Raises:
        FileExistsError: There is one of that name. Two that create one object at once may both succeed: let names
            differ.
        OSError: It cannot be written.
    """
    if is_url(place):
        from workers.storage.objects import upload

        with upload(parse_url(place)) as file:
            yield cast("BinaryIO", file)
        return
    path = Path(place)
    local = path.open("xb")
    try:
        with local:
            yield local
            local.flush()
            os.fsync(local.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def remove(place: str) -> None:
    """Delete a file, if it is there.

    Raises:
        OSError: It cannot be deleted.
    """
    if not is_url(place):
        Path(place).unlink(missing_ok=True)
        return
    import obstore

    from workers.storage.objects import explained, store_of

    url = parse_url(place)
    store = store_of(url)
    try:
        with explained(url):
            obstore.delete(store, url.key)
    except FileNotFoundError:  # some kinds of stores say so, others do not
        return


def list_files(folder: str) -> list[FileInfo]:
    """Return all files below a folder, or a URL's prefix, however deep, in the order of their names.

    Raises:
        OSError: The folder or the bucket is not there, or cannot be reached. A prefix without files is empty.
    """
    if not is_url(folder):
        root = Path(folder)
        if not root.is_dir():
            raise FileNotFoundError(f"{folder} is no folder")
        return [_local_info(path) for path in sorted(root.rglob("*")) if path.is_file()]
    import obstore

    from workers.storage.objects import explained, store_of

    url = parse_url(folder)
    store = store_of(url)
    with explained(url):
        found = [_object_info(url.root, meta) for chunk in obstore.list(store, url.key or None) for meta in chunk]
    # A name that ends with a slash is what some tools leave as a "folder".
    return sorted((info for info in found if not info.place.endswith("/")), key=lambda info: info.place)


def has_wildcard(place: str) -> bool:
    """Whether a place is a pattern rather than a name."""
    return local_glob.has_magic(place)


def glob_files(pattern: str) -> list[FileInfo]:
    """Return the files whose places match a pattern, in the order of their names.

    Args:
        pattern: With `*` and `?` within a name, `[…]` for one character, and `**` for any number of folders.

    Raises:
        OSError: The bucket is not there, or cannot be reached.
    """
    if not is_url(pattern):
        found = sorted(local_glob.glob(pattern, recursive=True))  # noqa: PTH207  (Path.glob takes no absolute pattern)
        return [_local_info(Path(name)) for name in found if Path(name).is_file()]
    url = parse_url(pattern)
    names = url.key.split("/")
    fixed = next((index for index, name in enumerate(names) if has_wildcard(name)), len(names) - 1)
    matches = re.compile(_translated(names)).fullmatch
    below = list_files(url.root + "/".join(names[:fixed]))
    return [info for info in below if matches(info.place[len(url.root) :])]


def _translated(names: list[str]) -> str:
    """The regular expression of a pattern, given by the names between its slashes."""
    parts = []
    for index, name in enumerate(names):
        last = index == len(names) - 1
        if name == "**":
            parts.append(".*" if last else "(?:[^/]+/)*")
            continue
        text = re.sub(
            r"\[!?[^\]]+\]|.",
            lambda match: (
                _ONE.get(match[0]) or (match[0].replace("[!", "[^") if len(match[0]) > 1 else re.escape(match[0]))
            ),
            name,
        )
        parts.append(text if last else text + "/")
    return "".join(parts)


_ONE = {"*": "[^/]*", "?": "[^/]"}


def _local_info(path: Path) -> FileInfo:
    found = path.stat()
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    return FileInfo(str(path), found.st_size, found.st_mtime_ns)


def _object_info(root: str, meta: ObjectMeta) -> FileInfo:
    mtime_ns = int(meta["last_modified"].timestamp() * 1e6) * 1000
    return FileInfo(root + meta["path"], meta["size"], mtime_ns, meta["e_tag"])
