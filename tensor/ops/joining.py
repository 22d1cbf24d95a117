"""Joining tensors, and repeating them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.bases import TensorBase
from tensor.dispatch import apply
from tensor.dtypes import Array, result_dtype
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.ops.dims import by_name, normal_dim, sizes, takes_axis
from tensor.ops.padding import constant_pad
from tensor.ops.shapes import atleast_1d, atleast_2d, atleast_3d, expand, reshape
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _common(tensors: tuple[Array, ...]) -> np.dtype[Any]:
    first = tensors[0].dtype
    return first if all(each.dtype == first for each in tensors) else result_dtype(*tensors).numpy_dtype


def _cat(*tensors: Array, dim: int) -> Array:
    kept = [each for each in tensors if each.shape != (0,)] or [tensors[0]]
    dtype = _common(tensors)
    shape = kept[0].shape
    for at, each in enumerate(kept):
        if each.ndim != len(shape):
            raise ShapeError(f"Tensors must have same number of dimensions: got {len(shape)} and {each.ndim}")
        for axis, (size, expected) in enumerate(zip(each.shape, shape, strict=True)):
            if axis != dim and size != expected:
                raise ShapeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {expected} but got size "
                    f"{size} for tensor number {at} in the list."
                )
    return np.concatenate([each.astype(dtype, copy=False) for each in kept], dim)


def _cat_vjp(g: Array, shapes: tuple[tuple[int, ...], ...], dim: int) -> tuple[Array, ...]:
    """One rule for all the pieces, as each would have to look for its place among the others."""
    sizes = [0 if shape == (0,) else shape[dim] for shape in shapes]
    parts = np.split(g, np.cumsum(sizes[:-1]), dim)
    return tuple([g.reshape(-1)[:0] if shape == (0,) else part for shape, part in zip(shapes, parts, strict=True)])


def _stack(*tensors: Array, dim: int) -> Array:
    for at, each in enumerate(tensors):
        if each.shape != tensors[0].shape:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(tensors[0].shape)} at entry 0 and "
                f"{list(each.shape)} at entry {at}"
            )
    dtype = _common(tensors)
    return np.stack([each.astype(dtype, copy=False) for each in tensors], dim)


def _repeat_vjp(g: Array, shape: tuple[int, ...], sizes: tuple[int, ...]) -> Any:
    padded = (1,) * (len(sizes) - len(shape)) + shape
    split = [each for pair in zip(sizes, padded, strict=True) for each in pair]
    return g.reshape(split).sum(axis=tuple(range(0, len(split), 2))).reshape(shape)


CAT = op("cat", _cat, moves=True, vjp=_cat_vjp)
STACK = op("stack", _stack, moves=True, tensors=lambda g, position, dim: np.take(g, position, dim))
REPEAT = op("repeat", lambda input, *, sizes: np.tile(input, sizes), moves=True, input=_repeat_vjp)


def _tensors(name: str, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    if isinstance(tensors, TensorBase):
        raise DtypeError(f"{name}(): expected a list or tuple of tensors, got a tensor; write {name}([a, b])")
    given = tuple(tensors)
    if not given:
        raise ShapeError(f"{name}(): expected a non-empty list of Tensors")
    for at, each in enumerate(given):
        if not isinstance(each, TensorBase):
            raise DtypeError(f"{name}(): expected Tensor as element {at} of the list, but got {type(each).__name__}")
    return given


@takes_axis
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along an existing dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cat.html

    Args:
        tensors: Of equal shapes but for `dim`; empty 1-d ones are skipped. Dtypes are promoted.
        dim: The dimension to join along.

    Raises:
        ShapeError: Shapes differ elsewhere, or there are no tensors.
    """
    given = _tensors("cat", tensors)
    for at, each in enumerate(given):
        if not each._data.ndim:
            raise ShapeError(f"zero-dimensional tensor (at position {at}) cannot be concatenated")
    counted = next((each for each in given if each._data.shape != (0,)), given[0])
    return apply(CAT, *given, dim=normal_dim(dim, counted._data.ndim))


@takes_axis
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors of one shape along a new dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.stack.html

    Raises:
        ShapeError: Shapes differ, or there are no tensors.
    """
    given = _tensors("stack", tensors)
    return apply(STACK, *given, dim=normal_dim(dim, given[0]._data.ndim + 1))


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors along the second dimension; vectors, and numbers as such, along their only one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.hstack.html
    """
    given = [atleast_1d(each) for each in _tensors("hstack", tensors)]
    return cat(given, 0 if given[0]._data.ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors along the first dimension; vectors are rows.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.vstack.html
    """
    return cat([atleast_2d(each) for each in _tensors("vstack", tensors)], 0)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors along the third dimension, made by `atleast_3d` where there is none.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.dstack.html
    """
    return cat([atleast_3d(each) for each in _tensors("dstack", tensors)], 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors along the second dimension; vectors are columns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.column_stack.html
    """
    given = _tensors("column_stack", tensors)
    return hstack([each if each._data.ndim > 1 else reshape(each, (each._data.size, 1)) for each in given])


def repeat(input: Tensor, *repeats: Any, **named: Any) -> Tensor:
    """Return copies of the tensor side by side, so many along each dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.repeat.html

    Raises:
        ShapeError: There are fewer numbers than dimensions, or one is negative.
    """
    if named:
        repeats = by_name("repeat", repeats, named, "repeats")
    times = sizes(repeats)
    if len(times) < input._data.ndim:
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
            f"got {len(times)} for {input._data.ndim}"
        )
    if min(times, default=0) < 0:
        raise ShapeError(f"repeat: Trying to create tensor with negative dimension: {list(times)} times")
    return apply(REPEAT, input, sizes=times)


def tile(input: Tensor, *dims: Any, **named: Any) -> Tensor:
    """Return `repeat`, with missing numbers taken as 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tile.html
    """
    if named:
        dims = by_name("tile", dims, named, "dims")
    times = sizes(dims)
    return repeat(input, (1,) * (input._data.ndim - len(times)) + times)


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Return a grid of coordinates for each vector: views that repeat it along the dimensions of the others.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.meshgrid.html

    Args:
        tensors: Vectors, or numbers as vectors of one element; or one sequence of them.
        indexing: `"ij"`, the default, where the vectors give the dimensions in order; or `"xy"`, where the first two
            are swapped.

    Raises:
        ShapeError: One has more than one dimension, or there is none.
        DtypeError: The dtypes differ.
        ArgumentError: There is no such indexing.
    """
    given = _tensors("meshgrid", tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors)
    for each in given:
        if each._data.ndim > 1:
            raise ShapeError(f"meshgrid: Expected 0D or 1D tensor in the tensor list but got {each._data.ndim}D")
        if each._data.dtype != given[0]._data.dtype:
            raise DtypeError("meshgrid expects all tensors to have the same dtype")
    if indexing not in (None, "ij", "xy"):
        raise ArgumentError(f"meshgrid: indexing must be one of 'xy' or 'ij', but received: {indexing!r}")
    count = len(given)
    order = [1, 0, *range(2, count)] if indexing == "xy" and count > 1 else list(range(count))
    size = tuple([given[at]._data.size for at in order])
    return tuple(
        [expand(reshape(each, _alone(order[at], each._data.size, count)), size) for at, each in enumerate(given)]
    )


def _alone(dim: int, size: int, count: int) -> tuple[int, ...]:
    """The shape of a vector along one of several dimensions."""
    return tuple([size if each == dim else 1 for each in range(count)])


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Return all combinations of one element of each vector, in the order of `itertools.product`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cartesian_prod.html

    Args:
        tensors: Vectors.

    Returns:
        (combinations, vectors); of one vector, itself.

    Raises:
        ShapeError: One has not one dimension.
    """
    given = _tensors("cartesian_prod", tensors)
    for each in given:
        if each._data.ndim != 1:
            raise ShapeError(f"cartesian_prod: Expect a 1D vector, but got shape {list(each._data.shape)}")
    if len(given) == 1:
        return given[0]
    return stack([reshape(each, -1) for each in meshgrid(*given, indexing="ij")], 1)


def block_diag(*tensors: Tensor) -> Tensor:
    """Return a matrix with the given ones along its diagonal, and zeros elsewhere.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.block_diag.html

    Args:
        tensors: Matrices; vectors and numbers are rows. Dtypes are promoted.

    Raises:
        ShapeError: One has more than two dimensions.
    """
    given = _tensors("block_diag", tensors)
    for at, each in enumerate(given):
        if each._data.ndim > 2:
            raise ShapeError(
                "block_diag: Input tensors must have 2 or fewer dimensions. "
                f"Input {at} has {each._data.ndim} dimensions"
            )
    blocks = [atleast_2d(each) for each in given]
    width = sum(each._data.shape[1] for each in blocks)
    rows, left = [], 0
    for each in blocks:
        size = each._data.shape[1]
        rows.append(constant_pad(each, (left, width - left - size), 0))
        left += size
    return cat(rows, 0)
