"""Who may write where: the contract's rules for in-place operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensor import messages, modes
from tensor.bases import TensorBase, storage_of
from tensor.dtypes import Array
from tensor.errors import GradientError, InferenceTensorError, ReadOnlyError, ShapeError
from tensor.history import refresh
from tensor.marks import MARKED, REQUIRES_GRAD, VIEW
from tensor.modes import INFERENCE, Mode


def check(name: str, target: TensorBase, sources: Sequence[Any], mode: Mode, operand_name: Any = str) -> None:
    """Raise unless `target` may be written with data from `sources` in this mode.

    Args:
        name: The operation, for messages.
        target: What is written.
        sources: The other operands.
        mode: The mode in force.
        operand_name: Gives an operand's name for its position, that of the target being 0.

    Raises:
        InferenceTensorError: The target is marked and this is outside inference mode; or a source is marked, and the
            target's storage is not.
        ReadOnlyError: The memory is read-only.
        ShapeError: Elements of the target share memory.
    """
    inside = mode is INFERENCE
    if target._flags & MARKED and not inside:
        raise InferenceTensorError(messages.inplace_outside(name, target))
    if not (inside and storage_of(target).marked):
        for index, source in enumerate(sources, start=1):
            if isinstance(source, TensorBase) and source._flags & MARKED and source is not target:
                raise InferenceTensorError(messages.marked_into_unmarked(name, operand_name(index), source, target))
    if not target._data.flags.writeable:
        if storage_of(target).readonly:
            raise ReadOnlyError(messages.readonly(name, target))
        raise ShapeError(messages.overlapping(name, target))


def check_assigned(name: str, value: TensorBase, target: TensorBase) -> None:
    """Raise if marked data is to become the `.grad` or `.data` of an unmarked tensor."""
    if value._flags & MARKED:
        raise InferenceTensorError(messages.marked_into_unmarked(f"{name} =", "value", value, target))


def reaches_history(target: TensorBase) -> bool:
    """Whether a write to `target`, whose history is up to date, changes a tensor that requires a gradient."""
    flags = target._flags
    return bool(flags & REQUIRES_GRAD or (flags & VIEW and target._view.base._flags & REQUIRES_GRAD))


def check_recorded(target: TensorBase) -> None:
    """Raise unless a write to `target` can become part of the graph.

    Raises:
        GradientError: It is a leaf that requires a gradient, a view of one, or a view made without gradients.
    """
    if target._flags & VIEW:
        base = target._view.base
        if not target._view.recorded:
            raise GradientError(
                "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that "
                "this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both "
                "the view and the inplace either both inside the no_grad block (if you don't want the inplace to be "
                "tracked) or both outside (if you want the inplace to be tracked)."
            )
        if any(each._node is None and each._flags & REQUIRES_GRAD for each in (base, target)):
            raise GradientError(
                "a view of a leaf Variable that requires grad is being used in an in-place operation. "
                "Write under no_grad, or to a clone() of it."
            )
    elif target._node is None and target._flags & REQUIRES_GRAD:
        raise GradientError(
            "a leaf Variable that requires grad is being used in an in-place operation. "
            "Write under no_grad, or to a clone() of it."
        )


def writable_array(target: TensorBase, *sources: Any) -> Array:
    """Return a tensor's array for one write with data from `sources`, or with unmarked data, and note the write.

    Raises:
        InferenceTensorError, ReadOnlyError, ShapeError: See `check`.
        GradientError: Gradients are on, and the tensor is a leaf that requires one: use `no_grad`.
    """
    mode = modes.current()
    check("write", target, sources, mode)
    if mode is modes.GRAD:
        refresh((target,))
    if mode is modes.GRAD and reaches_history(target):
        check_recorded(target)
        raise GradientError("this write would not be recorded, and the tensor has a history; write under no_grad")
    storage_of(target).version += 1
    return target._data
