"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, write
from tensor.dtypes import Array
from tensor.errors import DimensionError, ShapeError
from tensor.ops.conversions import clone
from tensor.ops.dims import normal_dim
from tensor.ops.shapes import reshape
from tensor.registry import op
from tensor.scalars import whole

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _diagonal(input: Array, *, offset: int, dim1: int, dim2: int) -> Array:
    result = np.diagonal(input, offset, dim1, dim2)
    if input.flags.writeable:
        result.flags.writeable = True
    return result


def _diagonal_vjp(g: Array, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Array:
    whole = np.zeros(shape, g.dtype)
    _diagonal(whole, offset=offset, dim1=dim1, dim2=dim2)[...] = g
    return whole


def _diag_embed(input: Array, *, offset: int, dim1: int, dim2: int) -> Array:
    side = input.shape[-1] + abs(offset)
    shape: list[Any] = list(input.shape[:-1])
    for dim in sorted((dim1, dim2)):
        shape.insert(dim, side)
    whole = np.zeros(shape, input.dtype)
    _diagonal(whole, offset=offset, dim1=dim1, dim2=dim2)[...] = input
    return whole


def _triangle(kept: Any) -> Any:
    """Kernel and rule of a triangle, which `kept(rows - columns, diagonal)` keeps."""

    def kernel(input: Array, *, diagonal: int) -> Array:
        rows, columns = input.shape[-2:]
        inside = kept(np.arange(rows)[:, None], np.arange(columns) - diagonal)
        return np.where(inside, input, np.zeros((), input.dtype))

    return kernel


_tril, _triu = _triangle(np.greater_equal), _triangle(np.less_equal)

DIAGONAL = op("diagonal", _diagonal, view_op=True, input=_diagonal_vjp)
DIAG_EMBED = op(
    "diag_embed",
    _diag_embed,
    moves=True,
    input=lambda g, offset, dim1, dim2: np.diagonal(g, offset, dim1, dim2),
)
TRIL = op("tril", _tril, moves=True, input=lambda g, diagonal: _tril(g, diagonal=diagonal))
TRIU = op("triu", _triu, moves=True, input=lambda g, diagonal: _triu(g, diagonal=diagonal))


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Return a view of the diagonal over two dimensions, as the last dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.diagonal.html

    Args:
        input: At least two dimensions.
        offset: Which diagonal: above the main one if positive, below it if negative.
        dim1: The dimension of rows.
        dim2: The dimension of columns.

    Raises:
        DimensionError: A dimension is out of range, or both are one.
    """
    first, second = _two_dims("diagonal", input._data.ndim, dim1, dim2)
    return apply(DIAGONAL, input, offset=whole("diagonal", "offset", offset), dim1=first, dim2=second)


def _two_dims(name: str, ndim: int, dim1: int, dim2: int) -> tuple[int, int]:
    first, second = normal_dim(dim1, ndim), normal_dim(dim2, ndim)
    if first == second:
        raise DimensionError(f"{name}: diagonal dimensions cannot be identical {dim1}, {dim2}")
    return first, second


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Return matrices, zero but for a diagonal, which is the last dimension of the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.diag_embed.html

    Args:
        input: At least one dimension.
        offset: Which diagonal.
        dim1: Where the dimension of rows goes.
        dim2: Where the dimension of columns goes.

    Raises:
        DimensionError: A dimension is out of range, or both are one.
    """
    ndim = input._data.ndim
    if not ndim:
        raise DimensionError("diag_embed: expected at least one dimension, got a tensor without any")
    first, second = _two_dims("diag_embed", ndim + 1, dim1, dim2)
    return apply(DIAG_EMBED, input, offset=offset, dim1=first, dim2=second)


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """Return a copy of a matrix's diagonal, or of a vector a matrix with it as its diagonal.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.diag.html

    Raises:
        ShapeError: The input is neither.
    """
    ndim = input._data.ndim
    if ndim not in (1, 2):
        raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    if ndim == 1:
        return diag_embed(input, diagonal)
    return clone(apply(DIAGONAL, input, offset=diagonal, dim1=0, dim2=1))


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """Return a matrix with the flattened input as its diagonal.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.diagflat.html
    """
    return diag_embed(reshape(input, -1), offset)


def _check_matrix(name: str, input: Tensor) -> None:
    if input._data.ndim < 2:
        raise ShapeError(f"{name}: input tensor must have at least 2 dimensions")


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """Return the lower triangle of matrices, zeros above the diagonal.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tril.html

    Raises:
        ShapeError: There are fewer than two dimensions.
    """
    _check_matrix("tril", input)
    return apply(TRIL, input, diagonal=whole("tril", "diagonal", diagonal))


def tril_(input: Tensor, diagonal: int = 0) -> Tensor:
    """Write zeros above the diagonal, in place."""
    _check_matrix("tril", input)
    return write(TRIL, input, diagonal=diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """Return the upper triangle of matrices, zeros below the diagonal.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.triu.html

    Raises:
        ShapeError: There are fewer than two dimensions.
    """
    _check_matrix("triu", input)
    return apply(TRIU, input, diagonal=whole("triu", "diagonal", diagonal))


def triu_(input: Tensor, diagonal: int = 0) -> Tensor:
    """Write zeros below the diagonal, in place."""
    _check_matrix("triu", input)
    return write(TRIU, input, diagonal=diagonal)
