"""Rows that come batch by batch, cut into groups that follow from the rows alone.

What is written group by group therefore does not depend on how rows were cut into batches.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from workers.columns import Columns, concat_rows, row_count, slice_rows
from workers.ragged import Column, Ragged
from workers.sizes import row_bytes

GROUP_BYTES = 16 << 20
GROUP_ROWS = 65_536


class RowGroups:
    """Collects rows in bounded memory: a group ends with the row that fills either of its bounds.

    Args:
        max_rows: The most rows of a group.
        max_bytes: How many bytes fill a group; None to count rows only.
    """

    def __init__(self, *, max_rows: int, max_bytes: int | None) -> None:
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._parts: list[Columns] = []
        self._rows = 0
        self._bytes = 0
        self._started = False

    def add(self, batch: Columns) -> Iterator[Columns]:
        """Append a batch, and yield the groups that it fills. The batch is copied: its memory may be used again."""
        rows, sizes_bytes = row_count(batch), row_bytes(batch)
        start = 0
        # Once also without rows: the first batch says which columns there are.
        while start < rows or not (self._started or self._parts):
            stop = min(rows, start + self._max_rows - self._rows)
            if self._max_bytes is not None:
                filled = np.cumsum(sizes_bytes[start:stop])
                stop = min(stop, start + int(np.searchsorted(filled, self._max_bytes - self._bytes)) + 1)
            self._parts.append({name: _copy(part) for name, part in slice_rows(batch, start, stop).items()})
            self._rows += stop - start
            self._bytes += int(sizes_bytes[start:stop].sum())
            if self._rows >= self._max_rows or (self._max_bytes is not None and self._bytes >= self._max_bytes):
                yield self._take()
            start = stop

    def rest(self) -> Columns | None:
        """The last group; without rows if no batch had any, None if there is none."""
        if self._rows or (self._parts and not self._started):
            return self._take()
        return None

    def clear(self) -> None:
        """Forget what waits."""
        self._parts, self._rows, self._bytes = [], 0, 0

    def _take(self) -> Columns:
        group = concat_rows(self._parts)
        self._started = True
        self.clear()
        return group


def _copy(column: Column) -> Column:
    if isinstance(column, Ragged):
        return Ragged(np.array(column.values), column.offsets.copy())
    return column.copy()
