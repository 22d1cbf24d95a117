"""Reading and writing parts of tensors in brackets: integers, slices, index tensors and masks.

An index is taken apart as PyTorch does it: first what gives a view, which is integers, slices, `None` and `...`; of
that view then what index tensors and masks name. NumPy agrees on each of the two, but not on both at once: to it an
integer beside an index tensor is an index tensor too, which puts dimensions elsewhere.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import dtypes
from tensor.aliases import unwrapped
from tensor.bases import TensorBase, wrap
from tensor.dispatch import apply, write
from tensor.dtypes import Array, Scalar, fitting, is_floating
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError
from tensor.marks import MARKED, Origin, combine
from tensor.ops.conversions import clone
from tensor.ops.places import rows, summed
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

# In an index, stands for the next index tensor among the operands.
_TENSOR = object()
_ALL = slice(None)
_NOT_INDICES = "tensors used as indices must be long, int, byte or bool tensors"

Key = tuple[Any, ...]


def _usable(index: Array) -> Array:
    """An index tensor as integers or booleans."""
    if index.dtype == np.uint8:
        return index.astype(bool)
    if index.dtype.kind != "b" and index.dtype not in (np.int64, np.int32):
        raise DimensionError(f"{_NOT_INDICES}, got {dtypes.of(index.dtype)}")
    return index


def _width(part: Any) -> int:
    """How many dimensions a part of an index stands for."""
    if part is None or part is Ellipsis:
        return 0
    if isinstance(part, np.ndarray):
        return part.ndim if part.dtype.kind == "b" else 1
    return 1


def _taken_apart(shape: tuple[int, ...], key: Key, indices: Sequence[Array]) -> tuple[Key, Key]:
    """Return an index in two steps: one that gives a view of a tensor, and one of index tensors and masks into that."""
    left = iter(indices)
    parts = [_usable(next(left)) if part is _TENSOR else part for part in key]
    missing = len(shape) - sum(map(_width, parts))
    if missing < 0:
        raise DimensionError(f"too many indices for tensor of dimension {len(shape)}")
    at = next((at for at, part in enumerate(parts) if part is Ellipsis), len(parts))
    parts[at : at + 1] = [_ALL] * missing
    basic: list[Any] = []
    advanced: list[Any] = []
    dim = 0
    for part in parts:
        width = _width(part)
        if not isinstance(part, np.ndarray):
            basic.append(part)
            if part is None or isinstance(part, slice):
                advanced.append(_ALL)
        elif part.dtype.kind != "b" and not part.ndim:
            basic.append(int(part))
        elif part.ndim:
            if part.dtype.kind == "b" and part.shape != shape[dim : dim + width]:
                raise DimensionError(
                    f"The shape of the mask {list(part.shape)} at index {dim} does not match the shape of the indexed "
                    f"tensor {list(shape)} at index {dim}"
                )
            basic += [_ALL] * width
            advanced.append(part)
        else:  # True is a new dimension of size 1, False one of size 0
            basic.append(None)
            advanced.append(np.zeros(int(part), np.intp))
        dim += width
    return tuple(basic), tuple(advanced)


def _positions(shape: tuple[int, ...], basic: Key, advanced: Key) -> Array:
    """The positions in row-major memory that an index taken apart names."""
    named = [(dim, each) for dim, each in enumerate(advanced) if isinstance(each, np.ndarray)]
    if (
        len(named) == 1
        and named[0][1].dtype.kind != "b"
        and all(type(part) is slice and part == _ALL for part in basic)
    ):
        dim, index = named[0]
        return rows(shape, index, dim)
    return np.asarray(np.arange(math.prod(shape)).reshape(shape)[basic][advanced])


def _placed(g: Array, shape: tuple[int, ...], key: Key) -> Array:
    """Zeros of a shape, with `g` at an index that names no place twice."""
    whole = np.zeros(shape, g.dtype)
    whole[key] = g
    return whole


def _index(input: Array, *indices: Array, key: Key) -> Any:
    if len(key) == 1 and input.ndim and indices[0].ndim and indices[0].dtype in (np.int64, np.int32):
        return np.take(input, indices[0], 0)  # faster than the same in brackets
    basic, advanced = _taken_apart(input.shape, key, indices)
    part = input[basic]
    return part[advanced] if any(isinstance(each, np.ndarray) for each in advanced) else part.copy()


def _index_vjp(g: Array, shape: tuple[int, ...], indices: tuple[Array, ...], key: Key) -> Array:
    basic, advanced = _taken_apart(shape, key, indices)
    named = [each for each in advanced if isinstance(each, np.ndarray)]
    if not named or (len(named) == 1 and named[0].dtype.kind == "b"):
        whole = np.zeros(shape, g.dtype)
        whole[(*basic, ...)][(*advanced, ...)] = g
        return whole
    return summed(shape, _positions(shape, basic, advanced), g)


def _setitem(input: Array, value: Any, *indices: Array, key: Key) -> None:
    basic, advanced = _taken_apart(input.shape, key, indices) if indices else (key, ())
    if isinstance(value, np.ndarray):
        if advanced and value.dtype != input.dtype:
            raise DtypeError(
                "Index put requires the source and destination dtypes match, got "
                f"{dtypes.of(input.dtype)} for the destination and {dtypes.of(value.dtype)} for the source."
            )
        # PyTorch takes further leading dimensions of size 1 everywhere, NumPy only in some places.
        extra = next((at for at, size in enumerate(value.shape) if size != 1), value.ndim)
        value = value.reshape(value.shape[extra:])
    elif value is None or not is_floating(input.dtype):
        value = fitting(value, input.dtype)
    if advanced:
        input[(*basic, ...)][(*advanced, ...)] = value
    else:
        input[basic] = value


def _at(g: Array, indices: tuple[Array, ...], key: Key) -> Array:
    if not indices:
        return np.asarray(g[key])
    basic, advanced = _taken_apart(g.shape, key, indices)
    return np.asarray(g[(*basic, ...)][(*advanced, ...)])


def _setitem_vjp_value(g: Array, shape: tuple[int, ...], indices: tuple[Array, ...], key: Key) -> Array:
    part = _at(g, indices, key)
    return part.reshape((1,) * (len(shape) - part.ndim) + part.shape)


def _cleared(g: Array, indices: tuple[Array, ...], key: Key) -> Array:
    rest = g.copy()
    _setitem(rest, 0, *indices, key=key)
    return rest


def _index_put(input: Array, values: Array, *indices: Array, key: Key) -> Array:
    positions = _positions(input.shape, *_taken_apart(input.shape, key, indices))
    shape = _at(np.broadcast_to(np.empty((), np.bool), input.shape), indices, key).shape
    added = np.broadcast_to(values, shape).astype(input.dtype, copy=False)
    return input + summed(input.shape, positions, added)


GETITEM = op(
    "getitem",
    lambda input, *, key: input[key],
    view_op=True,
    input=_placed,
)
INDEX = op("index", _index, moves=True, input=_index_vjp)
SETITEM = op("setitem", _setitem, inplace=_setitem, input=_cleared, value=_setitem_vjp_value)
INDEX_PUT = op("index_put", _index_put, input=lambda g: g, values=lambda g, indices, key: _at(g, indices, key))


def _index_tensor(numbers: Sequence[Any]) -> Tensor:
    """The numbers of a list as one operand, marked if one of them is."""
    origins: list[Origin | None] = []
    try:
        array = np.asarray(unwrapped(numbers, origins)) if len(numbers) else np.empty(0, np.int64)
    except ValueError as error:
        raise DimensionError(f"{_NOT_INDICES}, and so must be the numbers of a list: {error}") from error
    if array.dtype.kind not in "iubf":
        raise DimensionError(f"{_NOT_INDICES}, got a list of other things; index with a tuple, x[tuple(parts)]")
    return wrap(array, MARKED if origins else 0, origin=combine(origins))


def _bound(value: Any) -> Any:
    return value if value is None or type(value) is int else value.__index__()


def _parsed(key: Any) -> tuple[Key, list[Any]]:
    """Return an index as the kernels take it, its tensors apart: they are operands, so that marks are seen."""
    parts: list[Any] = []
    tensors: list[Any] = []
    ellipses = 0
    for part in key if isinstance(key, tuple) else (key,):
        if type(part) is int or part is None:
            parts.append(part)
        elif type(part) is slice:
            parts.append(_checked(part))
        elif part is Ellipsis:
            ellipses += 1
            parts.append(part)
        else:
            parts.append(_other_part(part, tensors))
    if ellipses > 1:
        raise DimensionError("an index can only have a single ellipsis ('...')")
    if not tensors and not ellipses:
        parts.append(Ellipsis)  # or NumPy would copy a single element out
    return tuple(parts), tensors


def _checked(part: slice) -> slice:
    bounded = slice(_bound(part.start), _bound(part.stop), _bound(part.step))
    if bounded.step is not None and bounded.step <= 0:
        raise ArgumentError("step must be greater than zero; use flip() to reverse a dimension")
    return bounded


def _other_part(part: Any, tensors: list[Any]) -> Any:
    """Return what stands for a part of an index that is no plain integer or slice; tensors are put aside."""
    if isinstance(part, TensorBase) and _is_number(part):
        return part._data.item()  # nothing to lose here: it is not marked
    if isinstance(part, list | tuple | range):
        part = _index_tensor(part)
    elif isinstance(part, bool | np.bool):
        part = np.asarray(part)
    if isinstance(part, TensorBase | np.ndarray):
        if (part._data if isinstance(part, TensorBase) else part).dtype == np.uint8:
            warnings.warn(
                "indexing with dtype tensor.uint8 is deprecated, use a mask of dtype tensor.bool instead", stacklevel=4
            )
        tensors.append(part)
        return _TENSOR
    try:
        return part.__index__()
    except (AttributeError, TypeError):
        raise DimensionError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or boolean tensors are valid indices "
            f"(got {type(part).__name__})"
        ) from None


def _is_number(part: TensorBase) -> bool:
    """Whether an index tensor is a single integer without a mark, for which PyTorch gives a view."""
    return not (part._data.ndim or part._flags & MARKED) and part._data.dtype in (np.int64, np.int32)


def getitem(input: Tensor, key: Any) -> Tensor:
    """Return part of a tensor: a view for integers and slices, a copy for index tensors, lists and masks.

    Raises:
        DimensionError: An index is out of range, or is none.
    """
    parts, tensors = _parsed(key)
    if tensors:
        return apply(INDEX, input, *tensors, key=parts)
    return apply(GETITEM, input, key=parts)


def setitem(input: Tensor, key: Any, value: Tensor | Scalar) -> None:
    """Write `value`, broadcast, into part of a tensor; it is cast too where the part is a view.

    Raises:
        DimensionError: An index is out of range, or is none.
        DtypeError: The index has tensors in it, and `value` is a tensor of another dtype.
        InferenceTensorError: A mark forbids it.
        ReadOnlyError: The memory is read-only.
    """
    parts, tensors = _parsed(key)
    write(SETITEM, input, value, *tensors, key=parts)


def _put_key(indices: Sequence[Tensor | None]) -> tuple[Key, list[Any]]:
    if isinstance(indices, TensorBase):
        raise DtypeError("index_put: expected a tuple of tensors as indices, got a tensor; write (index,)")
    if not indices:
        raise ShapeError("index_put: expected at least one index tensor")
    return _parsed(tuple([slice(None) if each is None else each for each in indices]))


def index_put_(input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False) -> Tensor:
    """Write `values`, broadcast, where index tensors name places, in place, as `input[indices] = values` does.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html

    Args:
        input: What to write to.
        indices: An index tensor or mask for each of the first dimensions, `None` for all of one.
        values: Of the input's dtype.
        accumulate: Whether to add them, several to one place if it is named so often.

    Raises:
        DimensionError: An index is out of range.
        DtypeError: The dtypes differ.
    """
    key, tensors = _put_key(indices)
    if not accumulate:
        return write(SETITEM, input, values, *tensors, key=key)
    if values._data.dtype != input._data.dtype:
        raise DtypeError(
            "Index put requires the source and destination dtypes match, got "
            f"{dtypes.of(input._data.dtype)} for the destination and {dtypes.of(values._data.dtype)} for the source."
        )
    return write(INDEX_PUT, input, values, *tensors, key=key)


def index_put(input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False) -> Tensor:
    """Return a copy with `values` written where index tensors name places; see `index_put_`."""
    return index_put_(clone(input), indices, values, accumulate)
