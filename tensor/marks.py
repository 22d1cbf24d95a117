"""The mark of inference-only tensors: its bits, where a marked tensor came from, and how many copies left the contract.

A tensor's bits are ORed over the operands of an operation, so one number tells whether anything special is among them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

MARKED = 1  # inference-only, for ever
REQUIRES_GRAD = 2  # a gradient is wanted for it, or for something that it was computed from
TRACED = 4  # marked, and it is known where it came from: `_origin` is set
VIEW = 8  # shares a base's memory under autograd's eyes: `_view` is set
HOOKED = 16  # a leaf with gradient hooks: `_hooks` is set
HALF = 32  # of a half-precision dtype: computed in float32


@dataclass(frozen=True, slots=True)
class RowRange:
    """Rows `start` to `stop` of a gathered tensor, and the shard and replica that computed them."""

    start: int
    stop: int
    shard: int | None = None
    replica: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a marked tensor was computed. Unknown, or differing among its sources, is `None`.

    Args:
        job: Name of the job.
        shard: Number of the shard.
        replica: Name of the replica.
        rows: For a gathered tensor, which rows came from where; used in messages only.
    """

    job: str | None = None
    shard: int | None = None
    replica: str | None = None
    rows: tuple[RowRange, ...] = ()

    def __str__(self) -> str:
        known = [
            f"{name} {value!r}"
            for name, value in (("job", self.job), ("shard", self.shard), ("replica", self.replica))
            if value is not None
        ]
        text = ", ".join(known) or "an unknown job"
        if not self.rows:
            return text
        parts = [f"rows {r.start}–{r.stop} from shard {r.shard} on replica {r.replica!r}" for r in self.rows[:3]]
        more = len(self.rows) - len(parts)
        return f"{text} ({'; '.join(parts)}{f'; and {more} more ranges' if more else ''})"


def combine(origins: Iterable[Origin | None]) -> Origin | None:
    """Return the fields in which all the known origins agree, `None` when none is known."""
    known = [each for each in origins if each is not None]
    if not known:
        return None
    first, *rest = known
    if all(each == first for each in rest):
        return first
    return Origin(
        job=first.job if all(each.job == first.job for each in rest) else None,
        shard=first.shard if all(each.shard == first.shard for each in rest) else None,
        replica=first.replica if all(each.replica == first.replica for each in rest) else None,
    )


CURRENT: ContextVar[Origin | None] = ContextVar("tensor_origin", default=None)
in_use = False  # whether this process has ever said where tensors come from


@contextmanager
def origin(
    *, job: str | None = None, shard: int | None = None, replica: str | None = None, rows: tuple[RowRange, ...] = ()
) -> Iterator[Origin]:
    """Say where tensors marked inside the block come from; what is not given is taken from the enclosing block."""
    global in_use
    in_use = True
    before = CURRENT.get()
    outer = before or Origin()
    inner = Origin(
        job=outer.job if job is None else job,
        shard=outer.shard if shard is None else shard,
        replica=outer.replica if replica is None else replica,
        rows=rows or outer.rows,
    )
    CURRENT.set(inner)
    try:
        yield inner
    finally:
        CURRENT.set(before)


_training_copies = 0
_counting = threading.Lock()


def count_training_copy() -> None:
    """Note that `as_training_data` let a copy out."""
    global _training_copies
    with _counting:
        _training_copies += 1


def training_copies() -> int:
    """Return how many copies `as_training_data` has made of marked tensors in this process."""
    return _training_copies
