"""Norms, and distances between vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array, DtypeLike
from tensor.errors import DimensionError, ShapeError, UnsupportedError
from tensor.ops import arithmetic, signs
from tensor.ops.conversions import cast
from tensor.ops.dims import Dims, normal_dim, normal_dims
from tensor.ops.elementwise import check_floating
from tensor.ops.peaks import amax, amin
from tensor.ops.reductions import spread, sum
from tensor.registry import op
from tensor.scalars import check_numbers

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _norm(input: Array, *, p: float, dim: tuple[int, ...], keepdim: bool) -> Any:
    if p == 0:
        return np.asarray(np.not_equal(input, 0).sum(axis=dim, keepdims=keepdim), input.dtype)
    wide = np.abs(input)
    total = np.square(wide) if p == 2 else np.power(wide, p)
    total = total.sum(axis=dim, keepdims=keepdim)
    return np.asarray(np.sqrt(total) if p == 2 else total ** (1 / p), input.dtype)


def _norm_vjp(g: Array, input: Array, out: Array, p: float, dim: tuple[int, ...], keepdim: bool) -> Any:
    if p == 0:
        return np.zeros_like(input)
    # Where an element or the norm is 0 there is no slope, or an infinite one; PyTorch says 0.
    g, out = spread(g, input.shape, dim, keepdim), spread(out, input.shape, dim, keepdim)
    flat = (input == 0) | (out == 0)
    slope = np.power(np.where(flat, 1, np.abs(input)) / np.where(flat, 1, out), p - 1)
    return np.where(flat, 0, g * np.sign(input) * slope)


NORM = op("norm", _norm, input=_norm_vjp)


def norm(
    input: Tensor,
    p: float | str | None = "fro",
    dim: Dims | None = None,
    keepdim: bool = False,
    *,
    dtype: DtypeLike | None = None,
) -> Tensor:
    """Return the p-norm of the elements, over dimensions or over all.

    Args:
        input: Floats of any shape.
        p: The order; `"fro"` is 2, and `inf` is the largest absolute value.
        dim: The dimensions.
        keepdim: Whether they stay, with size 1.
        dtype: What to cast the elements to first.

    Raises:
        UnsupportedError: The order is `"nuc"`.
        DtypeError: The elements are no floats.
    """
    check_numbers("norm", {"p": p})
    input = input if dtype is None else cast(input, dtype)
    if p == "nuc":
        raise UnsupportedError("the nuclear norm is not available; use numpy.linalg.svd on the array")
    order = 2.0 if p is None or p == "fro" else float(p)
    check_floating("norm", input._data)
    dims = normal_dims(dim, input._data.ndim)
    if order == float("inf"):
        return amax(signs.abs(input), dims, keepdim)
    if order == float("-inf"):
        return amin(signs.abs(input), dims, keepdim)
    return apply(NORM, input, p=order, dim=dims, keepdim=keepdim)


def vector_norm(
    x: Tensor,
    ord: float = 2,
    dim: Dims | None = None,
    keepdim: bool = False,
    *,
    dtype: DtypeLike | None = None,
) -> Tensor:
    """Return the norm of vectors, over dimensions or over all elements; `tensor.linalg.vector_norm`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
    """
    return norm(x, ord, dim, keepdim, dtype=dtype)


def matrix_norm(
    A: Tensor,  # noqa: N803 - PyTorch's name
    ord: float | str = "fro",
    dim: tuple[int, int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: DtypeLike | None = None,
) -> Tensor:
    """Return the norm of matrices: `"fro"`, or ±1 and ±inf for the sums of columns and of rows.

    Raises:
        UnsupportedError: Another order, which takes singular values.
    """
    input = A if dtype is None else cast(A, dtype)
    rows, columns = (normal_dim(each, input._data.ndim) for each in dim)
    if ord == "fro":
        return norm(input, 2, (rows, columns), keepdim)
    if ord not in (1, -1, float("inf"), float("-inf")):
        raise UnsupportedError(f"matrix_norm: the order {ord!r} takes singular values; use numpy.linalg.norm")
    along, over = (rows, columns) if ord in (1, -1) else (columns, rows)
    sums = sum(signs.abs(input), along, keepdim=True)
    if not sums._data.shape[over]:
        return sum(sums, (rows, columns), keepdim)
    largest = (amax if float(ord) > 0 else amin)(sums, over, keepdim=True)
    return largest if keepdim else largest.squeeze((rows, columns))


def linalg_norm(
    A: Tensor,  # noqa: N803 - PyTorch's name
    ord: float | str | None = None,
    dim: Dims | None = None,
    keepdim: bool = False,
    *,
    dtype: DtypeLike | None = None,
) -> Tensor:
    """Return a vector's norm, or a matrix's where an order is given and there are two dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.norm.html
    """
    if ord is None:
        return norm(A, 2, dim, keepdim, dtype=dtype)
    dims = tuple(range(A._data.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) == 2:
        return matrix_norm(A, ord, (dims[0], dims[1]), keepdim, dtype=dtype)
    if isinstance(ord, str) or len(dims) != 1:
        raise DimensionError(f"linalg.norm: with an order, expected one dimension or two, got {list(dims)}")
    return norm(A, ord, dims, keepdim, dtype=dtype)


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """Return the p-norm of `input - other`."""
    return norm(arithmetic.sub(input, other), p)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None) -> Tensor:
    """Return the distances between each of some vectors and each of others.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cdist.html

    Args:
        x1: (..., n, size).
        x2: (..., m, size).
        p: The norm's order.
        compute_mode: Accepted since PyTorch has it; the differences are always taken one by one, which is exact.

    Returns:
        (..., n, m).

    Raises:
        ShapeError: The vectors' sizes differ, or there are no two dimensions.
    """
    a, b = x1._data.shape, x2._data.shape
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-1]:
        raise ShapeError(f"cdist: X1 and X2 must have the same number of columns. X1: {list(a)} X2: {list(b)}")
    return norm(arithmetic.sub(x1.unsqueeze(-2), x2.unsqueeze(-3)), p, -1)
