"""Planning: cutting a source into shards, before the run and from nothing but the source.

A replay plans the same shards with the same ids, whatever the replicas or the machine: a resumed job can compare them
with what was committed, and neither the number of outputs nor their order depends on the run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from cluster.errors import UsageError
from cluster.sources.base import FragmentRows
from workers.shards import ParquetFragment, RecordsFragment, Shard

_DECODED = (ParquetFragment, RecordsFragment)
_SHARDS_WANTED = 32
_FEWEST_ROWS, _MOST_ROWS = 256, 16_384  # no fewer than a batch has by default


def default_shard_rows(total_rows: int) -> int:
    """Return the size of shards where the user names none: about 32 of them, of 256 to 16,384 rows each."""
    return min(max(-(-total_rows // _SHARDS_WANTED), _FEWEST_ROWS), _MOST_ROWS)


def plan_shards(fragments: Sequence[FragmentRows], *, shard_rows: int | None = None) -> list[Shard]:
    """Cut fragments into shards that cover every row exactly once and never cross fragments.

    Args:
        fragments: in the order of the rows; empty ones give no shard.
        shard_rows: the most rows of a shard. By default the size follows from the number of rows alone, and a Parquet
            row group or a range of bytes stays whole up to twice that size: a part of one costs nearly as much to read
            as all of it.

    Returns:
        Shards in the order of the rows, with ids that any later plan of the same source repeats.

    Raises:
        UsageError: shard_rows is not a positive integer.
    """
    if shard_rows is not None and (type(shard_rows) is not int or shard_rows < 1):
        raise UsageError(f"shard_rows must be an integer of at least 1, got {shard_rows!r}")
    default = default_shard_rows(sum(listed.rows for listed in fragments))
    shards: list[Shard] = []
    for listed in fragments:
        fragment, rows = listed.fragment, listed.rows
        step = shard_rows or default
        if shard_rows is None and isinstance(fragment, _DECODED) and rows <= 2 * default:
            step = max(rows, 1)
        story = hashlib.sha256(json.dumps(fragment.identity(), sort_keys=True).encode())
        for start in range(0, rows, step):
            stop, index = min(start + step, rows), len(shards)
            name = story.copy()
            name.update(b"%d-%d" % (start, stop))
            shard_id = f"{index:06d}-{name.hexdigest()[:12]}"
            shards.append(Shard(index=index, id=shard_id, fragment=fragment, start=start, stop=stop))
    return shards


def plan_digest(shards: Iterable[Shard]) -> str:
    """Return the SHA-256 of a plan, as hex; equal for equal plans of equal sources."""
    return hashlib.sha256("\n".join(shard.id for shard in shards).encode()).hexdigest()
