"""Origins of marked tensors as plain values, for what crosses processes: the wire and files."""

from __future__ import annotations

from typing import Any

from tensor.bases import wrap
from tensor.dtypes import Array, of
from tensor.marks import MARKED, Origin, RowRange
from tensor.tensors import Tensor


def to_plain(origin: Origin | None) -> list[Any] | None:
    """Return an origin as lists of numbers and text, which msgpack and JSON have."""
    if origin is None:
        return None
    rows = [[each.start, each.stop, each.shard, each.replica] for each in origin.rows]
    return [origin.job, origin.shard, origin.replica, rows]


def from_plain(value: Any) -> Origin | None:
    """Return the origin that `to_plain` made a value of.

    Raises:
        ValueError: it made no such value.
    """
    match value:
        case None:
            return None
        case [str() | None as job, int() | None as shard, str() | None as replica, [*rows]]:
            return Origin(job=job, shard=shard, replica=replica, rows=tuple(_row_range(each) for each in rows))
    raise ValueError(f"{value!r:.200} is not the origin of a marked tensor")


def _row_range(value: Any) -> RowRange:
    match value:
        case [int(start), int(stop), int() | None as shard, str() | None as replica]:
            return RowRange(start, stop, shard, replica)
    raise ValueError(f"{value!r:.200} is not the origin of some rows")


def arrive(array: Array, origin: Origin | None) -> Tensor:
    """Return a marked tensor over an array that arrived with a mark, whatever the mode here.

    Args:
        array: its memory, which is not copied and may be read-only.
        origin: where it was computed, which is not here.

    Raises:
        DtypeError: tensors cannot hold this dtype.
    """
    of(array.dtype)
    return wrap(array, MARKED, origin=origin)
