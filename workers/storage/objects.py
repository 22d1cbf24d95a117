"""Access to object stores: one connection a bucket, bounded in time, and errors as local files would give them."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workers.storage.urls import Url

if TYPE_CHECKING:
    from obstore.store import ObjectStore

# How long a store may fail before a call does: long enough for a store that is restarted, no minutes of silence.
_TIMEOUT = timedelta(seconds=60)
_CONNECT_TIMEOUT = timedelta(seconds=5)
_RETRIES = 5
_RETRY_TIMEOUT = timedelta(seconds=30)

_REQUEST_BYTES = 16 << 20
_PART_BYTES = 8 << 20
_PARTS_AT_ONCE = 4

_VARIABLES = {
    "s3": ("AWS_", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_REGION, or AWS_ENDPOINT_URL)"),
    "gs": ("GOOGLE_", "GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_SERVICE_ACCOUNT, the path of a key file"),
    "az": ("AZURE_", "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"),
}
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")

# What the library says where it asked the machine for credentials, because the environment holds none.
_NO_CREDENTIALS = (
    "/latest/api/token",
    "/latest/meta-data/",
    "/computeMetadata/",
    "/metadata/identity/",
    "token request",
    "Account must be specified",
)
_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "bucket does not exist")


def store_of(url: Url) -> ObjectStore:
    """The store that holds a URL, connected as the environment says now."""
    prefix, _ = _VARIABLES[url.scheme]
    settings = tuple(sorted(item for item in os.environ.items() if item[0].startswith(prefix)))
    if url.scheme == "s3":
        _check_s3(url, dict(settings))
    with explained(url):
        return _store(url.root, settings)


def _check_s3(url: Url, values: dict[str, str]) -> None:
    """Find what the library panics over, or does not name as the user has."""
    for name in _ENDPOINTS:
        if (endpoint := values.get(name)) and not endpoint.startswith(("http://", "https://")):
            raise OSError(f"{url}: {name} must start with http:// or https://, got {endpoint!r}")
    missing = [name for name in _KEYS if not values.get(name)]
    if len(missing) == 1:
        there = next(name for name in _KEYS if name not in missing)
        raise PermissionError(f"{url}: {there} is set and {missing[0]} is not; set {missing[0]} as well")


@lru_cache(maxsize=64)
def _store(root: str, settings: tuple[tuple[str, str], ...]) -> ObjectStore:
    from obstore.store import from_url

    values = dict(settings)
    # An endpoint that is written as http:// is meant so.
    plain = any(values.get(name, "").startswith("http://") for name in _ENDPOINTS)
    allowed = values.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true", "yes", "on")
    return from_url(
        root,
        client_options={"allow_http": plain or allowed, "timeout": _TIMEOUT, "connect_timeout": _CONNECT_TIMEOUT},
        retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRY_TIMEOUT},
    )


@contextmanager
def explained(url: Url) -> Iterator[None]:
    """Raise the library's errors as the `OSError` that fits, with a message for people."""
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        if isinstance(error, FileNotFoundError) and error.filename is not None:
            raise  # a local file
        raise _as_os_error(error, url) from None  # the library's message fills a screen with its own structures
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of Rust, and no class that can be imported
            raise
        raise OSError(f"{url}: the library obstore failed at {_endpoint(url)}: {str(error)[:500]}") from None


def _as_os_error(error: Exception, url: Url) -> OSError:
    from obstore import exceptions

    said = str(error).partition("\n\nDebug source")[0].strip()
    where = _endpoint(url)
    variables = _VARIABLES[url.scheme][1]
    if any(sign in said for sign in _NO_BUCKET):
        return FileNotFoundError(f"{url}: there is no bucket {url.bucket!r} at {where}; create it, or check the name")
    match error:
        case FileNotFoundError():
            return FileNotFoundError(f"{url} does not exist at {where}")
        case exceptions.AlreadyExistsError():
            return FileExistsError(f"{url} exists already")
        case exceptions.PermissionDeniedError() | exceptions.UnauthenticatedError():
            return PermissionError(f"{url}: {where} refuses access; check what the credentials in {variables} may do")
        case exceptions.PreconditionError():
            return OSError(f"{url} was changed while it was read")
    if any(sign in said for sign in _NO_CREDENTIALS):
        return PermissionError(
            f"{url}: no credentials for it in the environment; set {variables}, on every machine that runs workers. "
            f"Files in the home folder, such as ~/.aws, are not read. ({said.splitlines()[0][:300]})"
        )
    if "error sending request" in said or "timed out" in said:
        return ConnectionError(f"{url}: {where} does not answer; check the address and the network. ({said[:300]})")
    return OSError(f"{url}: {said[:500]}")


def _endpoint(url: Url) -> str:
    if url.scheme == "s3":
        return next((os.environ[name] for name in _ENDPOINTS if name in os.environ), "Amazon S3")
    return "Google Cloud Storage" if url.scheme == "gs" else "Azure"


class ObjectReader(io.RawIOBase):
    """An object as a seekable file. Each read is a request; use it through a buffer.

    Args:
        url: Of the object.

    Raises:
        OSError: It is not there, or cannot be reached.
    """

    def __init__(self, url: Url) -> None:
        import obstore

        self._url, self._store, self._position = url, store_of(url), 0
        with explained(url):
            meta = obstore.head(self._store, url.key)
        self._size_bytes: int = meta["size"]
        self._etag = meta["e_tag"]

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The position, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}[whence]
        if start + offset < 0:
            raise ValueError(f"cannot seek to {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer, or as much of it as one request may bring."""
        import obstore

        stop = min(self._position + min(len(buffer), _REQUEST_BYTES), self._size_bytes)
        if stop <= self._position:
            return 0
        options: dict[str, Any] = {"range": (self._position, stop)}
        if self._etag is not None:
            options["if_match"] = self._etag  # parts of two versions would make a file that never was
        with explained(self._url):
            data = obstore.get(self._store, self._url.key, options=options).bytes()  # type: ignore[arg-type]
        count = len(data)
        buffer[:count] = memoryview(data)
        self._position += count
        return count


class ObjectWriter(io.RawIOBase):
    """Writes an object; it exists once `upload` has ended without an error, whole.

    Args:
        url: Of the object.
        writer: The library's.
    """

    def __init__(self, url: Url, writer: Any) -> None:
        self._url, self._writer, self._position = url, writer, 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """How many bytes were written."""
        return self._position

    def write(self, data: Any, /) -> int:
        """Append all of the data."""
        view = memoryview(data).cast("B")
        if view.nbytes:
            with explained(self._url):
                self._writer.write(view)
        self._position += view.nbytes
        return view.nbytes


@contextmanager
def upload(url: Url) -> Iterator[ObjectWriter]:
    """Write an object; see `workers.storage.open_output`."""
    import obstore

    store = store_of(url)
    with explained(url):
        try:
            obstore.head(store, url.key)
        except FileNotFoundError:
            pass
        else:
            raise FileExistsError(f"{url} exists already")
        writer = obstore.open_writer(store, url.key, buffer_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE)
    try:
        yield ObjectWriter(url, writer)
    except BaseException as error:
        with suppress(Exception):  # the error at hand counts
            writer.__exit__(type(error), error, error.__traceback__)  # sends nothing, or takes back what it has sent
        raise
    with explained(url):
        writer.close()
