"""Puts streamed batches in order, each once: pure bookkeeping between the driver and a consumer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Batch(Generic[T]):
    """One batch's output, as it leaves."""

    shard: int
    value: T


@dataclass(frozen=True)
class ShardEnd:
    """The shard's last batch has left before this; `attempt` is the one that completed it."""

    shard: int
    attempt: int


@dataclass
class _Arriving(Generic[T]):
    count: int = 0
    held: list[Batch[T]] = field(default_factory=list)
    completed_by: int | None = None


class Gather(Generic[T]):
    """Takes batches as they arrive and hands each on once, in input order or shard by shard as they come.

    A worker sends a shard's batches in order, and a second attempt sends them again from the first one, cut the same
    way: a batch below the count that has arrived is a repetition and is dropped.

    Args:
        shards: The shards to expect, in input order.
        ordered: Whether batches leave in input order; else in order of arrival.
    """

    def __init__(self, shards: Iterable[int], *, ordered: bool) -> None:
        self._ordered = ordered
        self._order = deque(shards)
        self._arriving = {shard: _Arriving[T]() for shard in self._order}
        self._ready: deque[Batch[T] | ShardEnd] = deque()

    def add(self, shard: int, batch: int, value: T) -> None:
        """A batch arrived."""
        arriving = self._arriving.get(shard)
        if arriving is not None and batch == arriving.count:
            arriving.count += 1
            arriving.held.append(Batch(shard, value))
            self._release(shard)

    def complete(self, shard: int, attempt: int) -> None:
        """All of a shard's batches arrived."""
        arriving = self._arriving.get(shard)
        if arriving is not None:
            arriving.completed_by = attempt
            self._release(shard)

    def pop(self) -> Batch[T] | ShardEnd | None:
        """What leaves next; None when that has not arrived yet."""
        return self._ready.popleft() if self._ready else None

    def _release(self, shard: int) -> None:
        if not self._ordered:
            self._let_out(shard)
        else:
            while self._order and self._let_out(self._order[0]):
                self._order.popleft()

    def _let_out(self, shard: int) -> bool:
        """Move what is held to the exit; True when that was the shard's end."""
        arriving = self._arriving[shard]
        self._ready.extend(arriving.held)
        arriving.held.clear()
        if arriving.completed_by is None:
            return False
        self._ready.append(ShardEnd(shard, arriving.completed_by))
        del self._arriving[shard]
        return True
