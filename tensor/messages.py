"""What errors about operands say: which operation, which operand, where it came from, and what to do."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tensor.bases import TensorBase, describe, whence_of
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError, TensorError
from tensor.marks import MARKED, REQUIRES_GRAD
from tensor.registry import Op

WAYS_OUT = (
    "If no gradient is wanted here, compute under tensor.no_grad(). If you do mean to train on this data, copy it with "
    "tensor.as_training_data(t)."
)


def _first(operands: Sequence[Any], flag: int) -> int:
    return next(i for i, each in enumerate(operands) if isinstance(each, TensorBase) and each._flags & flag)


def mixed(op: Op, operands: Sequence[Any]) -> str:
    """Say that a marked operand met one that requires a gradient."""
    bad, wanting = _first(operands, MARKED), _first(operands, REQUIRES_GRAD)
    return (
        f"{op.name}: operand {op.operand_name(bad)!r} ({describe(operands[bad])}) is inference-only and cannot be "
        f"mixed with operand {op.operand_name(wanting)!r} ({describe(operands[wanting])}), which requires a gradient. "
        f"{whence_of(operands[bad])} {WAYS_OUT}"
    )


def marked_into_unmarked(name: str, operand: str, source: TensorBase, target: TensorBase) -> str:
    """Say that marked data was to be written into an unmarked tensor."""
    return (
        f"{name}: {operand!r} ({describe(source)}) is inference-only and cannot be written into a tensor "
        f"({describe(target)}) that is not: training could then use it. {whence_of(source)} Write into a tensor made "
        "inside inference_mode, or, if you do mean to train on this data, copy it with tensor.as_training_data(t)."
    )


def inplace_outside(name: str, target: TensorBase) -> str:
    """Say that a marked tensor was to be written outside inference mode."""
    return (
        f"{name}: inplace update to an inference tensor ({describe(target)}) outside inference_mode is not allowed. "
        f"{whence_of(target)} Write inside inference_mode, or to a copy from tensor.as_training_data(t)."
    )


def readonly(name: str, target: TensorBase) -> str:
    """Say that a tensor's memory is read-only."""
    return (
        f"{name}: this tensor ({describe(target)}) is over read-only memory, such as mapped or shared weights. "
        "Load a file into memory that can be written with tensor.load(path, mmap=False), or write to a clone() of it."
    )


def overlapping(name: str, target: TensorBase) -> str:
    """Say that a tensor's elements share memory, as PyTorch does."""
    return (
        f"{name}: unsupported operation: more than one element of the written-to tensor refers to a single memory "
        f"location. Please clone() the tensor before performing the operation. It has {describe(target)}."
    )


def explained(op: Op, arrays: Sequence[Any], error: Exception) -> TensorError:
    """Return our error for one that NumPy raised, in PyTorch's words where shapes should broadcast and do not."""
    if isinstance(error, IndexError):
        return DimensionError(_about_an_index(str(error)))
    if isinstance(error, OverflowError):
        return ArgumentError(f"{op.name}: {error}")
    known = [each for each in arrays if isinstance(each, np.ndarray)]
    if isinstance(error, TypeError):
        if op.operands == ("input", "other") and None in [each for each in arrays if not isinstance(each, np.ndarray)]:
            missing = next(at for at, each in enumerate(arrays) if each is None)
            return DtypeError(f"{op.name}: expected a tensor or a number as {op.operand_name(missing)!r}, got None")
        return DtypeError(f"{op.name}: {error}; the dtypes are {', '.join(str(each.dtype) for each in known)}")
    shapes = [each.shape for each in known]
    # NumPy names the shapes that do not fit: where these are not the operands', they mean nothing to the caller.
    if "broadcast" in str(error) and (len(shapes) == 2 or _as_numpy_says(shapes) in str(error)):
        for a, b in itertools.combinations(shapes, 2):
            for back in range(1, min(len(a), len(b)) + 1):
                if a[-back] != b[-back] and 1 not in (a[-back], b[-back]):
                    return ShapeError(
                        f"{op.name}: The size of tensor a ({a[-back]}) must match the size of tensor b ({b[-back]}) at "
                        f"non-singleton dimension {max(len(a), len(b)) - back}; the shapes are {_listed(shapes)}"
                    )
    said = str(error).partition(" with shape")[0]  # NumPy names shapes too, also of what is no operand
    listed = ", ".join(str(list(shape)) for shape in shapes) or "none"
    return ShapeError(f"{op.name}: {said}; the shapes are {listed}")


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    *others, last = [str(list(shape)) for shape in shapes]
    return f"{', '.join(others)} and {last}"


def _as_numpy_says(shapes: Sequence[tuple[int, ...]]) -> str:
    return " ".join(str(shape).replace(" ", "") for shape in shapes)


def _about_an_index(said: str) -> str:
    """What NumPy says of an index, in PyTorch's words."""
    if found := re.match(r"too many indices for array: array is (\d+)-dimensional", said):
        if found[1] == "0":
            return (
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert a 0-dim tensor to a number"
            )
        return f"too many indices for tensor of dimension {found[1]}"
    return said.replace("for axis", "for dimension")
