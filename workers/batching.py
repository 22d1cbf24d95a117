"""How a shard is cut into batches: a pure function of its rows and the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from workers.ragged import Array
from workers.sizes import row_bytes, row_lengths

Batch: TypeAlias = range | Array
"""The positions of a batch's rows within the shard: a range where they follow each other, else int64, shape (rows,)."""


@dataclass(frozen=True, kw_only=True)
class BatchPolicy:
    """What one forward call gets. A batch ends before the row that would exceed any of the limits.

    A row that exceeds one by itself makes a batch of its own. Batches never cross shards, and the output is in the
    order of the input, whatever the batches were.

    Args:
        max_rows: The most rows of a batch, at least 1.
        max_tokens: The most that the lengths of its rows add up to. That is what a model pays that takes rows laid end
            to end, such as a `Ragged` column. A model that pads pays for rows x the longest: with `sort_within`, rows
            of a batch are of about one length, and both are nearly the same.
        max_bytes: The most bytes of its rows, strings counted by their characters.
        length_of: The column that says how long a row is, of those that `prepare` returns, if the predictor has it:
            Ragged rows count their elements, strings their characters, integers are lengths themselves.
        sort_within: Sort rows by length within windows of so many rows before batches are cut; batches do not cross
            windows, so take a multiple of `max_rows`. The output of one window waits in memory to be put back in order.
            None: no sorting.

    Raises:
        ValueError: A limit is not a positive integer, or one needs `length_of`.
        TypeError: `length_of` is not a name, or limits were given without their names.

    Example:
        >>> BatchPolicy(max_rows=512, max_tokens=8192, length_of="tokens", sort_within=4096)
    """

    max_rows: int = 256
    max_tokens: int | None = None
    max_bytes: int | None = None
    length_of: str | None = None
    sort_within: int | None = None

    def __new__(cls, *unnamed: object, **_named: object) -> BatchPolicy:
        """Help those who write `BatchPolicy(64)`."""
        if unnamed:
            first = unnamed[0]
            raise TypeError(f"BatchPolicy({first!r}) does not say what {first!r} is; write BatchPolicy(max_rows=…)")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name in ("max_rows", "max_tokens", "max_bytes", "sort_within"):
            value = getattr(self, name)
            if (type(value) is not int or value < 1) and (value is not None or name == "max_rows"):
                raise ValueError(f"BatchPolicy({name}=…) must be an integer of at least 1, got {value!r}")
        if self.length_of is not None and not isinstance(self.length_of, str):
            raise TypeError(f"BatchPolicy(length_of=…) must be the name of a column, got {self.length_of!r}")
        needing = [name for name in ("max_tokens", "sort_within") if getattr(self, name) is not None]
        if needing and self.length_of is None:
            raise ValueError(
                f"BatchPolicy({needing[0]}=…) needs length_of=…, the column that says how long a row is, "
                'as in length_of="tokens"'
            )


def cut_batches(columns: Mapping[str, Any], policy: BatchPolicy) -> list[Batch]:
    """Cut rows into batches.

    Args:
        columns: The rows, as they go into the predictor.
        policy: How.

    Returns:
        Which rows each batch has, every row once. Without a limit on what rows hold, every batch but the last one (of a
        window) is full, so that a predictor meets as few shapes as possible.

    Raises:
        ColumnsError: `length_of` names no column that has lengths.
    """
    rows = len(next(iter(columns.values())))
    lengths = None if policy.length_of is None else row_lengths(columns, policy.length_of)
    if policy.sort_within is None or lengths is None:
        order = None
    else:
        windows = np.arange(rows) // policy.sort_within
        order = np.lexsort((lengths, windows))  # stable
    totals = _totals(columns, lengths, policy, order)
    batches: list[Batch] = []
    for first in range(0, rows, policy.sort_within or max(rows, 1)):
        start, end = first, min(first + (policy.sort_within or rows), rows)
        while start < end:
            stop = min(start + policy.max_rows, end, *(_room(total, start, limit) for total, limit in totals))
            stop = max(stop, start + 1)  # a row that is too large by itself
            batches.append(range(start, stop) if order is None else order[start:stop])
            start = stop
    return batches


def _totals(
    columns: Mapping[str, Any], lengths: Array | None, policy: BatchPolicy, order: Array | None
) -> list[tuple[Array, int]]:
    """For each limit on what rows hold: the running sum over all rows, from 0, in the order of the cuts; the limit."""
    sizes = [(lengths, policy.max_tokens)] if lengths is not None else []
    if policy.max_bytes is not None:
        sizes.append((row_bytes(columns), policy.max_bytes))
    return [
        (np.concatenate([[0], np.cumsum(size if order is None else size[order])]), limit)
        for size, limit in sizes
        if limit is not None
    ]


def _room(total: Array, start: int, limit: int) -> int:
    """One past the last row, from `start` on, up to which the sum stays within the limit."""
    return int(np.searchsorted(total, total[start] + limit, "right")) - 1
