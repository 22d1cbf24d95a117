"""How tensors are printed: as PyTorch prints them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tensor import dtypes
from tensor.bases import TensorBase
from tensor.dtypes import Array, is_floating
from tensor.marks import MARKED, REQUIRES_GRAD

_THRESHOLD = 1000
_EDGE = 3
_WIDTH = 80
_PRECISION = 4
_PREFIX = "tensor("


def _float_format(array: Array) -> Any:
    """Choose, from all the elements that will be shown, how each is written: whole, fixed or in powers of ten."""
    finite = np.abs(array[np.isfinite(array) & (array != 0)].astype(np.float64))
    whole = bool(np.all(finite == np.ceil(finite)))
    largest, smallest = (finite.max(), finite.min()) if finite.size else (0.0, 0.0)
    scientific = finite.size > 0 and (largest / smallest > 1000 or largest > 1e8 or (smallest < 1e-4 and not whole))

    def write(value: Any) -> str:
        if not np.isfinite(value):
            return str(float(value))
        if scientific:
            return f"{value:.{_PRECISION}e}"
        return f"{value:.0f}." if whole else f"{value:.{_PRECISION}f}"

    return write


def _shown(array: Array) -> Array:
    """The elements that are not left out, where there are many."""
    if array.size <= _THRESHOLD:
        return array
    for axis, size in enumerate(array.shape):
        if size > 2 * _EDGE:
            array = np.take(array, [*range(_EDGE), *range(size - _EDGE, size)], axis)
    return array


def _body(array: Array) -> str:
    shown = _shown(array)
    write: Any = _float_format(shown) if is_floating(array.dtype) else lambda value: str(value)
    # As in PyTorch, what is zero, infinite or no number does not widen the columns.
    wide = shown[np.isfinite(shown) & (shown != 0)] if is_floating(array.dtype) else shown
    width = max((len(write(each)) for each in wide.flat), default=0)

    def block(part: Array, depth: int) -> str:
        cut = array.size > _THRESHOLD and len(part) > 2 * _EDGE
        rows = [*part[:_EDGE], None, *part[-_EDGE:]] if cut else list(part)
        indent = " " * (len(_PREFIX) + depth)
        if part.ndim > 1:
            inner = ["..." if row is None else block(row, depth + 1) for row in rows]
            return "[" + ("," + "\n" * (part.ndim - 1) + indent).join(inner) + "]"
        cells = [" ..." if row is None else write(row).rjust(width) for row in rows]
        per_line = max(1, (_WIDTH - len(indent) + 1) // (width + 2))
        lines = [", ".join(cells[at : at + per_line]) for at in range(0, len(cells), per_line)]
        return "[" + (",\n" + indent).join(lines) + "]"

    if array.ndim == 0:
        return str(write(array[()]))
    return block(array, 1)


def text(tensor: TensorBase, *, prefix: str = "") -> str:
    """Return what `repr` shows: the elements, then what is not to be taken for granted about the tensor."""
    array = tensor._data
    notes = []
    if array.size == 0 and array.ndim != 1:
        notes.append(f"size={tuple(array.shape)}")
    dtype = dtypes.of(array.dtype)
    usual = dtype is dtypes.get_default_dtype() or (array.size > 0 and dtype in (dtypes.int64, dtypes.bool))
    if not usual:
        notes.append(f"dtype={dtype}")
    if tensor._node is not None:
        notes.append(f"grad_fn=<{tensor._node.name()}>")
    elif tensor._flags & REQUIRES_GRAD:
        notes.append("requires_grad=True")
    if tensor._flags & MARKED:
        notes.append("inference=True")
    body = "[]" if array.size == 0 else _body(array)
    return prefix + _PREFIX + ", ".join([body, *notes]) + ")"
