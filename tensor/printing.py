"""How tensors are printed: as PyTorch prints them.

Source: https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tensor import dtypes, print_options
from tensor.bases import TensorBase
from tensor.dtypes import Array, is_floating
from tensor.marks import MARKED, REQUIRES_GRAD
from tensor.print_options import PrintOptions


class _Cells:
    """How each element is written: all in one format, which is chosen from those that will be shown, and one width."""

    def __init__(self, shown: Array, options: PrintOptions) -> None:
        self._floating = is_floating(shown.dtype)
        self._plain: Callable[[Any], str] = str
        widening = self._values(shown.ravel())
        if self._floating:
            # As in PyTorch, what is zero, infinite or no number does not widen the columns.
            widening = [each for each in widening if each and math.isfinite(each)]
            self._plain = _float_format(widening, options)
        self.width = max(map(len, map(self._plain, widening)), default=1)

    def _values(self, part: Array) -> list[Any]:
        values: list[Any] = (part.astype(np.float64) if self._floating else part).tolist()
        return values

    def write(self, part: Array) -> list[str]:
        """Return the texts of a row of elements."""
        return [
            (self._plain(each) if not self._floating or math.isfinite(each) else str(each)).rjust(self.width)
            for each in self._values(part)
        ]


def _float_format(values: list[float], options: PrintOptions) -> Callable[[float], str]:
    """Choose how floats are written: whole, fixed or in powers of ten.

    Args:
        values: Those that are finite and not zero.
        options: What the user wants.
    """
    sizes = [abs(each) for each in values]
    largest, smallest = max(sizes, default=1.0), min(sizes, default=1.0)
    scientific = largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4
    if values and options.sci_mode is not None:
        scientific = options.sci_mode
    if scientific:
        return lambda value: f"{value:.{options.precision}e}"
    if all(each == math.ceil(each) for each in values):
        return lambda value: f"{value:.0f}."
    return lambda value: f"{value:.{options.precision}f}"


def _shown(array: Array, edge: int) -> Array:
    """The elements that are not left out, where there are many."""
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            array = np.take(array, [*range(edge), *range(size - edge, size)], axis)
    return array


def _body(array: Array, indent: int, options: PrintOptions) -> str:
    """The elements in brackets, each line but the first one indented."""
    if array.size == 0:
        return "[]"
    cut, edge = array.size > options.threshold, options.edgeitems
    cells = _Cells(_shown(array, edge) if cut else array, options)

    def row(part: Array, indent: int) -> str:
        if cut and len(part) > 2 * edge:
            texts = [*cells.write(part[:edge]), " ..." if edge else "...", *cells.write(part[len(part) - edge :])]
        else:
            texts = cells.write(part)
        per_line = max(1, (options.linewidth - indent) // (cells.width + 2))
        lines = [", ".join(texts[at : at + per_line]) for at in range(0, len(texts), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"

    def block(part: Array, indent: int) -> str:
        if part.ndim == 1:
            return row(part, indent)
        if cut and len(part) > 2 * edge:
            blocks = [block(each, indent + 1) for each in part[:edge]]
            blocks += ["...", *[block(each, indent + 1) for each in part[len(part) - edge :]]]
        else:
            blocks = [block(each, indent + 1) for each in part]
        return "[" + ("," + "\n" * (part.ndim - 1) + " " * (indent + 1)).join(blocks) + "]"

    return block(array, indent) if array.ndim else cells.write(array.reshape(1))[0]


def _notes(tensor: TensorBase) -> list[str]:
    """What is not to be taken for granted about a tensor."""
    array = tensor._data
    notes = []
    if array.ndim != 1 if array.size == 0 else not print_options.current.edgeitems:
        notes.append(f"size={tuple(array.shape)}")
    dtype = dtypes.of(array.dtype)
    # Elements show whether they are integers, where there are any.
    usual = dtype is dtypes.get_default_dtype() or (array.size > 0 and dtype in (dtypes.int64, dtypes.bool))
    if not usual:
        notes.append(f"dtype={dtype}")
    if tensor._node is not None:
        notes.append(f"grad_fn=<{tensor._node.name()}>")
    elif tensor._flags & REQUIRES_GRAD:
        notes.append("requires_grad=True")
    if tensor._flags & MARKED:
        notes.append("inference=True")
    return notes


def text(tensor: TensorBase) -> str:
    """Return what `repr` shows: the elements, then what is not to be taken for granted about the tensor."""
    options = print_options.current
    cls = type(tensor)
    prefix = "tensor(" if cls.__module__.startswith("tensor.") else f"{cls.__name__}("
    shown = prefix + _body(tensor._data, len(prefix), options)
    length = len(shown) - shown.rfind("\n") + 1
    for note in _notes(tensor):
        if length + len(note) + 2 > options.linewidth:
            shown += ",\n" + " " * len(prefix) + note
            length = len(prefix) + len(note)
        else:
            shown += ", " + note
            length += len(note) + 2
    return shown + ")"
