"""URLs of object stores, and what their names say."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

SCHEMES = ("s3", "gs", "az")

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)


@dataclass(frozen=True)
class Url:
    """A place in an object store.

    Args:
        scheme: Which kind of store: one of `SCHEMES`.
        bucket: The bucket or container.
        key: The object's name in it, without a slash at either end; empty for the bucket itself.
    """

    scheme: str
    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{self.root}{self.key}"

    @property
    def root(self) -> str:
        """The URL of the bucket, with a slash at its end."""
        return f"{self.scheme}://{self.bucket}/"


def is_url(place: str | os.PathLike[str]) -> bool:
    """Whether a place is a URL rather than a path."""
    return isinstance(place, str) and _URL.fullmatch(place) is not None


def parse_url(place: str) -> Url:
    """Take a URL apart.

    Raises:
        ValueError: It is no URL of a store that shoal knows, has no bucket, or a key that stores do not take.
    """
    match = _URL.fullmatch(place)
    scheme = match[1].lower() if match else ""
    if match is None or scheme not in SCHEMES:
        raise ValueError(
            f"{place!r} is no place that shoal can use; expected a path, or s3://, gs:// or az:// and a name"
        )
    bucket, _, key = match[2].partition("/")
    if not bucket:
        raise ValueError(f"{place!r} names no bucket; expected {scheme}://BUCKET/NAME")
    key = key.strip("/")
    if any(part in ("", ".", "..") for part in key.split("/")) and key:
        raise ValueError(
            f"{place!r} has empty names, '.' or '..' between its slashes, which object stores do not resolve"
        )
    return Url(scheme, bucket, key)


def join(place: str | os.PathLike[str], *names: str) -> str:
    """The place of that name below another."""
    if is_url(place):
        return "/".join([os.fspath(place).rstrip("/"), *(name.strip("/") for name in names)])
    return str(Path(place, *names))
