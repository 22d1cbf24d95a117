"""Puts streamed batches in order, each row once: pure bookkeeping between the driver and a consumer."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cluster.errors import ClusterError
from cluster.gathered import Results, slice_results
from workers.messages import DeadRow


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows of one shard, as they leave.

    Attributes:
        shard: Which.
        columns: Their output; empty when all of them were given up.
        dead: The rows that were given up, by their numbers within the shard.
    """

    shard: int
    columns: Results
    dead: tuple[DeadRow, ...] = ()


@dataclass(frozen=True)
class ShardEnd:
    """The shard's last row has left before this; `attempt` is the one that completed it."""

    shard: int
    attempt: int


@dataclass
class _Arriving:
    rows: int
    arrived: int = 0
    held: list[Batch] = field(default_factory=list)
    completed_by: int | None = None


class Gather:
    """Takes batches as they arrive and hands each row on once, in input order or shard by shard as they come.

    Each attempt at a shard sends its rows in order, from the first one. Several may do so, one after another or at the
    same time, and they need not agree in how they cut batches: a row below the count that has arrived is a repetition
    and is dropped. Whichever attempt is ahead is heard.

    Args:
        rows: How many rows each shard has; the shards in input order.
        ordered: Whether batches leave in input order; else in order of arrival.
    """

    def __init__(self, rows: Mapping[int, int], *, ordered: bool) -> None:
        self._ordered = ordered
        self._order = deque(rows)
        self._arriving = {shard: _Arriving(count) for shard, count in rows.items()}
        self._ready: deque[Batch | ShardEnd] = deque()

    def add(self, shard: int, columns: Results | None, start: int, stop: int, dead: Sequence[DeadRow] = ()) -> None:
        """Rows arrived.

        Args:
            shard: Whose.
            columns: The output of rows `start` to `stop` of the shard, but for those in `dead`.
            start: Follows on what the same attempt sent before.
            stop: One past the last row.
            dead: Rows among them that were given up.
        """
        arriving = self._arriving.get(shard)
        if arriving is None or stop <= arriving.arrived:
            return
        repeated = arriving.arrived - start
        if repeated < 0:
            raise ClusterError(f"a bug in shoal: rows {arriving.arrived} to {start} of shard {shard} never arrived")
        columns = columns or {}
        if repeated and columns:
            skipped = repeated - sum(row.row < arriving.arrived for row in dead)
            columns = slice_results(columns, skipped)
        arriving.held.append(Batch(shard, columns, tuple(row for row in dead if row.row >= arriving.arrived)))
        arriving.arrived = stop
        self._release(shard)

    def complete(self, shard: int, attempt: int, dead: Sequence[DeadRow] = ()) -> None:
        """An attempt has sent all of its shard; `dead` are all rows that it gave up."""
        arriving = self._arriving.get(shard)
        if arriving is None or arriving.completed_by is not None:
            return
        rest = tuple(row for row in dead if row.row >= arriving.arrived)
        if len(rest) < arriving.rows - arriving.arrived:
            raise ClusterError(
                f"a bug in shoal: shard {shard} has {arriving.rows} rows, and only {arriving.arrived} arrived"
            )
        if rest:
            arriving.held.append(Batch(shard, {}, rest))
        arriving.completed_by = attempt
        self._release(shard)

    def pop(self) -> Batch | ShardEnd | None:
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
