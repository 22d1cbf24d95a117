"""Norms of vectors and of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array, DtypeLike
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError
from tensor.ops import arithmetic, signs
from tensor.ops.axes import movedim
from tensor.ops.choosing import where
from tensor.ops.conversions import cast
from tensor.ops.dims import Dims, normal_dim, normal_dims, takes_axis
from tensor.ops.elementwise import check_floating
from tensor.ops.factorizations import svdvals
from tensor.ops.peaks import amax, amin
from tensor.ops.reductions import spread, sum, total
from tensor.registry import op
from tensor.scalars import check_numbers

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _norm(input: Array, *, p: float, dim: tuple[int, ...], keepdim: bool) -> Any:
    if p == 0:
        return np.asarray(np.not_equal(input, 0).sum(axis=dim, keepdims=keepdim), input.dtype)
    wide = np.abs(input)
    summed = total(wide if p == 1 else np.square(wide) if p == 2 else np.power(wide, p), dim, keepdim)
    return np.asarray(summed if p == 1 else np.sqrt(summed) if p == 2 else summed ** (1 / p), input.dtype)


def _norm_vjp(g: Array, input: Array, out: Array, p: float, dim: tuple[int, ...], keepdim: bool) -> Any:
    if p == 0:
        return np.zeros_like(input)
    # Where an element or the norm is 0 there is no slope, or an infinite one; PyTorch says 0.
    g, out = spread(g, input.shape, dim, keepdim), spread(out, input.shape, dim, keepdim)
    flat = (input == 0) | (out == 0)
    slope = np.power(np.where(flat, 1, np.abs(input)) / np.where(flat, 1, out), p - 1)
    return np.where(flat, 0, g * np.sign(input) * slope)


NORM = op("norm", _norm, input=_norm_vjp)


@takes_axis
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
        p: The order; `"fro"` is 2, `inf` is the largest absolute value, `"nuc"` the sum of a matrix's singular values.
        dim: The dimensions.
        keepdim: Whether they stay, with size 1.
        dtype: What to cast the elements to first.

    Raises:
        DimensionError: The order is `"fro"` over more than two dimensions, or it is negative over no elements.
        DtypeError: The elements are no floats.
    """
    check_numbers("norm", {"p": p})
    input = input if dtype is None else cast(input, dtype)
    if p == "nuc":
        return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim)  # type: ignore[arg-type]  # checked there
    order = 2.0 if p is None or p == "fro" else float(p)
    check_floating("norm", input._data)
    dims = normal_dims(dim, input._data.ndim)
    if p == "fro" and dim is not None and len(dims) > 2:
        raise DimensionError(f"norm: 'fro' is of matrices, with 2 dimensions, got {list(dims)}; the order 2 takes any")
    if order < 0 and any(input._data.shape[each] == 0 for each in dims):
        raise DimensionError(
            f"linalg.vector_norm cannot compute the {order} norm of no elements, because the operation does not have "
            f"an identity; the shape is {list(input._data.shape)}"
        )
    if order == float("inf"):
        return amax(signs.abs(input), dims, keepdim)
    if order == float("-inf"):
        return amin(signs.abs(input), dims, keepdim)
    return apply(NORM, input, p=order, dim=dims, keepdim=keepdim)


def vector_norm(
    x: Tensor,
    ord: float | str = 2,
    dim: Dims | None = None,
    keepdim: bool = False,
    *,
    dtype: DtypeLike | None = None,
) -> Tensor:
    """Return the norm of vectors, over dimensions or over all elements; `tensor.linalg.vector_norm`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html

    Raises:
        DtypeError: The elements are no floats, or the order is no number.
    """
    if isinstance(ord, str):
        raise DtypeError(f"linalg.vector_norm: expected a number as ord, got {ord!r}")
    check_floating("linalg.vector_norm", x._data)
    return norm(x, ord, dim, keepdim, dtype=dtype)


def matrix_norm(
    A: Tensor,  # noqa: N803 - PyTorch's name
    ord: float | str = "fro",
    dim: tuple[int, int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: DtypeLike | None = None,
) -> Tensor:
    """Return the norm of matrices.

    The order is `"fro"`; ±1 or ±inf for the sums of columns and of rows; ±2 or `"nuc"` for the singular values.

    Raises:
        ArgumentError: Another order.
        DtypeError: The elements are no floats.
    """
    check_floating("linalg.matrix_norm", A._data)
    input = A if dtype is None else cast(A, dtype)
    rows, columns = (normal_dim(each, input._data.ndim) for each in dim)
    if ord == "fro":
        return norm(input, 2, (rows, columns), keepdim)
    if ord in (2, -2, "nuc"):
        values = svdvals(movedim(input, (rows, columns), (-2, -1)))
        found = sum(values, -1) if ord == "nuc" else (amax if ord == 2 else amin)(values, -1)
        for each in sorted((rows, columns)) if keepdim else ():
            found = found.unsqueeze(each)
        return found
    if ord not in (1, -1, float("inf"), float("-inf")):
        raise ArgumentError(f"linalg.matrix_norm: Order {ord} not supported.")
    along, over = (rows, columns) if ord in (1, -1) else (columns, rows)
    sums = sum(signs.abs(input), along, keepdim=True)
    if not sums._data.shape[over]:
        if float(ord) < 0:
            raise DimensionError(f"matrix_norm: the order {ord} of no elements; the shape is {list(input._data.shape)}")
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
    check_floating("linalg.norm", A._data)
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


def _factors(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """By what each slice is multiplied in `renorm`."""
    check_numbers("renorm", {"p": p, "maxnorm": maxnorm})
    axis = normal_dim(dim, input._data.ndim)
    if input._data.ndim < 2:
        raise ShapeError(f"renorm: input needs at least 2 dimensions, got {input._data.ndim} dimensions")
    if not p > 0 or maxnorm < 0:
        raise ArgumentError(f"renorm: expected p > 0 and maxnorm >= 0, got {p} and {maxnorm}")
    norms = norm(input, p, [each for each in range(input._data.ndim) if each != axis], keepdim=True)
    factors: Tensor = where(norms > maxnorm, maxnorm / (norms + 1e-7), 1.0)
    return factors.to(input.dtype)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Return the slices along a dimension, those with a p-norm above `maxnorm` scaled down to it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.renorm.html

    Args:
        input: Floats of at least two dimensions.
        p: The norm's order.
        dim: The dimension whose slices are scaled.
        maxnorm: The largest norm that a slice may have.

    Raises:
        ShapeError: There are fewer dimensions.
        ArgumentError: `p` is not positive, or `maxnorm` is negative.
    """
    return arithmetic.mul(input, _factors(input, p, dim, maxnorm))


def renorm_(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Compute `renorm` into this tensor, and return it."""
    # Of a copy: the norms' gradient needs the elements as they were.
    return input.mul_(_factors(input.clone(), p, dim, maxnorm))
