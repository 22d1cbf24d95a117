"""Reading and writing parts of tensors by position, by index tensors and by masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.aliases import unwrapped
from tensor.bases import TensorBase, wrap
from tensor.dispatch import apply, write
from tensor.dtypes import Array, Scalar, fitting, is_floating
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError
from tensor.marks import MARKED, Origin, combine
from tensor.ops.dims import normal_dim
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

# In an index, stands for the next index tensor among the operands.
_TENSOR = object()


def _index(static: tuple[Any, ...], tensors: Sequence[Array]) -> tuple[Any, ...]:
    if not tensors:
        return static
    left = iter(tensors)
    return tuple([next(left) if part is _TENSOR else part for part in static])


def _scattered(shape: tuple[int, ...], index: Any, g: Array) -> Array:
    """Zeros of a shape, with `g` added at an index; places named twice get the sum."""
    whole = np.zeros(shape, g.dtype)
    np.add.at(whole, index, g)
    return whole


def _placed(shape: tuple[int, ...], index: Any, g: Array) -> Array:
    """Zeros of a shape, with `g` at an index that names no place twice."""
    whole = np.zeros(shape, g.dtype)
    whole[index] = g
    return whole


def _cleared(g: Array, index: Any) -> Array:
    rest = g.copy()
    rest[index] = 0
    return rest


def _along(shape: tuple[int, ...], index: Array, dim: int) -> tuple[Any, ...]:
    """The full index for `index` along one dimension, and its own positions along the others."""
    if index.dtype.kind not in "iu":
        raise DtypeError(f"expected an index of dtype int64, got {index.dtype}")
    if index.ndim != len(shape):
        raise ShapeError(f"index has {index.ndim} dimensions, the tensor {len(shape)}; they must be equal")
    grid: list[Any] = list(np.ogrid[tuple(slice(size) for size in index.shape)])
    grid[dim] = index
    return tuple(grid)


def _setitem(input: Array, value: Any, *indices: Array, key: tuple[Any, ...]) -> None:
    if isinstance(value, np.ndarray):
        # PyTorch takes further leading dimensions of size 1 everywhere, NumPy only in some places.
        extra = next((at for at, size in enumerate(value.shape) if size != 1), value.ndim)
        value = value.reshape(value.shape[extra:])
    elif value is None or not is_floating(input.dtype):
        value = fitting(value, input.dtype)
    input[_index(key, indices)] = value


def _setitem_vjp_value(g: Array, shape: tuple[int, ...], indices: tuple[Array, ...], key: tuple[Any, ...]) -> Array:
    part: Array = g[_index(key, indices)]
    return part.reshape((1,) * (len(shape) - part.ndim) + part.shape)


def _scatter(input: Array, index: Array, src: Any, *, dim: int) -> Array:
    result = input.copy()
    at = _along(input.shape, index, dim)
    result[at] = (
        src[tuple(slice(size) for size in index.shape)] if isinstance(src, np.ndarray) else fitting(src, input.dtype)
    )
    return result


def _scatter_add(input: Array, index: Array, src: Array, *, dim: int) -> Array:
    result = input.copy()
    np.add.at(result, _along(input.shape, index, dim), src[tuple(slice(size) for size in index.shape)])
    return result


def _src_vjp(g: Array, shape: tuple[int, ...], index: Array, dim: int) -> Array:
    # What lies beyond the index was not used.
    return _placed(shape, tuple(slice(size) for size in index.shape), g[_along(g.shape, index, dim)])


def _masked_fill(input: Array, mask: Array, value: Any) -> Any:
    if mask.dtype.kind != "b":
        raise DtypeError(f"masked_fill only supports boolean masks, but got mask with dtype {mask.dtype}")
    return np.where(mask, fitting(value, input.dtype), input)


def _index_select(input: Array, index: Array, *, dim: int) -> Any:
    if index.ndim > 1:
        raise DimensionError(f"index_select(): Index is supposed to be a vector, but its shape is {list(index.shape)}")
    picked = np.take(np.atleast_1d(input), np.atleast_1d(index), dim)
    return picked if input.ndim else picked.reshape(())


GETITEM = op(
    "getitem",
    lambda input, *, key: input[key],
    view_op=True,
    input=lambda g, shape, key: _placed(shape, key, g),
)
INDEX = op(
    "index",
    lambda input, *indices, key: input[_index(key, indices)],
    input=lambda g, shape, indices, key: _scattered(shape, _index(key, indices), g),
)
SETITEM = op(
    "setitem",
    _setitem,
    inplace=_setitem,
    input=lambda g, indices, key: _cleared(g, _index(key, indices)),
    value=_setitem_vjp_value,
)
GATHER = op(
    "gather",
    lambda input, index, *, dim: input[_along(input.shape, index, dim)],
    input=lambda g, shape, index, dim: _scattered(shape, _along(shape, index, dim), g),
)
SCATTER = op(
    "scatter",
    _scatter,
    input=lambda g, index, dim: _cleared(g, _along(g.shape, index, dim)),
    src=_src_vjp,
)
SCATTER_ADD = op("scatter_add", _scatter_add, input=lambda g: g, src=_src_vjp)
INDEX_SELECT = op(
    "index_select",
    _index_select,
    input=lambda g, shape, index, dim: _scattered(
        shape, (slice(None),) * dim + (np.atleast_1d(index),) if shape else (), g
    ),
)
MASKED_FILL = op(
    "masked_fill",
    _masked_fill,
    input=lambda g, mask: np.where(mask, 0, g),
    value=lambda g, mask: np.where(mask, g, 0),
)
ONE_HOT = op("one_hot", lambda input, *, num_classes: (input[..., None] == np.arange(num_classes)).astype(np.int64))
REPEAT_INTERLEAVE = op("repeat_interleave", lambda repeats, *, size: np.repeat(np.arange(size), repeats))
NONZERO = op("nonzero", lambda input: np.argwhere(input))


def _index_tensor(numbers: list[Any] | range) -> Tensor:
    """The numbers of a list as one operand, marked if one of them is."""
    origins: list[Origin | None] = []
    array = np.asarray(unwrapped(numbers, origins)) if len(numbers) else np.empty(0, np.int64)
    return wrap(array, MARKED if origins else 0, origin=combine(origins))


def _parsed(key: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """Return an index as NumPy takes it, its tensors apart: they are operands, so that marks are seen."""
    parts, tensors = [], []
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, list | range):
            part = _index_tensor(part)
        if isinstance(part, TensorBase | np.ndarray):
            tensors.append(part)
            part = _TENSOR
        elif isinstance(part, slice):
            part = slice(*[None if each is None else each.__index__() for each in (part.start, part.stop, part.step)])
            if part.step is not None and part.step <= 0:
                raise ArgumentError("step must be greater than zero; use flip() to reverse a dimension")
        elif isinstance(part, bool | np.bool):
            tensors.append(np.asarray(part))
            part = _TENSOR
        elif part is not None and part is not Ellipsis:
            try:
                part = part.__index__()
            except (AttributeError, TypeError):
                raise DimensionError(
                    "only integers, slices (`:`), ellipsis (`...`), None and long or boolean tensors are valid indices "
                    f"(got {type(part).__name__})"
                ) from None
        parts.append(part)
    if not tensors and Ellipsis not in parts:
        parts.append(Ellipsis)  # or NumPy would copy a single element out
    return tuple(parts), tensors


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
    """Write `value`, broadcast and cast, into part of a tensor.

    Raises:
        DimensionError: An index is out of range, or is none.
        InferenceTensorError: A mark forbids it.
        ReadOnlyError: The memory is read-only.
    """
    parts, tensors = _parsed(key)
    write(SETITEM, input, value, *tensors, key=parts)


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Return the elements that `index` names along a dimension.

    Args:
        input: Any shape.
        dim: The dimension that the index is along.
        index: int64, as many dimensions as `input`; gives the result's shape.
    """
    return apply(GATHER, input, index, dim=normal_dim(dim, input._data.ndim))


def scatter(input: Tensor, dim: int, index: Tensor, src: Tensor | Scalar) -> Tensor:
    """Return a copy with elements of `src` written where `index` names along a dimension."""
    return apply(SCATTER, input, index, src, dim=normal_dim(dim, input._data.ndim))


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Return a copy with elements of `src` added where `index` names along a dimension."""
    return apply(SCATTER_ADD, input, index, src, dim=normal_dim(dim, input._data.ndim))


def scatter_(input: Tensor, dim: int, index: Tensor, src: Tensor | Scalar) -> Tensor:
    """Write elements of `src` where `index` names along a dimension, in place."""
    return write(SCATTER, input, index, src, dim=normal_dim(dim, input._data.ndim))


def scatter_add_(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Add elements of `src` where `index` names along a dimension, in place."""
    return write(SCATTER_ADD, input, index, src, dim=normal_dim(dim, input._data.ndim))


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Return the places of a dimension that a 1-d index names, as a copy."""
    return apply(INDEX_SELECT, input, index, dim=normal_dim(dim, input._data.ndim))


def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Scalar) -> Tensor:
    """Return a copy with `value` where `mask` is true."""
    return apply(MASKED_FILL, input, mask, value)


def masked_fill_(input: Tensor, mask: Tensor, value: Tensor | Scalar) -> Tensor:
    """Write `value` where `mask` is true, in place."""
    return write(MASKED_FILL, input, mask, value)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """Return the elements where `mask` is true, in one dimension."""
    size = np.broadcast_shapes(input._data.shape, mask._data.shape)
    return getitem(input.expand(size), mask.expand(size))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Return int64 vectors with a one where `tensor` says.

    Args:
        tensor: Non-negative integers of any shape.
        num_classes: The vectors' length; -1 for one more than the largest.

    Raises:
        DimensionError: A class is negative, or not below `num_classes`.
    """
    classes = tensor._data
    if classes.dtype.kind not in "iu":
        raise DtypeError(f"one_hot is only applicable to index tensor of type LongTensor, got {classes.dtype}")
    if classes.size and classes.min() < 0:
        raise DimensionError("one_hot: Class values must be non-negative.")
    largest = int(classes.max()) if classes.size else -1
    if num_classes == -1:
        if largest < 0:
            raise DimensionError("one_hot: Can not infer total number of classes from empty tensor.")
        num_classes = largest + 1
    if largest >= num_classes:
        raise DimensionError(f"one_hot: Class values must be smaller than num_classes ({num_classes}), got {largest}.")
    return apply(ONE_HOT, tensor, num_classes=num_classes)


def repeat_interleave(
    input: Tensor, repeats: Tensor | int | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Return each place of a dimension several times over, as a copy.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.repeat_interleave.html

    Args:
        input: Any shape; flattened if no dimension is given. Alone, it is the repeats, and the places are returned.
        repeats: How often: one number, or one for each place.
        dim: The dimension.
        output_size: Accepted since PyTorch has it.

    Raises:
        ShapeError: There is not one number for each place, or one is negative.
    """
    if repeats is None:
        return apply(REPEAT_INTERLEAVE, input, size=input._data.size)
    rows = input.reshape(-1) if dim is None or not input._data.ndim else input
    axis = normal_dim(0 if dim is None else dim, rows._data.ndim)
    return index_select(rows, axis, apply(REPEAT_INTERLEAVE, repeats, size=rows._data.shape[axis]))


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Return where elements are not zero: (count, ndim), or one index tensor a dimension."""
    found = apply(NONZERO, input)
    return tuple(found[:, dim] for dim in range(input._data.ndim)) if as_tuple else found
