"""Outputs of batches put back into the order of the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.batching import Batch
from workers.columns import Columns
from workers.pieces import join_columns, take_columns
from workers.ragged import Array


@dataclass(frozen=True)
class Ordered:
    """Output rows in input order.

    Attributes:
        columns: The rows.
        positions: Which rows of the input they are, rising.
    """

    columns: Columns
    positions: Array | range


class OutputOrder:
    """Holds outputs back until all rows before them are through: with sorting, for as long as a window lasts.

    What is held is not copied.
    """

    def __init__(self) -> None:
        self._held: list[tuple[Batch, dict[str, Any]]] = []
        self._rows_through = 0
        self._last = -1

    def add(self, batch: Batch, outputs: Sequence[tuple[int, int, dict[str, Any]]]) -> None:
        """A batch is through.

        Args:
            batch: Its rows.
            outputs: Columns, each with the positions (start, stop) in the batch that they are for; what these leave out
                was given up.
        """
        self._rows_through += len(batch)
        self._last = max(self._last, batch[-1] if isinstance(batch, range) else int(batch.max()))
        self._held += [(batch[start:stop], columns) for start, stop, columns in outputs]

    def take(self) -> Ordered | None:
        """What is complete; None if nothing is. To be called inside `inference_mode`."""
        if not self._held or self._rows_through != self._last + 1:
            return None
        held, self._held = self._held, []
        if len(held) == 1 and isinstance(held[0][0], range):
            return Ordered(held[0][1], held[0][0])
        columns = join_columns([columns for _, columns in held])
        positions = np.concatenate([np.asarray(positions, np.int64) for positions, _ in held])
        if isinstance(held[0][0], range):
            return Ordered(columns, positions)
        order = np.argsort(positions)
        return Ordered(take_columns(columns, order), positions[order])
