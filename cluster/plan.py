"""What a job is to do: the rows, how they are cut, and how batches are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.planning import plan_shards
from cluster.sources import ArraySource, Source
from workers.batching import BatchPolicy
from workers.columns import Columns, concat_rows
from workers.shards import Shard


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A source and how it is cut, before anything runs.

    Attributes:
        source: The rows.
        owned: Whether the job made the source of what the user gave, and so has to close it.
        shards: All of them.
        policy: How workers cut batches.
        shard_rows: The size of shards that the user wanted, if any.
    """

    source: Source
    owned: bool
    shards: tuple[Shard, ...]
    policy: BatchPolicy
    shard_rows: int | None = None

    @property
    def rows(self) -> int:
        """Rows of the source."""
        return sum(shard.rows for shard in self.shards)

    def close(self) -> None:
        """Let go of the source."""
        if self.owned:
            self.source.close()


def plan_in_memory(parts: Sequence[Columns], policy: BatchPolicy) -> Plan:
    """The plan for rows in memory: these parts, one after another."""
    source = ArraySource(concat_rows(parts))
    return Plan(source=source, owned=True, shards=tuple(plan_shards(source.fragments())), policy=policy)
