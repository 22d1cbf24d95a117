"""Columns of all kinds for Ray Data, and a predictor that gives them back."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers import Ragged

ROWS = 3000


def columns() -> dict[str, Any]:
    """Numbers, tensors, strings and rows of different lengths."""
    numbers = np.arange(ROWS)
    texts = np.array([f"row {number}" for number in numbers], object)
    tokens = Ragged.from_rows([np.arange(number % 7) for number in numbers], dtype=np.int64)
    return {"n": numbers, "image": np.tile(numbers.reshape(-1, 1, 1), (1, 2, 3)), "text": texts, "tokens": tokens}


def are(found: dict[str, Any]) -> bool:
    """Whether these are the same columns."""
    expected = columns()
    return found.keys() == expected.keys() and all(
        np.array_equal(_array(found[name]), _array(column)) for name, column in expected.items()
    )


def _array(column: Any) -> np.ndarray:
    return np.asarray(column.values if isinstance(column, Ragged) else column)


class Same:
    """What goes in comes out."""

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        return batch
