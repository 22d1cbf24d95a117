"""What a predictor returned, checked and brought into the few types that leave a worker.

What passes here can be packed by the wire, gathered by a driver and stored as Parquet, so a job refuses the same
output whether it streams or writes files, and names the column.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

import tensor
from tensor import Tensor
from tensor.origins import arrive
from workers.columns import Columns, row_count
from workers.errors import ColumnsError, PredictorError
from workers.ragged import Array, Ragged
from workers.schema import Schema, schema_of, unify


class OutputCheck:
    """Takes the outputs of one attempt at a shard, batch by batch, which must agree in their columns.

    Args:
        where: What returns them, as `Classify.__call__`.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._schema: Schema | None = None

    def take(self, output: object, *, rows: int) -> Columns:
        """Return one batch's output as it leaves the worker; to be called inside `inference_mode`.

        Args:
            output: What the predictor returned.
            rows: How many rows it got.

        Returns:
            Numbers as marked tensors, times as arrays, strings as object arrays of exact `str` or `bytes` and None;
            Ragged of these.

        Raises:
            PredictorError: It is not one row out for each row in, of types that shoal carries, like the batches before.
        """
        returned = checked_mapping(output, self._where)
        try:
            columns = {name: _column(name, value) for name, value in _by_exact_name(returned).items()}
            schema = schema_of({name: _array(column) for name, column in columns.items()})
        except ColumnsError as error:
            raise PredictorError(f"{self._where} returned what shoal does not carry: {error}") from None
        check_rows(columns, rows, self._where)
        try:
            self._schema = unify([self._schema or schema, schema])
        except ColumnsError as error:
            raise PredictorError(f"{self._where} changed its output: {error}") from None
        return columns


def checked_mapping(returned: object, where: str) -> dict[Any, Any]:
    """What a predictor's method returned, if it is columns by name.

    Raises:
        PredictorError: It is not a mapping.
    """
    if not isinstance(returned, Mapping):
        raise PredictorError(f"{where} returned {type(returned).__name__}; expected a dict of column name to array")
    return dict(returned)


def check_rows(columns: Mapping[str, Any], rows: int, where: str) -> None:
    """Check that each of the columns that `where` returned has as many rows as it got.

    Raises:
        PredictorError: One has not.
    """
    try:
        for name, column in columns.items():
            if not hasattr(column, "__len__") or getattr(column, "shape", None) == ():
                raise ColumnsError(f"column {name!r} is a single value; axis 0 must be the rows")
        returned = row_count(columns)
    except ColumnsError as error:
        raise PredictorError(f"{where} returned columns that do not fit together: {error}") from None
    if returned != rows:
        raise PredictorError(f"{where} got {rows} rows and returned {returned}; expected one row out for each row in")


def _by_exact_name(returned: Mapping[Any, Any]) -> dict[str, Any]:
    for name in returned:
        if not isinstance(name, str):
            raise ColumnsError(f"column names must be strings, got {name!r}")
        _check_unicode(name, f"the column name {name!r}")
    return {str.__str__(name): value for name, value in returned.items()}  # subclasses of str do not travel


def _column(name: str, value: object) -> Any:
    match value:
        case Tensor():
            _check_shape(name, tuple(value.shape))
            return value if type(value) is Tensor and value.is_inference() else value.detach()
        case Ragged():
            return Ragged(_column(name, value.values), value.offsets)
        case np.ma.MaskedArray():
            raise ColumnsError(
                f"column {name!r} is a masked array, and columns have no place for its mask; "
                "fill it with .filled(value), or return the mask as a column of its own"
            )
        case np.ndarray():
            return _column_of_array(name, np.asarray(value))
        case _ if hasattr(value, "__array__") and hasattr(value, "shape"):  # another library's tensor
            return _column(name, np.asanyarray(value))
    raise ColumnsError(f"column {name!r} is a {type(value).__name__}; expected a Tensor, a NumPy array or Ragged")


def _column_of_array(name: str, array: Array) -> Tensor | Array:
    _check_shape(name, array.shape)
    match array.dtype.kind:
        case "b" | "i" | "u" | "f" if array.dtype.itemsize <= 8:
            made = tensor.from_numpy(_native(array))
            # A result's memory is marked as the result is, here as behind the wire: arrays over it stay known.
            return arrive(made._data, made.origin) if made.is_inference() else made
        case "m" | "M":
            return _native(array)  # no tensor holds times
        case "O" | "U" | "S" | "T":
            return _strings(name, array.astype(object, copy=False))
    raise ColumnsError(f"column {name!r} is an array of {array.dtype}; convert it to numbers or strings")


def _native(array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _strings(name: str, array: Array) -> Array:
    """The same cells as exact `str`, `bytes` or None."""
    schema_of({name: array})  # raises where they are something else
    if not {type(cell) for cell in array} <= {str, bytes, type(None)}:
        exact = np.empty(len(array), object)
        exact[:] = [_exact_cell(cell) for cell in array]
        array = exact
    _check_unicode("".join(cell for cell in array if isinstance(cell, str)), f"column {name!r}")
    return array


def _exact_cell(cell: str | bytes | None) -> str | bytes | None:
    match cell:
        case str():
            return str.__str__(cell)
        case bytes():
            return b"".join([memoryview(cell)])
    return None


def _check_shape(name: str, shape: tuple[int, ...]) -> None:
    if not shape:
        raise ColumnsError(f"column {name!r} is a single value; axis 0 must be the rows")
    if not math.prod(shape[1:]):
        raise ColumnsError(f"column {name!r} has rows without values, shape {shape}; leave it out")


def _check_unicode(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        found = text[error.start]
        raise ColumnsError(
            f"{what} holds {found!r}, a lone half of a surrogate pair, which UTF-8 cannot write; "
            "replace such characters, for example with text.encode('utf-8', 'replace').decode()"
        ) from None


def _array(column: Any) -> Any:
    """The column as `schema_of` knows it, sharing its memory."""
    if isinstance(column, Ragged):
        return Ragged(np.asarray(column.values), column.offsets)
    return np.asarray(column)
