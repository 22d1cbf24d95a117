"""Data types under PyTorch's names, and PyTorch's rules of type promotion.

Rules: https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.dtype
"""

from __future__ import annotations

import builtins
import math
from functools import cache
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from tensor.errors import ArgumentError, DtypeError

Array = NDArray[Any]
Scalar = builtins.bool | builtins.int | builtins.float


float_limits: Any = ml_dtypes.finfo  # NumPy's, and bfloat16's


def is_floating(numpy_dtype: np.dtype[Any]) -> builtins.bool:
    """Whether a NumPy dtype that tensors can hold is one of floats."""
    return numpy_dtype.kind in "fV"  # bfloat16 is no dtype of NumPy's own; no other such gets into a tensor


class dtype:  # noqa: N801 - PyTorch's name
    """The element type of a tensor. There is one object per type, so `is` and `==` mean the same.

    Args:
        name: NumPy's and PyTorch's common name, such as `float32`.
        numpy_dtype: NumPy's, where its name does not give it.
    """

    __slots__ = ("is_floating_point", "itemsize", "name", "numpy_dtype")

    def __init__(self, name: str, numpy_dtype: np.dtype[Any] | None = None) -> None:
        self.name = name
        self.numpy_dtype: np.dtype[Any] = numpy_dtype or np.dtype(name)
        self.itemsize = self.numpy_dtype.itemsize
        self.is_floating_point = is_floating(self.numpy_dtype)

    @property
    def is_signed(self) -> builtins.bool:
        """Whether the type holds negative numbers."""
        return self.numpy_dtype.kind in "fiV"

    def __repr__(self) -> str:
        return f"tensor.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (named, (self.name,))


float16 = half = dtype("float16")
bfloat16 = dtype("bfloat16", np.dtype(ml_dtypes.bfloat16))
float32 = float = dtype("float32")
float64 = double = dtype("float64")
int8 = dtype("int8")
int16 = short = dtype("int16")
int32 = int = dtype("int32")
int64 = long = dtype("int64")
uint8 = dtype("uint8")
uint16 = dtype("uint16")
uint32 = dtype("uint32")
uint64 = dtype("uint64")
bool = dtype("bool")

ALL = (float16, bfloat16, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool)
_BY_NAME = {each.name: each for each in ALL}
NAMES = frozenset(_BY_NAME)
_BY_NUMPY = {each.numpy_dtype: each for each in ALL}
# Computed in float32 and rounded once: see `tensor.halves`.
HALF = frozenset([float16.numpy_dtype, bfloat16.numpy_dtype])
_BY_TYPE = {builtins.float: float32, builtins.int: int64, builtins.bool: bool}

# What a caller may pass as `dtype=`: ours, NumPy's, or Python's type.
DtypeLike = dtype | np.dtype[Any] | type

_default = float32


def named(name: str) -> dtype:
    """Return the dtype called `name`.

    Raises:
        DtypeError: There is none.
    """
    try:
        return _BY_NAME[name]
    except KeyError:
        raise DtypeError(f"unknown dtype {name!r}; there are: {', '.join(_BY_NAME)}") from None


def of(numpy_dtype: np.dtype[Any]) -> dtype:
    """Return the dtype that corresponds to NumPy's.

    Raises:
        DtypeError: Tensors cannot hold it (strings, objects, complex numbers, foreign byte order).
    """
    try:
        return _BY_NUMPY[numpy_dtype]
    except KeyError:
        raise DtypeError(
            f"can't convert np.ndarray of type {numpy_dtype} to a tensor. "
            f"The only supported types are: {', '.join(_BY_NAME)}."
        ) from None


def canonical(value: DtypeLike) -> dtype:
    """Return our dtype for ours, NumPy's or Python's.

    Raises:
        DtypeError: It names no type that a tensor can hold.
    """
    if isinstance(value, dtype):
        return value
    if value is builtins.float:
        return _default
    if value in (builtins.int, builtins.bool):
        return _BY_TYPE[value]  # type: ignore[index]
    try:
        return of(np.dtype(value))
    except TypeError as error:
        raise DtypeError(f"expected a dtype such as tensor.float32, got {value!r}") from error


def get_default_dtype() -> dtype:
    """Return the dtype of tensors made from Python floats, `float32` unless changed."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the dtype of tensors made from Python floats, for the whole process.

    Raises:
        DtypeError: `d` is not a floating-point dtype.
    """
    global _default
    wanted = canonical(d)
    if not wanted.is_floating_point:
        raise DtypeError(f"only floating-point types are supported as the default type, got {d!r}")
    _default = wanted


def of_scalar(value: Any) -> dtype:
    """Return the dtype that a number, Python's or NumPy's, stands for where no tensor says more."""
    if type(value) is builtins.float:
        return _default
    if (known := _BY_TYPE.get(type(value))) is not None:
        return known
    return _default if isinstance(value, np.floating) else bool if isinstance(value, np.bool_) else int64


@cache
def promote_types(type1: dtype, type2: dtype) -> dtype:
    """Return the smallest dtype that both convert to, an integer yielding to any float.

    Args:
        type1: One dtype.
        type2: The other.
    """
    if type1.is_floating_point != type2.is_floating_point:
        return type1 if type1.is_floating_point else type2
    if {type1, type2} == {float16, bfloat16}:
        return float32
    return of(np.promote_types(type1.numpy_dtype, type2.numpy_dtype))


def _category(each: dtype) -> builtins.int:
    return 2 if each.is_floating_point else 0 if each is bool else 1


@cache
def _combine(higher: dtype | None, lower: dtype | None) -> dtype | None:
    # A lower-ranking operand counts only when it brings in a higher category: bool < int < float.
    if higher is None or lower is None:
        return higher or lower
    return promote_types(higher, lower) if _category(lower) > _category(higher) else higher


def result_dtype(*operands: Array | Scalar | None) -> dtype:
    """Return the dtype that PyTorch computes in: tensors with dimensions outrank 0-d ones, those outrank numbers."""
    ranks: list[dtype | None] = [None, None, None]
    for operand in operands:
        if operand is None:
            continue
        if isinstance(operand, np.ndarray):
            rank, each = (0 if operand.ndim else 1), of(operand.dtype)
        else:
            rank, each = 2, of_scalar(operand)
        seen = ranks[rank]
        ranks[rank] = each if seen is None else promote_types(seen, each)
    if ranks[1] is None and ranks[0] is None:
        return ranks[2] or _default
    return _combine(ranks[0], _combine(ranks[1], ranks[2])) or _default


def promoted(*operands: Array | Scalar, floating: builtins.bool = False, exact: builtins.bool = False) -> list[Any]:
    """Return the operands as arrays of the dtype that PyTorch computes in.

    Args:
        operands: Arrays and Python numbers.
        floating: Whether integers and booleans become the default float dtype, as for division.
        exact: Whether to refuse numbers that this dtype cannot hold, which wrap around otherwise.

    Raises:
        ArgumentError: `exact`, and there is such a number.
    """
    common = result_dtype(*operands)
    if floating and not common.is_floating_point:
        common = _default
    target = common.numpy_dtype
    if exact:
        return [
            each.astype(target, copy=False) if isinstance(each, np.ndarray) else fitting(each, target)
            for each in operands
        ]
    return [np.asarray(each).astype(target, copy=False) for each in operands]


def fitting(value: Any, target: np.dtype[Any]) -> Array:
    """Return a number, or an array, in a dtype that must be able to hold it; fractions of integers are dropped.

    Args:
        value: A Python number, as a caller wrote it, or an array.
        target: The dtype to hold it.

    Raises:
        ArgumentError: It is a number out of the dtype's range.
        DtypeError: It is `None`.
    """
    if value is None:
        raise DtypeError("expected a tensor or a number, got None")
    array = np.asarray(value)
    if array.dtype == target or target.kind == "b" or array.ndim:
        return array.astype(target, copy=False)
    number = array.item()
    if is_floating(target):
        fits = not math.isfinite(number) or abs(number) <= builtins.float(float_limits(target).max)
    else:
        limits = np.iinfo(target)
        low = -limits.max if target.kind == "u" else limits.min  # as PyTorch: -1 is 255 in uint8
        fits = low <= number <= limits.max
        number = math.trunc(number) if fits else number
    if not fits:
        raise ArgumentError(f"value {number} cannot be converted to type {of(target)} without overflow")
    if target.kind == "u" and number < 0:
        number += np.iinfo(target).max + 1
    return np.asarray(number, target)


def can_cast(from_: dtype, to: dtype) -> builtins.bool:
    """Whether PyTorch lets a result of one dtype be written into a tensor of another: bool < int < float."""
    return _category(from_) <= _category(to)
