"""What the user reads when a worker failed: one screen that leads with their own line, in an error of its owner."""

from __future__ import annotations

from cluster.errors import JobFailed, SourceFailed, StorageFailed, UserCodeFailed
from workers.messages import Failure, Owner
from workers.shards import MemoryFragment, ParquetFragment, Shard

_TRACEBACK_LINES = 16
_OWN_ERRORS = "workers.errors."
_ERRORS: dict[Owner, type[JobFailed]] = {"user": UserCodeFailed, "source": SourceFailed, "storage": StorageFailed}


def error_of(failure: Failure, rows: str = "") -> JobFailed:
    """The exception that ends a job over `failure`; its type says whose fault it was.

    Args:
        failure: What a worker reported.
        rows: The rows it happened on, as `rows_text` gives.
    """
    return _ERRORS[failure.owner](failure_text(failure, rows))


def failure_text(failure: Failure, rows: str = "") -> str:
    """The user's line, their error, what ran, and the end of the traceback.

    Args:
        failure: What a worker reported.
        rows: The rows it happened on, as `rows_text` gives.
    """
    on_rows = f", on {rows}" if rows else ""
    if failure.owner != "user":
        told = failure.message if failure.type.startswith(_OWN_ERRORS) else f"{failure.type}: {failure.message}"
        return f"{told}\n  while {failure.where}{on_rows}"
    told = f"{failure.type}: {failure.message}"
    lines = [told]
    if failure.line:
        lines.insert(0, f"{failure.line}: {failure.source}")
    lines.append(f"  in {failure.where}{on_rows}")
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
