"""Picking elements out: along a dimension, from the flattened tensor, or several times over."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError
from tensor.ops.conversions import detach
from tensor.ops.dims import normal_dim
from tensor.ops.indexing import getitem
from tensor.ops.places import along, check_integers, rows, summed
from tensor.ops.shapes import expand, reshape
from tensor.registry import op
from tensor.scalars import whole

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _gather(input: Array, index: Array, *, dim: int) -> Array:
    positions = along("gather", input.shape, index, dim)
    return input.reshape(-1)[positions] if index.size else np.empty(index.shape, input.dtype)


def _gather_vjp(g: Array, shape: tuple[int, ...], index: Array, dim: int) -> Array:
    return summed(shape, along("gather", shape, index, dim), g)


def _index_select(input: Array, index: Array, *, dim: int) -> Any:
    check_integers("index_select", index)
    if index.ndim > 1:
        raise DimensionError(f"index_select(): Index is supposed to be a vector, but its shape is {list(index.shape)}")
    size = input.shape[dim] if input.ndim else 1
    if index.size and (index.min() < 0 or index.max() >= size):
        raise DimensionError(
            f"index_select(): index out of range in self: got {index.min()} to {index.max()}, "
            f"dimension {dim} has size {size}"
        )
    if not input.ndim and index.size != 1:
        raise DimensionError("index_select(): Index to scalar can have only 1 value")
    picked = np.take(np.atleast_1d(input), np.atleast_1d(index), dim)
    return picked if input.ndim else picked.reshape(())


def _take(input: Array, index: Array) -> Any:
    return input.reshape(-1)[flat_positions("take", index, input.size)]


def flat_positions(name: str, index: Array, count: int) -> Array:
    """Return an index into a flattened tensor, counted from the front.

    Args:
        name: The operation, for messages.
        index: Integers of any shape.
        count: The tensor's number of elements.

    Raises:
        DtypeError: The index is not int64.
        DimensionError: It leads out of the tensor.
    """
    if index.dtype != np.int64:
        raise DtypeError(f"{name}(): Expected a long tensor for index, but got {dtypes.of(index.dtype)}")
    if index.size and (index.min() < -count or index.max() >= count):
        wrong = next(each for each in index.reshape(-1).tolist() if not -count <= each < count)
        raise DimensionError(f"{name}: out of range: tried to access index {wrong} on a tensor of {count} elements.")
    return np.where(index < 0, index + count, index)


def _repeat_interleave(repeats: Array, *, size: int) -> Array:
    if repeats.dtype not in (np.int64, np.int32):
        raise DtypeError(f"repeat_interleave: repeats has to be Long or Int tensor, got {dtypes.of(repeats.dtype)}")
    if repeats.ndim > 1:
        raise ShapeError(f"repeat_interleave only accepts 1D vector as repeat, got shape {list(repeats.shape)}")
    if repeats.size and repeats.min() < 0:
        raise ArgumentError(f"repeat_interleave: repeats can not be negative, got {repeats.min()}")
    if repeats.size not in (1, size):
        raise ShapeError(
            f"repeat_interleave: repeats must have the same size as input along dim, got {repeats.size} for {size}"
        )
    return np.repeat(np.arange(size), repeats)


GATHER = op("gather", _gather, moves=True, input=_gather_vjp)
INDEX_SELECT = op(
    "index_select",
    _index_select,
    moves=True,
    input=lambda g, shape, index, dim: summed(shape, rows(shape, index, dim), g),
)
TAKE = op(
    "take",
    _take,
    moves=True,
    input=lambda g, shape, index: summed(shape, flat_positions("take", index, math.prod(shape)), g),
)
ONE_HOT = op("one_hot", lambda input, *, num_classes: (input[..., None] == np.arange(num_classes)).astype(np.int64))
REPEAT_INTERLEAVE = op("repeat_interleave", _repeat_interleave)


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """Return the elements that `index` names along a dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.gather.html

    Args:
        input: Any shape.
        dim: The dimension that the index is along.
        index: int64, as many dimensions as `input`, and no larger except along `dim`; gives the result's shape.
        sparse_grad: Ignored: gradients are dense.

    Raises:
        DimensionError: An index is out of range; none counts from the end.
        ShapeError: The index's shape does not fit.
    """
    return apply(GATHER, input, index, dim=normal_dim(dim, input._data.ndim))


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Return the places of a dimension that a 1-d index names, as a copy.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.index_select.html

    Args:
        input: Any shape.
        dim: The dimension.
        index: (places,), int64 or int32; or one without dimensions for one place.

    Raises:
        DimensionError: An index is out of range; none counts from the end.
    """
    return apply(INDEX_SELECT, input, index, dim=normal_dim(dim, input._data.ndim))


def take(input: Tensor, index: Tensor) -> Tensor:
    """Return the elements at places of the flattened tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.take.html

    Args:
        input: Any shape.
        index: int64, any shape, which is the result's; negative numbers count from the end.

    Raises:
        DimensionError: An index is out of range.
    """
    return apply(TAKE, input, index)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Return the elements that `indices` names along a dimension; the others are broadcast.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.take_along_dim.html

    Args:
        input: Any shape.
        indices: int64, as many dimensions as `input`; such as those from `argsort` and `argmax(keepdim=True)`.
        dim: The dimension; without one both are flattened.

    Raises:
        DimensionError: An index is out of range; none counts from the end.
        ShapeError: The shapes do not broadcast.
    """
    if dim is None:
        return gather(reshape(input, -1), 0, reshape(indices, -1))
    mine, theirs = input._data.shape, indices._data.shape
    if len(mine) != len(theirs):
        raise ShapeError(
            "take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{len(mine)} dimensions for input, and {len(theirs)} dimensions for indices"
        )
    axis = normal_dim(dim, len(mine))
    if not mine:
        return gather(input, axis, indices)
    try:
        common = np.broadcast_shapes(_without(mine, axis), _without(theirs, axis))
    except ValueError as error:
        raise ShapeError(f"take_along_dim: {error}") from error
    wide = expand(input, (*common[:axis], mine[axis], *common[axis + 1 :]))
    return gather(wide, axis, expand(indices, (*common[:axis], theirs[axis], *common[axis + 1 :])))


def _without(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    return (*shape[:dim], 1, *shape[dim + 1 :])


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Return int64 vectors with a one where `tensor` says.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html

    Args:
        tensor: Non-negative integers of any shape.
        num_classes: The vectors' length; -1 for one more than the largest.

    Raises:
        DimensionError: A class is negative, or not below `num_classes`.
    """
    classes, num_classes = tensor._data, whole("one_hot", "num_classes", num_classes)
    if classes.dtype != np.int64:
        raise DtypeError(
            f"one_hot is only applicable to index tensor of type LongTensor, got {dtypes.of(classes.dtype)}"
        )
    if classes.size and classes.min() < 0:
        raise DimensionError("one_hot: Class values must be non-negative.")
    largest = int(classes.max()) if classes.size else -1
    if largest < 0 and num_classes <= 0:
        raise DimensionError("one_hot: Can not infer total number of classes from empty tensor.")
    if num_classes == -1:
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
        ShapeError: There is not one number for each place.
        ArgumentError: One is negative.
    """
    if repeats is None:
        if not input._data.ndim:
            raise ShapeError("repeat_interleave: repeats is a tensor without dimensions; expected a vector")
        return apply(REPEAT_INTERLEAVE, input, size=input._data.size)
    if dim is not None and not input._data.ndim:
        raise DimensionError(f"Dimension specified as {dim} but tensor has no dimensions")
    rows_of = reshape(input, -1) if dim is None else input
    axis = normal_dim(0 if dim is None else dim, rows_of._data.ndim)
    # A number becomes an array, and so an operand, as a tensor is one.
    times: Any = np.asarray(repeats, np.int64) if isinstance(repeats, int) else repeats
    return index_select(rows_of, axis, apply(REPEAT_INTERLEAVE, times, size=rows_of._data.shape[axis]))


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Return the choices of `r` elements of a vector, in the order of `itertools.combinations`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.combinations.html

    Args:
        input: (n,).
        r: How many to choose.
        with_replacement: Whether an element may be chosen several times.

    Returns:
        (choices, r).

    Raises:
        ShapeError: The input is no vector.
        ArgumentError: `r` is negative.
    """
    r = whole("combinations", "r", r)
    if input._data.ndim != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {list(input._data.shape)}")
    if r < 0:
        raise ArgumentError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return getitem(detach(input), slice(0, 0))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(input._data.size), r)), np.int64).reshape(-1, r)
    return getitem(input, places)
