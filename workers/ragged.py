"""Ragged columns: rows of different lengths, laid end to end in one array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from workers.errors import ColumnsError

if TYPE_CHECKING:
    from tensor import Tensor

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Ragged:
    """A column whose rows differ in length: row `i` is `values[offsets[i]:offsets[i + 1]]`.

    Args:
        values: array or tensor of shape (elements, …), the rows laid end to end.
        offsets: int64 array of shape (rows + 1,), rising from 0 to the number of elements.

    Raises:
        ColumnsError: the offsets do not describe the values.

    Example:
        >>> tokens = Ragged.from_rows([[7, 8], [], [9]])
        >>> len(tokens), tokens[0], tokens.lengths
        (3, array([7, 8]), array([2, 0, 1]))
    """

    values: Array | Tensor
    offsets: Array

    def __post_init__(self) -> None:
        shape = getattr(self.values, "shape", None)
        if not shape:
            raise ColumnsError(
                f"Ragged values must be an array or tensor with elements along axis 0, got {type(self.values).__name__}"
                f"{'' if shape is None else ' without axes'}; Ragged.from_rows builds one from a list of rows"
            )
        offsets = np.asarray(self.offsets)
        if offsets.ndim != 1 or len(offsets) == 0 or offsets.dtype.kind not in "iu":
            raise ColumnsError(
                f"Ragged offsets must be integers of shape (rows + 1,), got {offsets.dtype} of shape {offsets.shape}"
            )
        offsets = offsets.astype(np.int64, copy=False)
        if offsets[0] != 0 or offsets[-1] != shape[0] or bool((offsets[1:] < offsets[:-1]).any()):
            raise ColumnsError(
                f"Ragged offsets must rise from 0 to the number of elements, {shape[0]}; got {_abridged(offsets)}"
            )
        object.__setattr__(self, "offsets", offsets)

    @classmethod
    def from_rows(cls, rows: Iterable[Any], *, dtype: npt.DTypeLike | None = None) -> Ragged:
        """Lay rows end to end.

        Args:
            rows: arrays, tensors or sequences of shape (length, …), equal but for their length.
            dtype: of the values; by default what NumPy infers from the rows that are not empty.
        """
        parts = [row if _is_tensor(row) else np.asarray(row, dtype=dtype) for row in rows]
        if any(part.ndim == 0 for part in parts):
            raise ColumnsError("Ragged rows must have an axis 0; wrap single values in lists")
        offsets = np.zeros(len(parts) + 1, np.int64)
        np.cumsum([part.shape[0] for part in parts], out=offsets[1:])
        # NumPy gives `[]` the type float64, which must not turn its neighbours' integers into floats.
        filled = [part for part in parts if part.shape[0]] or parts[:1]
        try:
            return cls(_joined(filled) if filled else np.empty(0, dtype or np.float64), offsets)
        except (TypeError, ValueError) as error:
            raise ColumnsError(f"Ragged rows must be equal but for their length: {error}") from error

    @classmethod
    def concat(cls, parts: Sequence[Ragged]) -> Ragged:
        """Append ragged columns (at least one) to each other."""
        starts = np.cumsum([0, *(part.offsets[-1] for part in parts)])
        offsets = [part.offsets[1:] + start for part, start in zip(parts, starts, strict=False)]
        return cls(_joined([part.values for part in parts]), np.concatenate([[0], *offsets]))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> Array | Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> Ragged: ...
    def __getitem__(self, index: int | slice) -> Array | Tensor | Ragged:
        """Return one row, or a run of rows; the values are views, never copies."""
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise ColumnsError(f"Ragged rows are sliced with step 1, got {step}; take() picks rows at will")
            offsets = self.offsets[start : max(start, stop) + 1]
            return Ragged(self.values[int(offsets[0]) : int(offsets[-1])], offsets - offsets[0])
        row = range(len(self))[index]
        return self.values[int(self.offsets[row]) : int(self.offsets[row + 1])]

    def __iter__(self) -> Iterator[Array | Tensor]:
        return (self[row] for row in range(len(self)))

    def rows(self) -> list[Array | Tensor]:
        """Return every row, as views."""
        return list(self)

    def take(self, indices: npt.ArrayLike) -> Ragged:
        """Copy out the rows at `indices`, integers of shape (n,)."""
        picked = np.asarray(indices, np.int64)
        picked = np.where(picked < 0, picked + len(self), picked)
        lengths = self.lengths[picked]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        # Element k of the result stands k - offsets[row] places behind the start of its row.
        elements = np.arange(offsets[-1]) + np.repeat(self.offsets[picked] - offsets[:-1], lengths)
        return Ragged(self.values[elements], offsets)

    @property
    def lengths(self) -> Array:
        """Elements per row: int64 array of shape (rows,)."""
        return np.diff(self.offsets)

    def equals(self, other: Ragged) -> bool:
        """Return whether both hold the same rows, of the same type, with NaN equal to itself."""
        mine, theirs = np.asarray(self.values), np.asarray(other.values)
        return (
            np.array_equal(self.offsets, other.offsets)
            and mine.dtype == theirs.dtype
            and np.array_equal(mine, theirs, equal_nan=mine.dtype.kind in "fcMm")
        )

    def __repr__(self) -> str:
        return f"Ragged({len(self)} rows, values {self.values.dtype} of shape {tuple(self.values.shape)})"


Column: TypeAlias = Array | Ragged


def _joined(parts: Sequence[Array | Tensor]) -> Array | Tensor:
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    if len(arrays) == len(parts):
        return np.concatenate(arrays)
    from tensor import as_tensor, cat

    # Not by way of NumPy: that would drop the inference mark.
    return cat([as_tensor(part) for part in parts])


def _is_tensor(value: object) -> bool:
    # Asked by name: rows of plain arrays need not load the tensor package.
    return hasattr(value, "is_inference")


def _abridged(offsets: Array) -> str:
    return str(offsets.tolist()) if len(offsets) <= 8 else f"{offsets[:4].tolist()} … {offsets[-3:].tolist()}"
