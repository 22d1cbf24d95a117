"""Rows that come by once: what a Python iterable yields."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cluster.errors import UsageError
from cluster.sources.memory import as_table, is_arrow
from cluster.sources.rows import columns_of_rows, marks_of, marks_of_rows
from tensor import Origin, marks
from workers.columns import as_columns
from workers.sinks.marking import mark_of

if TYPE_CHECKING:
    import pyarrow as pa

_PART_ROWS, _PART_BYTES = 1024, 4 << 20  # of single rows that become columns at a time


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some rows of an iterable.

    Attributes:
        table: The rows.
        mark: Where the inference-only tensors among them were computed.
    """

    table: pa.Table
    mark: Origin | None


class IterableSource:
    """Rows from a Python iterable, such as a generator.

    They have no plan that a second run could repeat, so they are written down first, a part at a time: `Pool.run` keeps
    them in the job's folder, and goes on from there when it resumes; other calls keep them in a temporary file.

    Args:
        rows: Dicts, one a row: numbers, strings, bytes, arrays of equal shapes, and lists, which may differ in length
            and become Ragged. Or a function without arguments that returns such an iterable.
        batches: Each item is a dict of columns instead: arrays, tensors, lists or Ragged. Arrow tables and frames among
            the items are batches in any case.
        name: Stands for the rows when a job is resumed: another name is another job.

    Raises:
        UsageError: The rows are no iterable.
    """

    def __init__(
        self, rows: Iterable[Any] | Callable[[], Iterable[Any]], *, batches: bool = False, name: str | None = None
    ) -> None:
        if not callable(rows) and not isinstance(rows, Iterable):
            raise UsageError(f"expected an iterable of rows, or a function that returns one, got {type(rows).__name__}")
        self._rows = rows
        self._batches = batches
        self.name = name

    def parts(self) -> Iterator[Part]:
        """The rows, a part at a time; once, unless the iterable can be gone through again.

        Raises:
            UsageError: An item is neither a row nor a batch; or there are none any more, as of a generator that an
                earlier call has gone through.
            ColumnsError: A row has other columns than the one before, or holds what shoal does not carry.
        """
        items = self._rows() if callable(self._rows) else self._rows
        if inspect.isgenerator(items) and inspect.getgeneratorstate(items) == inspect.GEN_CLOSED:
            raise UsageError(
                "the generator has been gone through before, and gives no rows any more; make a new one, or pass "
                "the function that makes it"
            )
        waiting: list[Mapping[str, Any]] = []
        size_bytes = 0
        for item in items:
            if is_arrow(item) or (self._batches and isinstance(item, Mapping)):
                if waiting:
                    yield _part(columns_of_rows(waiting), marks_of_rows(waiting))
                    waiting, size_bytes = [], 0
                yield _part_of_batch(item)
                continue
            if not isinstance(item, Mapping):
                raise UsageError(
                    f"the iterable gave a {type(item).__name__}; expected a dict, which is "
                    f"{'a batch of columns' if self._batches else 'a row'}, or a table"
                )
            waiting.append(item)
            size_bytes += sum(map(_size_of, item.values()))
            if len(waiting) >= _PART_ROWS or size_bytes >= _PART_BYTES:
                yield _part(columns_of_rows(waiting), marks_of_rows(waiting))
                waiting, size_bytes = [], 0
        if waiting:
            yield _part(columns_of_rows(waiting), marks_of_rows(waiting))


def _part_of_batch(item: Any) -> Part:
    if not is_arrow(item):
        return _part(item, marks.combine(marks_of(item)))
    table = as_table(item)
    return Part(table=table, mark=mark_of(table.schema))


def _part(columns: Mapping[str, Any], mark: Origin | None) -> Part:
    from workers.arrow import to_table

    return Part(table=to_table(as_columns(columns)), mark=mark)


def _size_of(cell: Any) -> int:
    if isinstance(cell, str | bytes):
        return len(cell)
    if isinstance(cell, list | tuple):
        return 8 * len(cell)
    return int(getattr(cell, "nbytes", 8))
