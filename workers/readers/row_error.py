"""The error of one row."""

from __future__ import annotations


class RowError(ValueError):
    """A row that cannot be parsed.

    Args:
        row: Its number among those that were to be parsed, from 0.
        message: What is wrong with it, and what to do.
    """

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row = row
