"""The state of a tensor, and how tensors are made from arrays.

`TensorBase` holds the fields; `tensor.tensors.Tensor` adds the methods. What computes (`dispatch`, the operations,
autograd) needs only the fields, and creates tensors through `wrap`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tensor import dtypes, marks, modes
from tensor.dtypes import Array, is_floating
from tensor.errors import DtypeError, InferenceModeError, InferenceTensorError
from tensor.marks import HALF, MARKED, REQUIRES_GRAD, TRACED, Origin
from tensor.modes import INFERENCE
from tensor.storages import Storage

if TYPE_CHECKING:
    from tensor.graph import Hooks, Node
    from tensor.tensors import Tensor


class TensorBase:
    """The fields of a tensor. Flags guard the last three, which are set only where their flag is."""

    __slots__ = (
        "__weakref__",
        "_data",  # np.ndarray
        "_flags",  # bits of `tensor.marks`
        "_grad",  # Tensor | None, leaves only
        "_hooks",  # HOOKED: Hooks, gradient hooks of a leaf
        "_node",  # Node | None: what computed it, None for a leaf
        "_origin",  # TRACED: Origin
        "_storage",  # Storage | None: made when something first needs it, see `storage_of`
        "_view",  # VIEW: View
    )

    _data: Array
    _flags: int
    _grad: Tensor | None
    _hooks: Hooks
    _node: Node | None
    _origin: Origin
    _storage: Storage | None
    _view: View


# What came before (`None` if nothing), an operation, and its arguments: sharing what came before, a view of a view of a
# view costs no more than the first.
Steps = tuple["Steps | None", Any, dict[str, Any]]


class View:
    """How a tensor views its base: what autograd needs to differentiate through writes to either.

    Args:
        base: The tensor viewed, itself no view.
        steps: The last of the operations that lead from the base to the view, and those before it.
        generation: The storage's generation that the view's history belongs to.
        recorded: Whether gradients were on; if not, the view is a constant and may not be written under GRAD.
    """

    __slots__ = ("base", "generation", "recorded", "steps")

    def __init__(self, base: TensorBase, steps: Steps, *, generation: int, recorded: bool) -> None:
        self.base = base
        self.steps = steps
        self.generation = generation
        self.recorded = recorded


_new = object.__new__
tensor_class: type[Any] = TensorBase
_creating_storage = threading.Lock()


def results_are(cls: type[Any]) -> None:
    """Say which class `wrap` makes: `Tensor`, which is defined later, on top of everything here."""
    global tensor_class
    tensor_class = cls


def fill(tensor: Any, array: Array, flags: int = 0, storage: Storage | None = None) -> Any:
    """Set the fields of a tensor that was made without `__init__`."""
    tensor._data = array
    tensor._flags = flags | HALF if array.dtype in dtypes.HALF else flags
    tensor._node = None
    tensor._storage = storage
    tensor._grad = None
    return tensor


def wrap(array: Array, flags: int = 0, storage: Storage | None = None, origin: Origin | None = None) -> Tensor:
    """Return a tensor over `array`, without a copy and without a look at the mode.

    Args:
        array: The memory.
        flags: `MARKED` or `REQUIRES_GRAD`, or neither.
        storage: That of another tensor over the same memory.
        origin: Where a marked tensor came from.
    """
    tensor: Tensor = fill(_new(tensor_class), array, flags, storage)
    if origin is not None:
        tensor._origin = origin
        tensor._flags |= TRACED
    return tensor


def fresh(array: Array, *, requires_grad: bool = False, marked: bool = False, origin: Origin | None = None) -> Tensor:
    """Return a new leaf over `array`: marked where the mode says so.

    Args:
        array: Memory that no other tensor holds.
        requires_grad: Whether to record what is computed from it.
        marked: Whether to mark it whatever the mode.
        origin: Where its data came from, if it is marked for that.

    Raises:
        InferenceModeError: `requires_grad` inside inference mode.
        DtypeError: `requires_grad` of integers.
    """
    inside = modes.current() is INFERENCE
    if requires_grad:
        if inside:
            raise InferenceModeError(
                "requires_grad=True inside inference_mode: tensors made there are inference-only. "
                "Make the tensor outside the block, or leave requires_grad out."
            )
        check_floating(array)
    if inside or marked:
        return wrap(array, MARKED, origin=marks.CURRENT.get() or origin)
    return wrap(array, REQUIRES_GRAD if requires_grad else 0)


def check_floating(array: Array) -> None:
    """Raise unless tensors over `array` can have gradients."""
    if not is_floating(array.dtype):
        raise DtypeError(
            f"only Tensors of floating point dtype can require gradients, this one is {dtypes.of(array.dtype)}"
        )


def refuse_gradient(origin: Origin | None) -> NoReturn:
    """Raise because a gradient was asked for data that is inference-only."""
    raise InferenceTensorError(
        f"an inference-only tensor cannot require a gradient. {whence(origin)} "
        "If you do mean to train on this data, copy it with tensor.as_training_data(t)."
    )


def storage_of(tensor: TensorBase) -> Storage:
    """Return what is shared by all tensors over this one's memory."""
    storage = tensor._storage
    if storage is None:
        with _creating_storage:
            storage = tensor._storage
            if storage is None:
                storage = tensor._storage = Storage(
                    marked=bool(tensor._flags & MARKED), readonly=not tensor._data.flags.writeable
                )
    return storage


def origin_of(tensor: TensorBase) -> Origin | None:
    """Return where a marked tensor came from, `None` if that is unknown."""
    return tensor._origin if tensor._flags & TRACED else None


def describe(tensor: TensorBase) -> str:
    """Return shape and dtype in words, for messages."""
    return f"shape {list(tensor._data.shape)}, {dtypes.of(tensor._data.dtype)}"


def whence(origin: Origin | None) -> str:
    """Return an origin in words, for messages."""
    return "It was made inside inference_mode." if origin is None else f"It was computed by {origin}."


def whence_of(tensor: TensorBase) -> str:
    """Return where a marked tensor came from in words, for messages."""
    return whence(origin_of(tensor))


def is_scalar(value: object) -> bool:
    """Whether `value` is a Python or NumPy number."""
    return isinstance(value, bool | int | float | np.number | np.bool)
