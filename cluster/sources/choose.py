"""Which source a value means."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from cluster.errors import UsageError
from cluster.sources.base import Source
from cluster.sources.csv import CsvSource
from cluster.sources.files import extension_of, find_files
from cluster.sources.iterable import IterableSource
from cluster.sources.jsonl import JsonlSource
from cluster.sources.memory import ArraySource, ArrowSource, is_arrow
from cluster.sources.npy import NpySource
from cluster.sources.npz import NpzSource
from cluster.sources.parquet import ParquetSource
from cluster.sources.text import TextSource
from workers import storage
from workers.ragged import Ragged

FileKind: TypeAlias = type[CsvSource | JsonlSource | NpySource | NpzSource | ParquetSource | TextSource]

_BY_EXTENSION: dict[str, FileKind] = {
    ".parquet": ParquetSource,
    ".pq": ParquetSource,
    ".npy": NpySource,
    ".npz": NpzSource,
    ".csv": CsvSource,
    ".tsv": CsvSource,
    ".jsonl": JsonlSource,
    ".ndjson": JsonlSource,
    ".txt": TextSource,
    ".text": TextSource,
}


def as_source(value: Any) -> Source | IterableSource:
    """Return the source that a value means.

    Args:
        value: A source; a path or URL (.parquet, .npy, .npz, .csv, .tsv, .jsonl, .txt, the last four also compressed,
            as .csv.gz; a folder or pattern of such files); columns by name; a lone array, tensor or Ragged, which
            becomes the column "data"; an Arrow table, a frame of pandas or polars, or what else exports Arrow's C
            stream; a list of rows (dicts), or an iterable of them; a dataset of Ray Data.

    Raises:
        SourceNotFoundError: A path leads nowhere.
        SourceError: A file cannot be read.
        UsageError: The value is none of these.
        ColumnsError: Columns that cannot be carried.
    """
    if isinstance(value, Source | IterableSource):
        return value
    if isinstance(value, Mapping):
        return ArraySource(value)
    if isinstance(value, np.ndarray | Ragged) or hasattr(value, "is_inference"):
        return ArraySource({"data": value})
    if isinstance(value, str | os.PathLike):
        path = os.fspath(value)
        return kind_of_path(path)(path)
    if hasattr(value, "read_next_batch"):  # Arrow's reader: rows that come by once, as many as there may be
        return IterableSource(value)
    if type(value).__module__.startswith("ray.data.") and hasattr(value, "iter_batches"):  # else it is not imported
        from cluster.ray.data import source_of

        return source_of(value)
    if is_arrow(value):
        return ArrowSource(value)
    if isinstance(value, list | tuple) and value and all(isinstance(row, Mapping) for row in value):
        return ArraySource.of_rows(value)
    if isinstance(value, Iterable) and not isinstance(value, list | tuple | bytes | bytearray | memoryview):
        return IterableSource(value)
    raise UsageError(
        f"cannot read rows from {_described(value)}; expected a path, a dict of columns, an array, a table or frame, "
        "dicts (one a row), or a source"
    )


def kind_by_name(path: str) -> FileKind | None:
    """The kind of source that a path's extension means; None where it has none that says so."""
    return _BY_EXTENSION.get(extension_of(path))


def kind_of_path(path: str) -> FileKind:
    """The kind of source for a file, a folder or a pattern: that of the files there.

    Raises:
        SourceNotFoundError: The path leads nowhere.
        UsageError: The files are of several kinds, or of none.
    """
    kind = kind_by_name(path)
    return _kind_of_files(path) if kind is None or _is_local_folder(path) else kind


def _kind_of_files(path: str) -> FileKind:
    found = find_files(path, _BY_EXTENSION)
    extensions = {extension_of(file.place) for file in found.files}
    kinds = {kind for extension in extensions if (kind := _BY_EXTENSION.get(extension)) is not None}
    if len(kinds) > 1:
        kinds.discard(TextSource)  # a README
    if len(kinds) == 1:
        return kinds.pop()
    if kinds:
        raise UsageError(
            f"{path} holds files of several kinds ({', '.join(sorted(extensions))}); name the one to read with a "
            f"pattern, or with one of {', '.join(sorted(kind.__name__ for kind in kinds))}"
        )
    what = found.files[0].place
    advice = "a .json file of one value is no JSON lines; " if extension_of(what) == ".json" else ""
    raise UsageError(
        f"{what} has the extension {extension_of(what)!r}; {advice}shoal reads {', '.join(_BY_EXTENSION)}; for a file "
        "of another name, use the source of its kind, such as CsvSource(path)"
    )


def _is_local_folder(path: str) -> bool:
    return not storage.is_url(path) and os.path.isdir(path)  # noqa: PTH112


def _described(value: Any) -> str:
    if isinstance(value, list | tuple):
        inside = f"of {type(value[0]).__name__}" if value else "without rows"
        return f"a {type(value).__name__} {inside}"
    return type(value).__name__
