"""Square matrices: inverses, determinants, systems of equations, Cholesky factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.ops.axes import transpose
from tensor.ops.choosing import where
from tensor.ops.elementwise import check_floating
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _transposed(matrices: Array) -> Array:
    return matrices.swapaxes(-1, -2)


def _solved(a: Array, b: Array) -> Array:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError as error:
        raise ArgumentError(f"linalg.solve: the input matrix is singular ({error})") from error


def _inv(input: Array) -> Array:
    try:
        return np.linalg.inv(input)
    except np.linalg.LinAlgError as error:
        raise ArgumentError(f"linalg.inv: the input matrix is singular ({error})") from error


def _inv_vjp(g: Array, out: Array) -> Any:
    turned = _transposed(out)
    return -(turned @ g @ turned)


def _det_vjp(g: Array, input: Array, out: Array) -> Any:
    # By the cofactors where the matrix is singular: there is no inverse.
    if np.all(out != 0):
        return (g * out)[..., None, None] * _transposed(_inv(input))
    u, s, vh = np.linalg.svd(input)
    others = np.stack([np.delete(s, at, -1).prod(-1) for at in range(s.shape[-1])], -1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return (g * sign)[..., None, None] * ((u * others[..., None, :]) @ vh)


def _slogdet(input: Array) -> tuple[Array, Array]:
    sign, logarithm = np.linalg.slogdet(input)
    return np.asarray(logarithm), np.asarray(sign)


def _solve(input: Array, other: Array) -> Any:
    return _solved(input, other[..., None])[..., 0] if _is_vectors(input, other) else _solved(input, other)


def _is_vectors(input: Array, other: Array) -> bool:
    """Whether the right side is one vector for each matrix, as PyTorch tells."""
    return other.ndim == 1 or (input.ndim - 1 == other.ndim and other.shape == input.shape[:-1])


def _solve_vjp_other(g: Array, input: Array, other: Array) -> Any:
    turned = _transposed(input)
    return _solved(turned, g[..., None])[..., 0] if _is_vectors(input, other) else _solved(turned, g)


def _solve_vjp_input(g: Array, input: Array, other: Array, out: Array) -> Any:
    back = _solve_vjp_other(g, input, other)
    if _is_vectors(input, other):
        return -back[..., :, None] * out[..., None, :]
    return -(back @ _transposed(out))


def _cholesky(input: Array, *, upper: bool) -> Any:
    try:
        lower = np.linalg.cholesky(input)
    except np.linalg.LinAlgError as error:
        raise ArgumentError(
            "linalg.cholesky: the factorization could not be completed because the input is not positive-definite"
        ) from error
    return _transposed(lower).copy() if upper else lower


def _cholesky_vjp(g: Array, out: Array, upper: bool) -> Any:
    # Murray 2016, https://arxiv.org/abs/1602.07527, equation 8; made symmetric as PyTorch does.
    lower, g = (_transposed(out), _transposed(g)) if upper else (out, g)
    middle = np.tril(_transposed(lower) @ g)
    middle = middle - 0.5 * middle * np.eye(middle.shape[-1], dtype=middle.dtype)
    turned = _transposed(lower)
    inner = _solved(turned, middle)
    outer = _transposed(_solved(turned, _transposed(inner)))
    return 0.5 * (outer + _transposed(outer))


INV = op("linalg_inv", _inv, input=_inv_vjp)
DET = op("linalg_det", lambda input: np.linalg.det(input), input=_det_vjp)
SLOGDET = op(
    "linalg_slogdet",
    _slogdet,
    outputs=2,
    extras=("sign",),
    input=lambda g, input: g[..., None, None] * _transposed(_inv(input)),
)
SOLVE = op("linalg_solve", _solve, input=_solve_vjp_input, other=_solve_vjp_other)
CHOLESKY = op("linalg_cholesky", _cholesky, input=_cholesky_vjp)


def check_square(name: str, matrices: Tensor) -> None:
    """Raise unless a tensor holds square matrices of floats.

    Raises:
        ShapeError: It does not.
    """
    shape = matrices._data.shape
    if len(shape) < 2:
        raise ShapeError(f"{name}: The input tensor A must have at least 2 dimensions, got {list(shape)}")
    if shape[-1] != shape[-2]:
        raise ShapeError(f"{name}: A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]}")
    check_floating(name, matrices._data)


def inv(A: Tensor) -> Tensor:  # noqa: N803 - PyTorch's name
    """Return the inverses of square matrices, (..., n, n).

    Raises:
        ShapeError: They are not square.
        ArgumentError: One has no inverse.
    """
    check_square("linalg.inv", A)
    return apply(INV, A)


def det(A: Tensor) -> Tensor:  # noqa: N803 - PyTorch's name
    """Return the determinants of square matrices, (..., n, n)."""
    check_square("linalg.det", A)
    return apply(DET, A)


class SlogdetResult(NamedTuple):
    """What `slogdet` returns."""

    sign: Tensor
    logabsdet: Tensor


def slogdet(A: Tensor) -> SlogdetResult:  # noqa: N803 - PyTorch's name
    """Return the signs of determinants, and the logarithms of their sizes, of matrices (..., n, n)."""
    check_square("linalg.slogdet", A)
    results: Any = apply(SLOGDET, A)
    return SlogdetResult(results[1], results[0])


def logdet(input: Tensor) -> Tensor:
    """Return the logarithms of determinants of matrices, (..., n, n): nan where one is negative."""
    sign, logarithm = slogdet(input)
    result: Tensor = where(sign < 0, float("nan"), logarithm)
    return result


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:  # noqa: N803 - PyTorch's names
    """Return the solutions `x` of `A @ x = B`.

    Args:
        A: (..., n, n).
        B: (..., n, k), of the same dtype; or (..., n), one vector for each matrix.
        left: Whether `A` is on the left; if not, they solve `x @ A = B`, (..., k, n).

    Raises:
        ShapeError: `A` is not square, or `B` does not fit.
        ArgumentError: There is no unique solution.
    """
    check_square("linalg.solve", A)
    if A._data.dtype != B._data.dtype:
        raise DtypeError(f"linalg.solve: Expected A and B to have the same dtype, but got {A.dtype} and {B.dtype}")
    if left:
        return apply(SOLVE, A, B)
    if _is_vectors(A._data, B._data):
        raise ShapeError("linalg.solve: with left=False, expected matrices as B, got vectors; add a dimension")
    return transpose(apply(SOLVE, transpose(A, -1, -2), transpose(B, -1, -2)), -1, -2)


def cholesky(A: Tensor, upper: bool = False) -> Tensor:  # noqa: N803 - PyTorch's name
    """Return the lower triangles `L` with `L @ L.T = A`, or the upper ones.

    Args:
        A: Symmetric and positive-definite, (..., n, n).
        upper: Whether to return `L.T`.

    Raises:
        ArgumentError: A matrix is not positive-definite.
    """
    check_square("linalg.cholesky", A)
    return apply(CHOLESKY, A, upper=upper)
