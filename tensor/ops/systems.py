"""Systems of equations that triangles, Cholesky factors or pseudoinverses solve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tensor import dtypes, factories, sequences
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import DtypeError, ShapeError, UnsupportedError
from tensor.limits import finfo
from tensor.ops.axes import transpose
from tensor.ops.comparisons import gt
from tensor.ops.conversions import detach
from tensor.ops.decompositions import check_square, solve
from tensor.ops.diagonals import tril, triu
from tensor.ops.factorizations import eigvalsh, svdvals
from tensor.ops.linalg import matmul
from tensor.ops.peaks import amax
from tensor.ops.reductions import sum
from tensor.ops.signs import abs
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _pinv_vjp(g: Array, input: Array, out: Array) -> Array:
    # Golub and Pereyra 1973, https://doi.org/10.1137/0710036
    g, p = g.swapaxes(-1, -2), out
    turned = p.swapaxes(-1, -2)
    through = turned @ g.swapaxes(-1, -2) @ turned
    left, right = g @ p @ turned, turned @ p @ g
    return -through + (left - input @ (p @ left)) + (right - (right @ p) @ input)  # type: ignore[no-any-return]


PINV = op("linalg_pinv", lambda input, *, rcond: np.linalg.pinv(input, rcond=rcond), input=_pinv_vjp)


def solve_triangular(
    A: Tensor,  # noqa: N803 - PyTorch's names
    B: Tensor,  # noqa: N803
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
) -> Tensor:
    """Return the solutions `x` of `A @ x = B` with triangles `A`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.solve_triangular.html

    Args:
        A: (..., n, n). Only one triangle is looked at.
        B: (..., n, k).
        upper: Whether it is the upper one.
        left: Whether `A` is on the left; if not, they solve `x @ A = B`, (..., k, n).
        unitriangular: Whether the diagonal is taken to be ones.

    Raises:
        ShapeError: `A` is not square, or `B` does not fit.
    """
    check_square("linalg.solve_triangular", A)
    if B.ndim < 2:
        raise ShapeError(f"linalg.solve_triangular: B must have at least 2 dimensions, got {list(B.shape)}")
    size = A.shape[-1]
    away = int(unitriangular)
    triangle = triu(A, away) if upper else tril(A, -away)
    if unitriangular:
        triangle = triangle + sequences.eye(size, dtype=A.dtype)
    return solve(triangle, B, left=left)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:  # noqa: N803 - PyTorch's names
    """Return the solutions `x` of `A @ x = B` with the Cholesky factors of `A`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cholesky_solve.html

    Args:
        B: (..., n, k).
        L: (..., n, n): lower triangles, `A = L @ L.mT`.
        upper: Whether they are upper ones, `A = L.mT @ L`.
    """
    lower = transpose(L, -1, -2) if upper else L
    inner = solve_triangular(lower, B, upper=False)
    return solve_triangular(transpose(lower, -1, -2), inner, upper=True)


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:  # noqa: N803 - PyTorch's name
    """Return the inverses of matrices with the Cholesky factors `L`; see `cholesky_solve`."""
    check_square("cholesky_inverse", L)
    return cholesky_solve(sequences.eye(L.shape[-1], dtype=L.dtype), L, upper)


def _tolerance(A: Tensor, rtol: Any) -> Any:  # noqa: N803
    return rtol if rtol is not None else max(A.shape[-2:]) * finfo(A.dtype).eps


def pinv(
    A: Tensor,  # noqa: N803 - PyTorch's name
    rcond: float | None = None,
    hermitian: bool = False,
    *,
    atol: None = None,
    rtol: float | None = None,
) -> Tensor:
    """Return the pseudoinverses of matrices.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.pinv.html

    Args:
        A: (..., m, n).
        rcond: How small singular values are taken to be zero, relative to the largest; the other name of `rtol`.
        hermitian: Accepted since PyTorch has it: whether the matrices are symmetric.
        atol: Not supported.
        rtol: By default as many times the dtype's precision as the longer side has elements.

    Returns:
        (..., n, m).

    Raises:
        ShapeError: `A` has fewer than two dimensions.
        DtypeError: `A` is of neither float32 nor float64.
        UnsupportedError: `atol` is given.
    """
    if A.ndim < 2:
        raise ShapeError(f"linalg.pinv: Expected a tensor with 2 or more dimensions, got {list(A.shape)}")
    if A.dtype not in (dtypes.float32, dtypes.float64):
        raise DtypeError(f"linalg.pinv: expected a tensor of float32 or float64, got {A.dtype}; convert it first")
    if atol is not None:
        raise UnsupportedError("linalg.pinv: atol is not supported; pass rtol, relative to the largest singular value")
    return apply(PINV, A, rcond=_tolerance(A, rcond if rcond is not None else rtol))


def matrix_rank(
    A: Tensor,  # noqa: N803 - PyTorch's name
    tol: float | None = None,
    hermitian: bool = False,
    *,
    atol: float | None = None,
    rtol: float | None = None,
) -> Tensor:
    """Return how many singular values of matrices are not taken to be zero, int64.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.matrix_rank.html

    Args:
        A: (..., m, n).
        tol: How small those are; the other name of `atol`.
        hermitian: Whether the matrices are symmetric.
        atol: How small they are.
        rtol: How small they are relative to the largest; the larger of both counts. If neither is given, as in `pinv`.
    """
    values = abs(eigvalsh(detach(A))) if hermitian else svdvals(detach(A))
    if not values.shape[-1]:
        return factories.zeros(values.shape[:-1], dtype=dtypes.int64)
    absolute = tol if tol is not None else atol
    relative = _tolerance(A, rtol) if rtol is not None or absolute is None else 0.0
    limit = amax(values, -1, True) * relative
    if absolute is not None:
        limit = limit.clamp(min=absolute)
    return sum(gt(values, limit), -1)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """Return the pseudoinverses of matrices; prefer `linalg.pinv`, which takes the dtype's precision into account."""
    return pinv(input, rcond)


class LstsqResult(NamedTuple):
    """What `lstsq` returns."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


def lstsq(
    A: Tensor,  # noqa: N803 - PyTorch's names
    B: Tensor,  # noqa: N803
    rcond: float | None = None,
    *,
    driver: str | None = None,
) -> LstsqResult:
    """Return the `x` for which `A @ x` is closest to `B`, the smallest of them where there are several.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.lstsq.html

    Args:
        A: (..., m, n).
        B: (..., m, k).
        rcond: How small singular values are taken to be zero, relative to the largest.
        driver: Accepted since PyTorch has it.

    Returns:
        The solutions, (..., n, k); the sums of squares that are left, (..., k), empty unless m is larger than n and `A`
        of full rank; the ranks, (...); the singular values, (..., min(m, n)).

    Raises:
        ShapeError: The shapes do not fit.
    """
    if A.ndim < 2 or B.ndim < 2:
        raise ShapeError(f"linalg.lstsq: expected matrices, got {list(A.shape)} and {list(B.shape)}; add a dimension")
    solution = matmul(pinv(A, rcond), B)
    rank = matrix_rank(A, rtol=rcond)
    rows, columns = A.shape[-2:]
    if rows > columns and bool((rank == columns).all()):
        residuals = sum((matmul(A, solution) - B) ** 2, -2)
    else:
        residuals = factories.empty(0, dtype=A.dtype)
    return LstsqResult(solution, residuals, rank, svdvals(detach(A)))


def cond(A: Tensor, p: Any = None) -> Tensor:  # noqa: N803 - PyTorch's name
    """Return the condition numbers of matrices: the largest singular value by the smallest one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.cond.html

    Args:
        A: (..., m, n).
        p: `None` or 2; -2 for its inverse.

    Raises:
        UnsupportedError: Another norm is named.
    """
    values = svdvals(A)
    if p in (None, 2):
        return values[..., 0] / values[..., -1]
    if p == -2:
        return values[..., -1] / values[..., 0]
    raise UnsupportedError(f"linalg.cond: p={p!r} is not supported; multiply the matrix_norm of A by that of inv(A)")
