"""How tensors take part in Python's and NumPy's protocols: arrays, functions of NumPy, DLPack, buffers.

What NumPy computes of tensors: its ufuncs give tensors, as in PyTorch, marked if an operand is; its other functions
give arrays, which as all copies made in NumPy have left the inference contract.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import aliases, bases, dtypes
from tensor.bases import TensorBase
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError, ExportError
from tensor.marks import MARKED, Origin, combine
from tensor.modes import INFERENCE, current

if TYPE_CHECKING:
    from tensor.tensors import Tensor

_WRITABLE = 1  # PyBUF_WRITABLE

# What Python's operators on an array and a tensor come down to.
_OPERATORS: dict[Any, Callable[..., Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
    np.floor_divide: operator.floordiv,
    np.remainder: operator.mod,
    np.power: operator.pow,
    np.matmul: operator.matmul,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
    np.bitwise_and: operator.and_,
    np.bitwise_or: operator.or_,
    np.bitwise_xor: operator.xor,
    np.left_shift: operator.lshift,
    np.right_shift: operator.rshift,
}

# Functions of NumPy that write to their first argument, which the tensor's version counter would not notice.
_WRITING = frozenset({np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask})


def to_array(tensor: Tensor, dtype: Any, copy: bool | None) -> Array:
    """Return a tensor as an array, for `np.asarray`.

    Args:
        tensor: The tensor.
        dtype: What to cast to, or `None`.
        copy: Whether to copy; `None` for where a cast needs one, false for never.

    Raises:
        ArgumentError: The cast needs a copy, and there may be none.
    """
    array = tensor.numpy()
    if copy:
        return np.array(array, dtype=dtype)
    if dtype is None or array.dtype == dtype:
        return array
    if copy is False:
        raise ArgumentError(
            f"Unable to avoid copy while creating an array as requested: the tensor is of {tensor.dtype}, and "
            f"{np.dtype(dtype)} is wanted. Use np.asarray, which copies where it has to."
        )
    return array.astype(dtype)


def from_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what a ufunc computes of tensors.

    Args:
        ufunc: NumPy's function.
        method: `__call__`, or what else ufuncs have, such as `reduce`.
        inputs: Its operands, a tensor among them or among the rest.
        kwargs: The rest.

    Returns:
        For Python's operators (`array * tensor` ends here too) what they give, with gradients; else a tensor, marked if
        anything that it is computed of is, or an array where the dtype is none of a tensor.

    Raises:
        DtypeError: It would write to a tensor.
    """
    out = kwargs.get("out", ())
    if any(isinstance(each, TensorBase) for each in out) or (method == "at" and isinstance(inputs[0], TensorBase)):
        raise _refusal(ufunc)
    plain = all(isinstance(each, TensorBase | np.ndarray | np.generic | int | float) for each in inputs)
    if method == "__call__" and not kwargs and plain and ufunc in _OPERATORS:
        return _OPERATORS[ufunc](*map(_operand, inputs))
    result = getattr(ufunc, method)(*_arrays(inputs), **_arrays(kwargs))
    if method == "at":
        return result
    origins: list[Origin | None] = []
    for each in (*inputs, kwargs.get("where"), kwargs.get("initial")):  # lists and arrays may hold what is marked, too
        aliases.unwrapped(each, origins)
    if isinstance(result, tuple):
        return tuple(_made_of(origins, each, out) for each in result)
    return _made_of(origins, result, out)


def _operand(value: Any) -> Any:
    """An array as a tensor, a number of NumPy's as one of Python's; all else as it is. Nothing of NumPy is left."""
    if isinstance(value, np.ndarray):
        return aliases.adopt(value)
    if isinstance(value, np.generic):
        return float(value) if isinstance(value, np.floating) else value.item()
    return value


def _made_of(origins: list[Origin | None], result: Any, out: tuple[Any, ...]) -> Any:
    array = np.asarray(result)
    try:
        dtypes.of(array.dtype)
    except DtypeError:
        return array
    if any(isinstance(each, np.ndarray) and np.may_share_memory(array, each) for each in out):
        return aliases.adopt(array, origins)  # the caller's memory, which unmarked tensors may share
    return bases.fresh(array, marked=bool(origins), origin=combine(origins))


def _refusal(function: Any) -> DtypeError:
    return DtypeError(
        f"numpy.{function.__name__} cannot write to a tensor, which would not notice: use the tensor's own "
        "methods, such as copy_(), or give it the array from numpy()"
    )


def call(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a function of NumPy with arrays in place of tensors.

    Raises:
        DtypeError: It would write to a tensor.
    """
    if isinstance(kwargs.get("out"), TensorBase) or (function in _WRITING and isinstance(args[0], TensorBase)):
        raise _refusal(function)
    return function(*_arrays(args), **_arrays(kwargs))


def _arrays(value: Any) -> Any:
    """The same with arrays in place of tensors, within sequences too."""
    if isinstance(value, TensorBase):
        tensor: Any = value
        return tensor.numpy()
    if type(value) in (list, tuple):
        return type(value)(_arrays(each) for each in value)
    if type(value) is dict:
        return {key: _arrays(each) for key, each in value.items()}
    return value


def _exported(tensor: Tensor) -> Array:
    """The tensor's memory for a protocol of buffers, which report refusals as a BufferError."""
    if tensor.requires_grad and current() is not INFERENCE:
        raise ExportError("Can't export tensors that require gradient, use tensor.detach()")
    return tensor.numpy()


def to_dlpack(tensor: Tensor, options: dict[str, Any]) -> Any:
    """Return a DLPack capsule over a tensor's memory.

    Args:
        tensor: The tensor; that of an inference-only one is exported as read-only, which takes a `max_version`
            of at least (1, 0).
        options: `stream`, `max_version`, `dl_device` and `copy`, as the protocol defines them.

    Raises:
        ExportError: The tensor requires a gradient, or the protocol does not know its dtype.
    """
    array = _exported(tensor)
    try:
        return array.__dlpack__(**options)
    except BufferError as error:
        if tensor._flags & MARKED and not array.flags.writeable and "readonly" in str(error):
            why = "its memory is read-only, and only consumers of DLPack 1.0 or later can be told so"
        elif array.dtype in dtypes.HALF and array.dtype != np.float16:
            why = "NumPy, which exports it, knows no bfloat16; convert it with .float() first"
        else:
            raise ExportError(f"DLPack: {error}") from error
        raise ExportError(f"DLPack: a tensor ({bases.describe(tensor)}) cannot be exported: {why}") from error


def to_buffer(tensor: Tensor, flags: int) -> memoryview:
    """Return a buffer over a tensor's memory, for Python 3.12's `__buffer__`.

    Args:
        tensor: The tensor.
        flags: What the consumer asks for, of `inspect.BufferFlags`.

    Raises:
        ExportError: The tensor requires a gradient, or is read-only and the consumer wants to write.
    """
    array = _exported(tensor)
    if flags & _WRITABLE and not array.flags.writeable:
        raise ExportError(f"a tensor ({bases.describe(tensor)}) over read-only memory cannot be written to as a buffer")
    try:
        return array.data
    except ValueError as error:
        raise ExportError(f"a tensor of {tensor.dtype} has no buffer: {error}") from error


class Capsule:
    """A bare DLPack capsule, as an object that NumPy takes one from."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)  # the CPU


def check_layout(array: Array) -> None:
    """Raise unless a tensor can be over an array's memory as it is.

    Raises:
        ArgumentError: Its bytes are in the other order, or its elements are not whole strides apart.
    """
    if not array.dtype.isnative:
        raise ArgumentError(
            "given numpy array has byte order different from the native byte order. Convert it with "
            "array.astype(array.dtype.newbyteorder('='))."
        )
    if array.size and any(stride % array.itemsize for stride in array.strides):
        raise ArgumentError(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate the "
            "memory."
        )


def size_of(buffer: Any) -> int:
    """Return how many bytes a buffer holds.

    Raises:
        ArgumentError: It is no buffer.
    """
    try:
        return memoryview(buffer).nbytes
    except TypeError:
        raise ArgumentError(
            f"object does not implement Python buffer protocol: got a {type(buffer).__name__}, expected bytes or such"
        ) from None


def check_buffer(size_bytes: int, itemsize: int, count: int, offset_bytes: int) -> None:
    """Raise unless a part of a buffer is a whole number of elements, in PyTorch's words.

    Raises:
        ArgumentError: It is not.
    """
    if not size_bytes or not count:
        raise ArgumentError(f"both buffer length ({size_bytes}) and count ({count}) must not be 0")
    if not 0 <= offset_bytes < size_bytes:
        raise ArgumentError(
            f"offset ({offset_bytes} bytes) must be non-negative and no greater than buffer length "
            f"({size_bytes} bytes) minus 1"
        )
    left = size_bytes - offset_bytes
    if count < 0 and left % itemsize:
        raise ArgumentError(
            f"buffer length ({size_bytes} bytes) after offset ({offset_bytes} bytes) must be a multiple of element "
            f"size ({itemsize})"
        )
    if count * itemsize > left:
        raise ArgumentError(
            f"requested buffer length ({count} * {itemsize} bytes) after offset ({offset_bytes} bytes) must not be "
            f"greater than actual buffer length ({size_bytes} bytes)"
        )
