"""Products of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import DtypeError, ShapeError
from tensor.ops import arithmetic, decompositions
from tensor.ops.axes import roll
from tensor.ops.dims import normal_dim
from tensor.ops.shapes import broadcast_tensors
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.sequences import eye

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
    """Return the matrix of products of two vectors' elements.

    Raises:
        ShapeError: They are no vectors.
    """
    if input._data.ndim != 1 or vec2._data.ndim != 1:
        raise ShapeError(f"outer: expected two vectors, got {input._data.ndim}-D and {vec2._data.ndim}-D tensors")
    return arithmetic.mul(input.unsqueeze(1), vec2.unsqueeze(0))


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """Return the inner product of two vectors of one size."""
    return dot(input, other)


def inner(input: Tensor, other: Tensor) -> Tensor:
    """Return the inner products over the last dimensions, (..., n) and (..., n), of each with each.

    Raises:
        ShapeError: The last sizes differ.
    """
    a, b = input._data, other._data
    if not a.ndim or not b.ndim:
        return arithmetic.mul(input, other)
    if a.shape[-1] != b.shape[-1]:
        raise ShapeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(a.shape)} and {list(b.shape)}"
        )
    columns = other.reshape(math.prod(b.shape[:-1]), b.shape[-1]) if b.ndim > 1 else other
    product = apply(MATMUL, input, columns.t() if b.ndim > 1 else columns)
    return product.reshape(*a.shape[:-1], *b.shape[:-1])


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """Return the inner products of vectors along a dimension, broadcast.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.vecdot.html
    """
    return arithmetic.mul(x, y).sum(dim)


def kron(input: Tensor, other: Tensor) -> Tensor:
    """Return the Kronecker product: each element of `input` times the whole of `other`."""
    ndim = max(input._data.ndim, other._data.ndim)
    a = input.reshape([1] * (ndim - input._data.ndim) + list(input._data.shape))
    b = other.reshape([1] * (ndim - other._data.ndim) + list(other._data.shape))
    pairs = [(m, n) for m, n in zip(a._data.shape, b._data.shape, strict=True)]
    left = a.reshape([size for m, _ in pairs for size in (m, 1)])
    right = b.reshape([size for _, n in pairs for size in (1, n)])
    return arithmetic.mul(left, right).reshape([m * n for m, n in pairs])


def trace(input: Tensor) -> Tensor:
    """Return the sum of a matrix's diagonal.

    Raises:
        ShapeError: It is no matrix.
    """
    if input._data.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {input._data.ndim}")
    return input.diagonal().sum()


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """Return the cross products of vectors of three elements.

    Args:
        input: Three elements along `dim`.
        other: Broadcasts with it.
        dim: The dimension; by default the first one of size 3.

    Raises:
        ShapeError: There are not three elements, or the numbers of dimensions differ.
    """
    if dim is None:
        dim = next((at for at, size in enumerate(input._data.shape) if size == 3), None)
        if dim is None:
            raise ShapeError(f"cross: no dimension of size 3 in input of shape {list(input._data.shape)}")
    return linalg_cross(input, other, dim=dim)


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """Return the cross products of vectors of three elements, along the last dimension; `tensor.linalg.cross`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.cross.html

    Args:
        input: Three elements along `dim`.
        other: As many dimensions; broadcasts with it.
        dim: The dimension.

    Raises:
        ShapeError: There are not three elements, or the numbers of dimensions differ.
    """
    if input._data.ndim != other._data.ndim:
        raise ShapeError(
            f"linalg.cross: inputs must have the same number of dimensions, got {input._data.ndim} and "
            f"{other._data.ndim}"
        )
    axis = normal_dim(dim, input._data.ndim)
    sizes = [each._data.shape[axis : axis + 1] for each in (input, other)]
    if sizes != [(3,), (3,)]:
        raise ShapeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {sizes[0]} and {sizes[1]}")
    a, b = broadcast_tensors(input, other)
    dim = axis
    before, after = roll(a, -1, dim), roll(b, -1, dim)
    return roll(arithmetic.sub(arithmetic.mul(a, after), arithmetic.mul(before, b)), -1, dim)


def matrix_power(input: Tensor, n: int) -> Tensor:
    """Return a square matrix multiplied with itself `n` times; negative powers are those of the inverse."""
    check_numbers("matrix_power", {"n": n})
    rows = input._data.shape[-1] if input._data.ndim > 1 else -1
    if rows < 0 or rows != input._data.shape[-2]:
        raise ShapeError(f"linalg.matrix_power: A must be batches of square matrices, got {list(input._data.shape)}")
    if n < 0:
        return matrix_power(decompositions.inv(input), -n)
    if n == 0:
        return eye(rows, dtype=input.dtype).expand(input._data.shape).clone()
    half = matrix_power(input, n // 2) if n > 1 else None
    if half is None:
        return input.clone()
    square = matmul(half, half)
    return matmul(square, input) if n % 2 else square


def _check_chain(name: str, tensors: Sequence[Tensor], allowed: set[int]) -> None:
    for each in tensors:
        if each._data.ndim not in allowed:
            raise ShapeError(f"{name}(): expected matrices, or vectors at the ends, got a {each._data.ndim}D tensor")


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """Return the product of several matrices, in the cheapest order; the first and the last may be vectors.

    Raises:
        ShapeError: There are fewer than two.
    """
    given = list(tensors)
    if len(given) < 2:
        raise ShapeError(f"multi_dot(): expected at least 2 tensors but got {len(given)}")
    _check_chain("multi_dot", given[1:-1], {2})
    _check_chain("multi_dot", [given[0], given[-1]], {1, 2})
    sizes = [each._data.shape[0] if each._data.ndim > 1 else 1 for each in given]
    sizes += [given[-1]._data.shape[-1] if given[-1]._data.ndim > 1 else 1]
    if given[0]._data.ndim == 1:
        sizes[1] = given[0]._data.shape[0]
    return _multiplied(given, 0, len(given), _cheapest(tuple(sizes)))


def _cheapest(sizes: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """Where to split each run of matrices for the fewest multiplications (dynamic programming)."""
    count = len(sizes) - 1
    costs, splits = {(at, at + 1): 0 for at in range(count)}, {}
    for length in range(2, count + 1):
        for start in range(count - length + 1):
            stop = start + length
            costs[start, stop], splits[start, stop] = min(
                (costs[start, at] + costs[at, stop] + sizes[start] * sizes[at] * sizes[stop], at)
                for at in range(start + 1, stop)
            )
    return splits


def _multiplied(given: list[Tensor], start: int, stop: int, splits: dict[tuple[int, int], int]) -> Tensor:
    if stop - start == 1:
        return given[start]
    at = splits[start, stop]
    return matmul(_multiplied(given, start, at, splits), _multiplied(given, at, stop, splits))


def chain_matmul(*matrices: Tensor) -> Tensor:
    """Return the product of several matrices, in the cheapest order.

    Raises:
        ShapeError: One is no matrix.
    """
    _check_chain("chain_matmul", matrices, {2})
    return multi_dot(matrices) if len(matrices) > 1 else matrices[0]
