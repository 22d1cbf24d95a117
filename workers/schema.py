"""What columns hold, in words: `{"text": "string", "embedding": "float32[384]", "tokens": "ragged<int64>"}`.

The words are one vocabulary for digests, error messages and checks that batches agree. An object array without a single
value (no rows, or all of them None) says "null", which agrees with "string" and with "binary".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from workers.errors import ColumnsError
from workers.ragged import Array, Column, Ragged

Schema: TypeAlias = dict[str, str]

_NUMBERS = "biufMm"  # NumPy's letters for bool, integers, floats, times and durations


def schema_of(columns: Mapping[str, Column]) -> Schema:
    """Return the type of every column, in words, by sorted name.

    Raises:
        ColumnsError: a column holds a type that shoal does not carry.
    """
    return {name: _type_of(name, columns[name]) for name in sorted(columns)}


def unify(schemas: Iterable[Schema]) -> Schema:
    """Return the one schema that all of `schemas` (at least one) agree on.

    Raises:
        ColumnsError: two disagree; says in which columns and how.
    """
    first, *others = schemas
    for other in others:
        merged = {name: _agreed(first[name], other[name]) for name in first if name in other}
        differences = [f"{name!r} was {first[name]} and is now {other[name]}" for name in merged if not merged[name]]
        differences += [f"{name!r} ({first[name]}) is missing" for name in first if name not in other]
        differences += [f"{name!r} ({other[name]}) is new" for name in other if name not in first]
        if differences:
            raise ColumnsError(f"the columns of one job must not change between batches: {'; '.join(differences)}")
        first = {name: agreed for name, agreed in merged.items() if agreed}
    return first


def _agreed(one: str, other: str) -> str | None:
    for loose, firm in ((one, other), (other, one)):
        if firm in (loose, loose.replace("null", "string"), loose.replace("null", "binary")):
            return firm
    return None


def _type_of(name: str, column: Column) -> str:
    if not isinstance(name, str):
        raise ColumnsError(f"column names must be strings, got {name!r}")
    if isinstance(column, Ragged):
        return f"ragged<{_type_of(name, np.asarray(column.values))}>"
    if not isinstance(column, np.ndarray):
        raise ColumnsError(f"column {name!r} must be a NumPy array or Ragged, got {type(column).__name__}")
    if column.ndim == 0:
        raise ColumnsError(f"column {name!r} is a single value; axis 0 of a column must be its rows")
    if column.dtype == object:
        return _type_of_objects(name, column)
    if column.dtype.kind in _NUMBERS:
        row_shape = ",".join(map(str, column.shape[1:]))
        return column.dtype.name + (f"[{row_shape}]" if row_shape else "")
    advice = "strings travel as object arrays: column.astype(object)" if column.dtype.kind in "UST" else "convert it"
    raise ColumnsError(f"column {name!r} has dtype {column.dtype}, which shoal does not carry; {advice}")


def _type_of_objects(name: str, column: Array) -> str:
    if column.ndim != 1:
        raise ColumnsError(f"object column {name!r} must have one axis, got shape {column.shape}")
    kinds = {type(cell) for cell in column} - {type(None)}
    if not kinds:
        return "null"
    for word, kind in (("string", str), ("binary", bytes)):
        if all(issubclass(found, kind) for found in kinds):
            return word
    found = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise ColumnsError(
        f"object column {name!r} must hold str or bytes alone (and None), got {found}; "
        "convert it to one number dtype or to one of these, or use Ragged for rows of different lengths"
    )


@dataclass(frozen=True, kw_only=True)
class ColumnType:
    """What a word of a schema says.

    Attributes:
        word: The word.
        word_of_cells: The same without "ragged<…>".
        ragged: Whether rows differ in length.
        dtype: Of an array; None for strings, bytes and columns without a value, which are object arrays.
        row_shape: Of an array, without the axis of the rows.
    """

    word: str
    word_of_cells: str
    ragged: bool
    dtype: np.dtype[Any] | None
    row_shape: tuple[int, ...]


_RAGGED = re.compile(r"ragged<(.*)>")
_NUMBERS_WORD = re.compile(r"(?P<dtype>[a-z]+\d*(?:\[\d*[A-Za-zμ]+\])?)(?:\[(?P<row_shape>[\d,]+)\])?")


def column_type(word: str) -> ColumnType:
    """Return what a word of a schema says.

    Raises:
        ColumnsError: It is no such word.
    """
    ragged = _RAGGED.fullmatch(word)
    cells = ragged[1] if ragged else word
    if cells in ("string", "binary", "null"):
        return ColumnType(word=word, word_of_cells=cells, ragged=bool(ragged), dtype=None, row_shape=())
    try:
        found = _NUMBERS_WORD.fullmatch(cells)
        dtype = np.dtype(found["dtype"] if found else cells)
    except TypeError:
        raise ColumnsError(f"{word!r} is no type of a column that this version of shoal knows") from None
    row_shape = tuple(map(int, found["row_shape"].split(","))) if found and found["row_shape"] else ()
    return ColumnType(word=word, word_of_cells=cells, ragged=bool(ragged), dtype=dtype, row_shape=row_shape)
