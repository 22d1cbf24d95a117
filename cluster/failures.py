"""What the user reads when their code failed: one screen that leads with their own line."""

from __future__ import annotations

from workers.messages import Failure
from workers.shards import MemoryFragment, ParquetFragment, Shard

_TRACEBACK_LINES = 16


def failure_text(failure: Failure, rows: str = "") -> str:
    """The user's line, their error, what ran, and the end of the traceback.

    Args:
        failure: What a worker reported.
        rows: The rows it happened on, as `rows_text` gives.
    """
    lines = [f"{failure.type}: {failure.message}"]
    if failure.line:
        lines.insert(0, f"{failure.line}: {failure.source}")
    lines.append(f"  in {failure.where}" + (f", on {rows}" if rows else ""))
    told = f"{failure.type}: {failure.message}"
    trace = failure.traceback.removesuffix(told).rstrip().splitlines()
    if len(trace) <= 3:  # nothing but the line above
        return "\n".join(lines)
    if len(trace) > _TRACEBACK_LINES:
        trace = ["  ...", *trace[-_TRACEBACK_LINES:]]
    return "\n".join([*lines, "", *trace])


def rows_text(shard: Shard, start: int, stop: int) -> str:
    """Rows `start` to `stop` of a shard, in words, counted from the start of their file or row group."""
    first, last = shard.start + start, shard.start + stop - 1
    match shard.fragment:
        case MemoryFragment():
            place = "the columns in memory"
        case ParquetFragment(path=path, row_group=row_group):
            place = f"row group {row_group} of {path}"
        case other:
            place = other.path
    return f"rows {first} to {last} of {place} (shard {shard.index})"
