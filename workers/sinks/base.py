"""What all formats have in common: rows come in groups, and go into files of the attempt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import BinaryIO, TypeAlias

from workers.columns import Columns

OpenFile: TypeAlias = Callable[[str], BinaryIO]
"""Opens the attempt's file with a suffix, as `.parquet`, to be written from start to end."""


class PartWriter(ABC):
    """Writes the rows of one attempt in one format.

    Raises nothing but ColumnsError, where the format has no place for the rows, and OSError.
    """

    @abstractmethod
    def write(self, rows: Columns) -> None:
        """Append a group of rows. The groups have the same columns, in the same order; only the first may be empty."""

    @abstractmethod
    def close(self) -> None:
        """Write what is still missing. The files belong to whoever gave them, who closes them afterwards."""

    @abstractmethod
    def abandon(self) -> None:
        """Let go of the files without completing them. Harmless when called again, and after `close`."""
