"""What the user reads when a worker failed: one screen that leads with their own line, in an error of its owner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cluster.errors import JobFailed, SourceFailed, StorageFailed, UsageError, UserCodeFailed, WorkersLost
from cluster.scheduler import WORKER_LOST
from workers.errors import ColumnsError, MemoryFullError, SourceError
from workers.messages import Failure, Owner
from workers.shards import Shard

_TRACEBACK_LINES = 16
_OWN_ERRORS = "workers.errors."
_ERRORS: dict[Owner, type[JobFailed]] = {"user": UserCodeFailed, "source": SourceFailed, "storage": StorageFailed}


def error_of(failure: Failure, rows: str = "") -> JobFailed:
    """The exception that ends a job over `failure`; its type says whose fault it was.

    Args:
        failure: What a worker reported.
        rows: The rows it happened on, as `rows_text` gives.
    """
    kind = WorkersLost if failure.type == WORKER_LOST else _ERRORS[failure.owner]
    return kind(failure_text(failure, rows))


@contextmanager
def told_by_the_driver() -> Iterator[None]:
    """Raise what the driver itself meets in rows and weights as the errors that a job on workers ends with.

    Raises:
        SourceFailed: They cannot be read.
        UsageError: They hold what shoal does not carry.
        StorageFailed: Shared memory has no room for them.
    """
    try:
        yield
    except SourceError as error:
        raise SourceFailed(str(error)) from error
    except ColumnsError as error:
        raise UsageError(str(error)) from error
    except MemoryFullError as error:
        raise StorageFailed(str(error)) from error


def failure_text(failure: Failure, rows: str = "") -> str:
    """The user's line, their error, what ran, and the end of the traceback.

    Args:
        failure: What a worker reported.
        rows: The rows it happened on, as `rows_text` gives.
    """
    on_rows = f", on {rows}" if rows else ""
    if failure.type == WORKER_LOST:
        return f"{failure.message}\n  {failure.where}{on_rows}; the workers' own output above may say more"
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
    """Rows `start` to `stop` of a shard, in words, counted from the start of their file."""
    before = shard.fragment.first_row + shard.start
    rows = f"row {before + start}" if stop - start == 1 else f"rows {before + start} to {before + stop - 1}"
    return f"{rows} of {shard.fragment.place} (shard {shard.index})"
