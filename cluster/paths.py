"""Paths and URLs as other processes understand them."""

from __future__ import annotations

import os
from pathlib import Path

from cluster.errors import UsageError
from workers.storage import is_url, parse_url


def absolute(path: str | os.PathLike[str]) -> Path:
    """Return the path that means the same in any working folder: absolute, without "~" and "..".

    Raises:
        UsageError: It starts with the home of a user that there is not.
    """
    return Path(os.path.abspath(expanded(path)))  # noqa: PTH100  (Path.absolute() would keep "..")


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return the path without "~".

    Raises:
        UsageError: It starts with the home of a user that there is not.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UsageError(
            f"{os.fspath(path)!r} starts with a home folder, and this machine knows none for "
            f"{Path(path).parts[0]!r}; write the path out, or start it with './' where the name begins with '~'"
        ) from None


def absolute_place(place: str | os.PathLike[str]) -> str:
    """Return the path or URL that means the same in any working folder.

    Raises:
        UsageError: It is a URL of no store that shoal knows, or starts with the home of a user that there is not.
    """
    if not is_url(place):
        return str(absolute(place))
    try:
        return str(parse_url(os.fspath(place)))
    except ValueError as error:
        raise UsageError(str(error)) from None
