"""Products of matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import dtypes
from tensor.bases import TensorBase
from tensor.dispatch import apply
from tensor.dtypes import Array, Scalar
from tensor.errors import DtypeError, ShapeError
from tensor.ops import arithmetic
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _matmul(input: Array, other: Array) -> Any:
    try:
        alike = input.dtype == other.dtype
    except AttributeError:
        raise DtypeError("matmul: both operands must be tensors; use * to multiply by a number") from None
    if not alike:
        raise DtypeError(
            f"expected m1 and m2 to have the same dtype, but got: {dtypes.of(input.dtype)} != {dtypes.of(other.dtype)}"
        )
    if input.ndim == 0 or other.ndim == 0:
        raise ShapeError(
            f"both arguments to matmul need to be at least 1D, but they are {input.ndim}D and {other.ndim}D"
        )
    if input.shape[-1] != other.shape[-2 if other.ndim > 1 else 0]:
        raise ShapeError(
            f"mat1 and mat2 shapes cannot be multiplied ({'x'.join(map(str, input.shape))} and "
            f"{'x'.join(map(str, other.shape))})"
        )
    return np.matmul(input, other)


def _matmul_vjp_input(g: Array, shapes: tuple[tuple[int, ...], ...], other: Array) -> Any:
    first, second = shapes
    if len(second) == 1:
        return g[..., None] * other
    if len(first) == 1:
        g = g[..., None, :]
    result = np.matmul(g, other.swapaxes(-1, -2))
    return result[..., 0, :] if len(first) == 1 else result


def _matmul_vjp_other(g: Array, shapes: tuple[tuple[int, ...], ...], input: Array) -> Any:
    first, second = shapes
    if len(first) == 1:
        return g[..., None, :] * input[:, None] if len(second) > 1 else g * input
    if len(second) == 1:
        return np.matmul(input.swapaxes(-1, -2), g[..., None])[..., 0]
    if len(second) == 2:
        # One product over all the leading dimensions, in place of one each and a sum.
        rows = math.prod(first[:-1])
        return input.reshape(rows, first[-1]).T @ g.reshape(rows, second[-1])
    return np.matmul(input.swapaxes(-1, -2), g)


MATMUL = op("matmul", _matmul, input=_matmul_vjp_input, other=_matmul_vjp_other)


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """Return the matrix product; vectors are rows on the left and columns on the right, leading dimensions broadcast.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.matmul.html

    Args:
        input: (..., n, k), or (k,).
        other: (..., k, m), or (k,), of the same dtype.

    Raises:
        ShapeError: The sizes do not fit.
        DtypeError: The dtypes differ.
    """
    return apply(MATMUL, input, other)


def rmatmul(input: Tensor, other: Tensor) -> Tensor:
    """Return `other @ input`."""
    return apply(MATMUL, other, input)


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """Return the product of two matrices, (n, k) and (k, m).

    Raises:
        ShapeError: They are not matrices, or do not fit.
    """
    if input._data.ndim != 2 or mat2._data.ndim != 2:
        raise ShapeError(f"mm: expected two matrices, got {input._data.ndim}D and {mat2._data.ndim}D tensors")
    return apply(MATMUL, input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Return the products of two batches of matrices, (b, n, k) and (b, k, m).

    Raises:
        ShapeError: They are not batches of matrices, or do not fit.
    """
    a, b = input._data.shape, mat2._data.shape
    if len(a) != 3 or len(b) != 3 or a[0] != b[0]:
        raise ShapeError(f"bmm: expected (b, n, k) and (b, k, m), got {list(a)} and {list(b)}")
    return apply(MATMUL, input, mat2)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """Return the product of a matrix (n, k) and a vector (k,)."""
    if input._data.ndim != 2 or vec._data.ndim != 1:
        raise ShapeError(f"mv: expected a matrix and a vector, got {input._data.ndim}D and {vec._data.ndim}D tensors")
    return apply(MATMUL, input, vec)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """Return the inner product of two vectors of one size."""
    if input._data.ndim != 1 or tensor._data.ndim != 1:
        raise ShapeError(f"1D tensors expected, but got {input._data.ndim}D and {tensor._data.ndim}D tensors")
    return apply(MATMUL, input, tensor)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Return the matrix of products of two vectors' elements."""
    return arithmetic.mul(input.unsqueeze(1), vec2.unsqueeze(0))


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Tensor | Scalar = 1, alpha: Tensor | Scalar = 1
) -> Tensor:
    """Return `beta * input + alpha * (mat1 @ mat2)`."""
    product = arithmetic.times(mm(mat1, mat2), alpha)
    skipped = not isinstance(beta, TensorBase) and beta == 0
    return product if skipped else arithmetic.add(product, arithmetic.times(input, beta))
