"""Which columns of a file to read."""

from __future__ import annotations

from collections.abc import Sequence

from cluster.errors import UsageError


def checked_choice(columns: Sequence[str] | None) -> tuple[str, ...] | None:
    """The names that a user chose.

    Raises:
        UsageError: A string instead of names, no name, or one twice.
    """
    if columns is None:
        return None
    if isinstance(columns, str):
        raise UsageError(f"columns must be a list of names, got the string {columns!r}; write [{columns!r}]")
    names = tuple(columns)
    if not names:
        raise UsageError("columns=[] leaves nothing to read; None reads all columns")
    if len(set(names)) < len(names):
        raise UsageError(f"columns names a column twice: {', '.join(map(repr, names))}")
    return names


def chosen_columns(columns: Sequence[str] | None, there: Sequence[str], place: str) -> tuple[str, ...]:
    """The names that a user chose of those that a file has.

    Raises:
        UsageError: See `checked_choice`; or the file lacks one.
    """
    names = checked_choice(columns)
    if names is None:
        return tuple(there)
    missing = [name for name in names if name not in there]
    if missing:
        raise UsageError(f"{place} has no column {', '.join(map(repr, missing))}; it has {', '.join(there)}")
    return names
