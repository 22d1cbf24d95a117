"""How a shard has to run after something in it ended workers."""

from __future__ import annotations

from collections.abc import Iterable

from workers.messages import PREPARE, Care, DeadRow

Piece = tuple[int, int]


class Cares:
    """The cares of one shard, by batch."""

    def __init__(self) -> None:
        self._of: dict[int, Care] = {}

    @property
    def dead_rows(self) -> int:
        """How many rows they give up."""
        return sum(len(care.dead) for care in self._of.values())

    def as_tuple(self) -> tuple[Care, ...]:
        """For a command, in the order of the batches."""
        return tuple(self._of[batch] for batch in sorted(self._of))

    def add(self, batch: int, *, size: int, piece: Piece, lived: Iterable[Piece], dead: Iterable[DeadRow]) -> bool:
        """Take over what was found out about a piece of a batch.

        Args:
            batch: Its number, or `PREPARE`: rows that die in there leave the shard, so what was known of its
                batches, which are now cut elsewhere, is forgotten.
            size: How many rows the batch has.
            piece: What was looked into.
            lived: The parts of it that may go into the predictor.
            dead: The rows of it that may not.

        Returns:
            Whether that is new.
        """
        known = self._of.get(batch, Care(batch, ((0, size),)))
        start, stop = piece
        lived = list(lived)
        pieces = []
        for low, high in known.pieces:
            pieces += [(low, min(high, start)), (max(low, stop), high)]
            pieces += [(max(low, first), min(high, last)) for first, last in lived]
        care = Care(
            batch,
            tuple(sorted((low, high) for low, high in pieces if low < high)),
            tuple(sorted([*known.dead, *dead], key=lambda each: each.row)),
        )
        if care == known:
            return False
        if batch == PREPARE:
            self._of.clear()
        self._of[batch] = care
        return True
