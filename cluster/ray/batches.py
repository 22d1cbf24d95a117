"""Batches of Ray Data as shoal's columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from workers.arrow import to_columns
from workers.columns import Columns, as_columns
from workers.errors import ColumnsError
from workers.ragged import Array, Ragged

_TENSORS = "ray.data.arrow_tensor"
_SHAPELESS = "ray.data.arrow_variable_shaped_tensor"


def columns_of(batch: Any) -> Columns:
    """The columns of a batch: strings as object arrays, lists as `Ragged`, tensors as arrays.

    Args:
        batch: As Ray Data hands it over: a dict of arrays, an Arrow table or a pandas frame.

    Raises:
        ColumnsError: It has a type that shoal does not carry.
    """
    if isinstance(batch, Mapping):
        return as_columns({name: _as_ragged(column) for name, column in batch.items()})
    table = batch if isinstance(batch, pa.Table) else pa.Table.from_pandas(batch, preserve_index=False)
    tensors = {name: _extension_name(table.schema.field(name).type) for name in table.column_names}
    tensors = {name: kind for name, kind in tensors.items() if kind.startswith((_TENSORS, _SHAPELESS))}
    others = to_columns(table.drop_columns(list(tensors)))
    return {
        name: _tensors(name, table.column(name), tensors[name]) if name in tensors else others[name]
        for name in table.column_names
    }


def _extension_name(kind: Any) -> str:
    return kind.extension_name if isinstance(kind, pa.BaseExtensionType) else ""


def _tensors(name: str, column: Any, kind: str) -> Array | Ragged:
    """A column of Ray's own Arrow types."""
    if kind.startswith(_SHAPELESS):
        parts = [_ragged(name, chunk) for chunk in column.chunks]
        return Ragged.concat(parts) if parts else Ragged(np.zeros(0), np.zeros(1, np.int64))
    arrays = [np.asarray(chunk.to_numpy(zero_copy_only=False)) for chunk in column.chunks]
    if not arrays:
        return np.zeros((0, *column.type.shape), column.type.scalar_type.to_pandas_dtype())
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _ragged(name: str, chunk: Any) -> Ragged:
    storage = chunk.storage
    dimensions = set(storage.field("shape").value_lengths().to_pylist())
    if not dimensions <= {1}:
        raise ColumnsError(
            f"column {name!r} holds tensors of different shapes, with {max(dimensions)} axes; only rows of one axis "
            "may differ in length: pad the others, or flatten them and keep their shapes in a column of their own"
        )
    values = to_columns(pa.table({name: storage.field("data")}))[name]
    assert isinstance(values, Ragged), "a list"
    return values


def _as_ragged(column: Any) -> Any:
    """A column of a dict; where its cells are arrays or lists of their own, as `Ragged`."""
    if isinstance(column, np.ndarray) and column.dtype == object and len(column):
        cell = next((cell for cell in column if cell is not None), None)
        if isinstance(cell, np.ndarray | list):
            return Ragged.from_rows(list(column))
    return column
