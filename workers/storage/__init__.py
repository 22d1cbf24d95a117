"""Files wherever they are: paths of this machine, and URLs of object stores (`s3://`, `gs://`, `az://`).

A *place* is a path or a URL. Object stores are reached through the library obstore, which is imported only where a URL
is used, and which takes credentials and endpoint from the usual environment variables. All errors are `OSError`s of
the kind that a local file would give: `FileNotFoundError`, `FileExistsError`, `PermissionError`, `ConnectionError`.
"""

from workers.storage.files import (
    FileInfo,
    glob_files,
    has_wildcard,
    list_files,
    open_input,
    open_output,
    remove,
    stat,
)
from workers.storage.urls import Url, is_url, join, parse_url

__all__ = [
    "FileInfo",
    "Url",
    "glob_files",
    "has_wildcard",
    "is_url",
    "join",
    "list_files",
    "open_input",
    "open_output",
    "parse_url",
    "remove",
    "stat",
]
