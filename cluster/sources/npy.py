"""A .npy file as a source."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cluster.paths import absolute
from cluster.sources.base import FileIdentity, FragmentRows
from workers.columns import as_columns
from workers.reading import map_npy
from workers.shards import NpyFragment


class NpySource:
    """One array in a .npy file; its axis 0 are the rows. Workers map the file.

    Args:
        path: of the file.
        column: the name under which predictors get the array.

    Raises:
        SourceNotFoundError: there is no such file.
        SourceError: it is no .npy file, or one of pickled objects.
        ColumnsError: it holds a type that shoal does not carry.
    """

    def __init__(self, path: str | os.PathLike[str], column: str = "data") -> None:
        self._file = FileIdentity.of(absolute(path))
        self._column = column
        with Path(self._file.path).open("rb") as file:
            mapped = map_npy(file)
        as_columns({column: mapped[:0]})
        self._rows = len(mapped)

    def fragments(self) -> list[FragmentRows]:
        """Return the one fragment."""
        return [FragmentRows(NpyFragment(column=self._column, **asdict(self._file)), self._rows)]

    def identity(self) -> dict[str, Any]:
        """Return the file's path, size and time, and the column's name."""
        return {"kind": "npy", "column": self._column, **asdict(self._file)}

    def mark(self) -> None:
        """Return None: a .npy file cannot say that it was computed."""
        return

    def close(self) -> None:
        """Do nothing: the source holds nothing open."""
