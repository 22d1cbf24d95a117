"""Columns as Arrow tables and back: one codec for memory, Parquet and results.

| column                      | Arrow                                    |
|-----------------------------|------------------------------------------|
| numbers, times, (rows,)     | primitive                                |
| the same, (rows, …)         | fixed_shape_tensor                       |
| object array of str, bytes  | string, binary; None is null             |
| Ragged                      | large_list of what its values are        |

Tables that others wrote may also hold lists, fixed-size lists, large or dictionary-encoded strings and dates. Numbers
share memory with the table wherever Arrow allows it, and are read-only then. A missing float is NaN, as for pandas; so
are missing whole numbers, once `as_floats` has made floats of all of them.

Importing this module imports pyarrow; modules that may do without import it inside functions.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

from workers.columns import Columns, row_count
from workers.errors import ColumnsError
from workers.ragged import Array, Column, Ragged
from workers.schema import schema_of


def to_table(columns: Mapping[str, Column]) -> pa.Table:
    """Return the columns as an Arrow table.

    Raises:
        ColumnsError: the columns differ in length, or Arrow has no type for one of them.
    """
    row_count(columns)
    schema = schema_of(columns)
    return pa.table({name: _to_arrow(name, column, schema[name]) for name, column in columns.items()})


def to_columns(table: pa.Table) -> Columns:
    """Return the columns of an Arrow table, also of one that others wrote.

    Raises:
        ColumnsError: a type that shoal does not carry, or nulls where NumPy has no place for them.
    """
    names = table.column_names
    if len(set(names)) < len(names):
        raise ColumnsError(f"the table has several columns of one name: {', '.join(map(repr, names))}")
    return {name: _to_column(name, _one_chunk(table.column(name))) for name in names}


def is_whole(kind: Any) -> bool:
    """Whether columns of an Arrow type are whole numbers."""
    return bool(kinds.is_integer(kind.value_type if kinds.is_dictionary(kind) else kind))


def as_floats(table: pa.Table, names: Iterable[str]) -> pa.Table:
    """The table with columns of whole numbers as float64, which has NaN for what is missing.

    Raises:
        ColumnsError: A number that would lose digits.
    """
    for name in names:
        index = table.schema.get_field_index(name)
        column = table.column(index)
        try:
            table = table.set_column(index, name, column.cast(pa.float64()))
        except pa.ArrowInvalid as error:
            raise ColumnsError(
                f"column {name!r} ({column.type}) misses values somewhere, so all of it becomes float64 with NaN, and "
                f"that would cost numbers beyond 2**53 digits ({error}); fill the nulls first, or leave it out"
            ) from error
    return table


def fit_nulls(table: pa.Table, *, fixed: Collection[str] = ()) -> pa.Table:
    """The table with types that have a place for its nulls: whole numbers of which some are missing are float64.

    Args:
        table: Of types that are carried. Nulls inside of lists are not looked for.
        fixed: Columns whose types stay.

    Raises:
        ColumnsError: There is no such type, or a number would lose digits.
    """
    columns = list(zip(table.column_names, table.columns, strict=True))
    table = as_floats(
        table,
        [name for name, column in columns if is_whole(column.type) and column.null_count and name not in fixed],
    )
    for name, column in zip(table.column_names, table.columns, strict=True):
        _check_nulls(name, column)
    return table


def _check_nulls(name: str, array: Any) -> None:
    kind = array.type
    if not array.null_count or _is_text(kind) or kinds.is_dictionary(kind) or kinds.is_null(kind):
        return
    if not (kinds.is_temporal(kind) or kinds.is_floating(kind)):  # NumPy has NaT and NaN
        raise ColumnsError(
            f"column {name!r} ({kind}) has {array.null_count} nulls, and NumPy has no place for them; "
            "fill or drop them first, for example with pyarrow.compute.fill_null"
        )


def check_schema(schema: pa.Schema) -> None:
    """Raise ColumnsError if tables of this schema could not be columns, whatever their values."""
    to_columns(pa.table([pa.chunked_array([], type=kind) for kind in schema.types], names=schema.names))


def _to_arrow(name: str, column: Column, kind: str) -> Any:
    if isinstance(column, Ragged):
        values = _one_chunk(_to_arrow(name, np.asarray(column.values), kind.removeprefix("ragged<").removesuffix(">")))
        return pa.LargeListArray.from_arrays(pa.array(column.offsets), values)
    try:
        if column.dtype == object:
            # Arrow gives several chunks where the strings outgrow 2 GiB.
            return pa.array(column, pa.binary() if kind == "binary" else pa.string())
        flat = pa.array(np.ascontiguousarray(column).reshape(-1))
    except (pa.ArrowException, NotImplementedError, UnicodeEncodeError) as error:
        raise ColumnsError(f"column {name!r} ({kind}) cannot be stored: {error}") from error
    if column.ndim == 1:
        return flat
    if not math.prod(column.shape[1:]):
        raise ColumnsError(f"column {name!r} has rows without values, shape {column.shape}; leave it out")
    storage = pa.FixedSizeListArray.from_arrays(flat, math.prod(column.shape[1:]))
    return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(flat.type, column.shape[1:]), storage)


def _one_chunk(column: Any) -> Any:
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 0:
        return pa.nulls(0, column.type)  # combine_chunks() knows no tensors inside lists
    whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        raise ColumnsError("a column of strings holds more than 2 GiB; cut the rows into smaller parts")
    return whole


def _to_column(name: str, array: Any) -> Column:
    kind = array.type
    if kinds.is_dictionary(kind):
        return _to_column(name, array.dictionary_decode())
    if _is_text(kind) or kinds.is_null(kind):
        return np.asarray(array.to_numpy(zero_copy_only=False), object)
    _check_nulls(name, array)
    if isinstance(kind, pa.FixedShapeTensorType):
        if kind.permutation not in (None, sorted(kind.permutation or ())):
            raise ColumnsError(f"column {name!r} holds permuted tensors; write them with their axes in order")
        return _numbers(name, _to_column(name, array.storage)).reshape(len(array), *kind.shape)
    if kinds.is_fixed_size_list(kind):
        start, stop = (place * kind.list_size for place in (array.offset, array.offset + len(array)))
        values = _numbers(name, _to_column(name, array.values[start:stop]))
        return values.reshape(len(array), kind.list_size, *values.shape[1:])
    if kinds.is_list(kind) or kinds.is_large_list(kind):
        offsets = array.offsets.to_numpy()
        elements = _to_column(name, array.values[offsets[0] : offsets[-1]])
        if isinstance(elements, Ragged):
            raise ColumnsError(f"column {name!r} holds lists of lists ({kind}); flatten one level")
        return Ragged(elements, offsets - offsets[0])
    if _is_number(kind):
        return np.asarray(array.to_numpy(zero_copy_only=False))
    raise ColumnsError(
        f"column {name!r} has the Arrow type {kind}, which shoal does not carry; "
        "convert it to numbers, strings or lists of these, or leave it out"
    )


def _numbers(name: str, values: Column) -> Array:
    if isinstance(values, Ragged) or values.dtype == object:
        raise ColumnsError(f"column {name!r} holds fixed-size lists of strings or lists; only numbers fit an array")
    return values


def _is_text(kind: Any) -> bool:
    return bool(
        kinds.is_string(kind)
        or kinds.is_large_string(kind)
        or kinds.is_binary(kind)
        or kinds.is_large_binary(kind)
        or kinds.is_fixed_size_binary(kind)
        or kinds.is_string_view(kind)
        or kinds.is_binary_view(kind)
    )


def _is_number(kind: Any) -> bool:
    return bool(
        kinds.is_integer(kind)
        or kinds.is_floating(kind)
        or kinds.is_boolean(kind)
        or kinds.is_timestamp(kind)
        or kinds.is_duration(kind)
        or kinds.is_date(kind)
    )
