"""How a shard is cut into batches: a pure function of its rows and the policy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BatchPolicy:
    """How many rows one forward call gets.

    Args:
        max_rows: the most rows of a batch, at least 1.

    Raises:
        ValueError: max_rows is not a positive integer.
    """

    max_rows: int = 256

    def __post_init__(self) -> None:
        if type(self.max_rows) is not int or self.max_rows < 1:
            raise ValueError(f"BatchPolicy(max_rows=…) must be an integer of at least 1, got {self.max_rows!r}")


def cut_batches(rows: int, policy: BatchPolicy) -> list[tuple[int, int]]:
    """Cut `rows` rows into batches, each given by its first row within the shard and one past its last.

    Every batch but the last is full, so that a predictor meets as few shapes as possible.
    """
    return [(start, min(start + policy.max_rows, rows)) for start in range(0, rows, policy.max_rows)]
