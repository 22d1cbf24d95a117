"""Columns as JSON texts, one a row, and what was read of JSON as columns.

The way numbers are written and read back is JsonlSink's (see there). Arrow writes them, many at a time, with as few
digits as give the same number.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workers.errors import ColumnsError
from workers.ragged import Array, Column, Ragged
from workers.schema import ColumnType

NULL = "null"


def json_texts(name: str, column: Column) -> list[str]:
    """Return each row's value as JSON.

    Raises:
        ColumnsError: A row is too large for a line.
    """
    try:
        if isinstance(column, Ragged):
            values = _rows(np.asarray(column.values))
            return _lists(values, column.offsets).to_pylist()  # type: ignore[no-any-return]
        return _rows(column).to_pylist()  # type: ignore[no-any-return]
    except pa.ArrowException as error:
        raise ColumnsError(
            f"column {name!r} cannot be stored as JSON: {error}; 2 GiB of text in one go are too much, "
            "so use ParquetSink or NpySink"
        ) from error


def _rows(array: Array) -> Any:
    """Each row's text: an Arrow array of strings."""
    texts = _cells(array.reshape(-1))
    for axis in range(array.ndim - 1, 0, -1):
        lists, length = math.prod(array.shape[:axis]), array.shape[axis]
        texts = _lists(texts, np.arange(lists + 1) * length)
    return texts


def _lists(texts: Any, offsets: Array) -> Any:
    lists = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), texts)
    return pc.binary_join_element_wise("[", pc.binary_join(lists, ","), "]", "")


def _cells(cells: Array) -> Any:
    match cells.dtype.kind:
        case "O":
            return pa.array([_object_text(cell) for cell in cells], pa.string())
        case "f":
            return _float_texts(cells)
        case "M":
            times = np.datetime_as_string(cells)
            return pa.array([NULL if time == "NaT" else f'"{time}"' for time in times.tolist()], pa.string())
        case "m":
            counts = pa.array(cells.view(np.int64)).cast(pa.string())
            return _replaced(counts, np.isnat(cells), NULL)
    return pa.array(np.ascontiguousarray(cells)).cast(pa.string())


def _object_text(cell: str | bytes | None) -> str:
    if cell is None:
        return NULL
    if isinstance(cell, bytes):
        return f'"{base64.b64encode(cell).decode()}"'
    return json.dumps(cell, ensure_ascii=False)


def _float_texts(cells: Array) -> Any:
    cells = np.ascontiguousarray(cells, np.float32 if cells.dtype == np.float16 else None)
    texts = pa.array(cells).cast(pa.string())
    whole = np.isfinite(cells) & (cells == np.trunc(cells))
    if whole.any():  # "1" would be read as an integer, and "-0" lose its sign
        spelled = [text if "e" in text or "." in text else f"{text}.0" for text in texts.filter(whole).to_pylist()]
        texts = pc.replace_with_mask(texts, whole, pa.array(spelled, pa.string()))
    if not np.isfinite(cells).all():
        texts = _replaced(texts, np.isnan(cells), NULL)
        texts = _replaced(texts, cells == np.inf, '"Infinity"')
        texts = _replaced(texts, cells == -np.inf, '"-Infinity"')
    return texts


def _replaced(texts: Any, where: Array, text: str) -> Any:
    return pc.if_else(pa.array(where), text, texts)


def from_json(name: str, values: Sequence[Any], kind: ColumnType) -> Column:
    """Return a column of what each row's JSON text was read as.

    Raises:
        OSError: The values are not of this kind, so the file is not the one that was written.
    """
    try:
        if kind.ragged:
            offsets = np.cumsum([0, *map(len, values)])
            return Ragged(_array([element for row in values for element in row], kind), offsets)
        return _array(values, kind)
    except (TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise OSError(f"column {name!r} does not hold {kind.word}: {error}") from error


def _array(values: Sequence[Any], kind: ColumnType) -> Array:
    if kind.dtype is None:
        cells = np.empty(len(values), object)
        cells[:] = [_decoded(value, kind) for value in values]
        return cells
    # Through float64, which reads null and "Infinity", and holds each of the others' numbers.
    dtype = np.dtype(np.float64) if kind.dtype.kind == "f" else kind.dtype
    return np.array(values, dtype).astype(kind.dtype, copy=False).reshape(len(values), *kind.row_shape)


def _decoded(value: Any, kind: ColumnType) -> str | bytes | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"got {value!r}")
    return base64.b64decode(value, validate=True) if kind.word_of_cells == "binary" else value
