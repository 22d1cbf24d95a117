"""What in a shard ends workers: a search by probes, each on a worker that has nothing else to do."""

from __future__ import annotations

from typing import NamedTuple

from cluster.scheduler.cares import Cares, Piece
from cluster.scheduler.events import BatchBegan
from workers.messages import DeadRow, Failure

WORKER_LOST = "WorkerLost"
"""The type of the failure of a row that ends workers, in place of an exception's."""


class Target(NamedTuple):
    """What the next probe runs: a piece of a batch, or, with None, the whole batch and all that come after it."""

    batch: int
    piece: Piece | None


class Found(NamedTuple):
    """What the end of a probe has shown.

    Attributes:
        accident: Nothing: the death before it, or its own, had no reason that a repetition would show.
        dead: A row that is given up, if it came to that.
        row: Its number within the shard.
    """

    accident: bool = False
    dead: DeadRow | None = None
    row: int = 0


class _Part(NamedTuple):
    """A part of a suspect's piece, the deaths that it took part in, and how many of them alone."""

    piece: Piece
    deaths: int
    alone: int = 0


class _Suspect:
    """A piece of a batch, taken apart until its parts live or are single rows that do not."""

    def __init__(self, began: BatchBegan, size: int) -> None:
        self.batch = began.batch
        self.size = size
        self.piece = (began.start, began.stop)
        self.parts = [_Part(self.piece, deaths=1)]  # the next one to probe is the last
        self.lived: list[Piece] = []
        self.dead: list[DeadRow] = []


class Quarantine:
    """The search in one shard.

    What a worker died on is probed whole and alone first. If the worker lives, its death was an accident. If it dies
    again, the piece is halved, left half first, down to rows; a row that ended two workers alone, and took part in
    enough deaths, is dead. Where all parts live, the piece is probed whole once more: if the worker lives now, both
    deaths were accidents, and the shard keeps its batches as they are; only if it dies are the parts kept apart. Then
    a probe runs the rest of the shard, so that what else is in it does not cost a run each.

    Args:
        began: What was under way when the worker died.
        size: How many rows that batch has.
        cares: What is known of the shard; kept up to date.
        deaths: How many deaths a row must have taken part in before it is given up, at least.
    """

    def __init__(self, began: BatchBegan, *, size: int, cares: Cares, deaths: int) -> None:
        self._cares = cares
        self._deaths = deaths
        self._suspect: _Suspect | None = _Suspect(began, size)
        self._batches = began.batches
        self._sweep_from: int | None = None

    @property
    def target(self) -> Target | None:
        """What to probe next; None when nothing is left to find out, and the shard can run."""
        if self._suspect is not None:
            return Target(self._suspect.batch, self._suspect.parts[-1].piece)
        return None if self._sweep_from is None else Target(self._sweep_from, None)

    def passed(self) -> Found:
        """The worker lived."""
        suspect = self._suspect
        if suspect is None:
            self._sweep_from = None
            return Found()
        part = suspect.parts.pop()
        if part.piece == suspect.piece:  # whole, so there is nothing that the shard would have to avoid
            self._suspect = None  # where it came up in a sweep, the sweep goes on from it
            return Found(accident=True)
        suspect.lived.append(part.piece)
        if not suspect.parts and not suspect.dead:
            suspect.parts.append(_Part(suspect.piece, part.deaths))
        return Found(accident=not self._concluded(suspect))

    def died(self, began: BatchBegan | None, *, size: int, how: str) -> Found:
        """The worker died.

        Args:
            began: What was under way; None if nothing was.
            size: How many rows that batch has.
            how: For people: `killed by SIGKILL`.
        """
        suspect = self._suspect
        if began is None or (suspect is not None and began.batch != suspect.batch):
            return Found(accident=True)
        self._batches = began.batches or self._batches
        if suspect is None:
            self._sweep_from = began.batch
            self._suspect = _Suspect(began, size)
            return Found()
        (start, stop), deaths, alone = suspect.parts.pop()
        deaths, alone = deaths + 1, alone + 1
        if suspect.lived and (start, stop) == suspect.piece:
            return Found(accident=not self._concluded(suspect))
        if stop - start > 1:
            middle = (start + stop) // 2
            suspect.parts += [_Part((middle, stop), deaths), _Part((start, middle), deaths)]
            return Found()
        if alone < 2 or deaths < self._deaths:  # one death alone may be an accident
            suspect.parts.append(_Part((start, stop), deaths, alone))
            return Found()
        failure = Failure(
            where="a worker that ran this row alone",
            type=WORKER_LOST,
            message=f"{deaths} workers ended while they ran this row, the last one with nothing else to do: {how}",
        )
        dead = DeadRow(start, failure, deaths)
        suspect.dead.append(dead)
        self._concluded(suspect)
        return Found(dead=dead, row=began.first_row)

    def _concluded(self, suspect: _Suspect) -> bool:
        """Whether the suspect has parts left to probe, or something was learned from it."""
        if suspect.parts:
            return True
        learned = self._cares.add(
            suspect.batch, size=suspect.size, piece=suspect.piece, lived=suspect.lived, dead=suspect.dead
        )
        self._suspect = None
        following = suspect.batch + 1
        self._sweep_from = following if not self._batches or following < self._batches else None
        return learned
