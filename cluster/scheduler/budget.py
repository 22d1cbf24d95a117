"""How many rows a job may still give up."""

from __future__ import annotations


class Budget:
    """Counts the rows that are given up.

    Args:
        most: How many there may be.
        spent: How many earlier runs of the job gave up.
    """

    def __init__(self, *, most: int, spent: int) -> None:
        self._most = most
        self._spent = spent
        self._found: dict[int, int] = {}  # in shards that are not staged yet

    @property
    def dead_rows(self) -> int:
        """How many are given up so far, those of earlier runs included."""
        return self._spent + sum(self._found.values())

    @property
    def exceeded(self) -> bool:
        """Whether they are too many."""
        return self.dead_rows > self._most

    def left_for(self, shard: int) -> int:
        """How many rows an attempt at a shard may give up, those found before in the same shard included."""
        return max(self._most - self.dead_rows + self._found.get(shard, 0), 0)

    def found(self, shard: int, rows: int) -> None:
        """Count the rows of a shard that are known to end workers; again from nothing each time."""
        if rows:
            self._found[shard] = rows
        else:
            self._found.pop(shard, None)

    def staged(self, shard: int, rows: int) -> None:
        """Count the rows that a staged shard gave up, in place of those found in it before."""
        self._found.pop(shard, None)
        self._spent += rows
