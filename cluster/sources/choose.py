"""Which source a value means."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from cluster.errors import SourceNotFoundError, UsageError
from cluster.paths import absolute
from cluster.sources.base import Source
from cluster.sources.memory import ArraySource
from cluster.sources.npy import NpySource
from cluster.sources.parquet import ParquetSource
from workers.ragged import Ragged


def as_source(value: Any) -> Source:
    """Return the source that a value means.

    Args:
        value: a source, a path (.npy, .parquet, a folder or pattern of Parquet files), columns by name, or a lone
            array, tensor or Ragged, which becomes the column "data".

    Raises:
        SourceNotFoundError: a path leads nowhere.
        UsageError: the value is none of these.
        ColumnsError: columns that cannot be carried.
    """
    if isinstance(value, Source):
        return value
    if isinstance(value, Mapping):
        return ArraySource(value)
    if isinstance(value, np.ndarray | Ragged) or hasattr(value, "is_inference"):
        return ArraySource({"data": value})
    if isinstance(value, str | os.PathLike):
        return _source_of_path(os.fspath(value))
    raise UsageError(
        f"cannot read rows from {type(value).__name__}; expected a path, a dict of columns, an array or a source"
    )


def _source_of_path(text: str) -> Source:
    path = absolute(text)
    if path.is_dir() or path.suffix == ".parquet":
        return ParquetSource(path)
    if path.suffix == ".npy":
        return NpySource(path)
    if not path.exists():
        raise SourceNotFoundError(f"there is no file {path}")
    raise UsageError(
        f"{path} has the extension {path.suffix!r}; shoal reads .npy and .parquet, and folders of Parquet files"
    )
