"""Finding the rows on which the user's code raises: halves of what raised, down to single rows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import TypeVar

from workers.failures import Step, failure_of
from workers.messages import Failure, Report

T = TypeVar("T")
R = TypeVar("R")


def bisect(
    pieces: Sequence[tuple[int, int]],
    *,
    step: Step,
    announce: Callable[[int, int], Report],
    compute: Callable[[int, int], R],
    accept: Callable[[R, int, bool], T],
    give_up: Callable[[int, Failure, int], None],
) -> Generator[Report, None, list[tuple[int, int, T]]]:
    """Run the user's code on pieces, and where it raises, on their halves, left first.

    A row on which it raises alone is given up; one that was alone from the start is tried once more before that. Only
    what `compute` raises counts against rows, also a MemoryError, which smaller pieces may avoid. A piece in which no
    row is given up in the end is tried whole once more: after an error that comes once, the output is what it would
    have been without it, to the last bit, which may depend on how many rows a call gets.

    Args:
        pieces: (start, stop) positions, in rising order.
        step: What `compute` is, for the failures.
        announce: The report to yield before `compute`.
        compute: The user's code, on the rows from start to stop.
        accept: Takes what it returned, the number of rows, and whether there will be another call before the end;
            errors that it raises are not about a row, and go through.
        give_up: Told the position of a row that is given up, the failure, and how many calls with it failed; may raise.

    Yields:
        Reports.

    Returns:
        What was accepted, with the positions (start, stop) that it covers, in rising order.
    """
    accepted: list[tuple[int, int, T]] = []
    for number, piece in enumerate(pieces, 1):
        parts: list[tuple[int, int, T]] = []
        waiting = [(*piece, 0)]
        keeps_all = True
        while waiting:
            start, stop, failed = waiting.pop()
            yield announce(start, stop)
            try:
                returned = compute(start, stop)
            except Exception as error:
                failed += 1
                middle = (start + stop) // 2
                if stop - start > 1:
                    waiting += [(middle, stop, failed), (start, middle, failed)]
                elif failed == 1:
                    waiting.append((start, stop, failed))
                else:
                    give_up(start, failure_of(error, step), failed)
                    keeps_all = False
            else:
                again = keeps_all and (start, stop) != piece
                more = bool(waiting) or again or number < len(pieces)
                parts.append((start, stop, accept(returned, stop - start, more)))
        if keeps_all and len(parts) > 1:
            start, stop = piece
            yield announce(start, stop)
            with suppress(Exception):
                returned = compute(start, stop)
                parts = []
            if not parts:
                parts.append((start, stop, accept(returned, stop - start, number < len(pieces))))
        accepted += parts
    return accepted
