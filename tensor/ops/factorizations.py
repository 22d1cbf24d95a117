"""Matrices as products: eigenvectors, singular vectors, and Q times R.

An operation has one result with a gradient, and these have several parts: their kernels pack them into one matrix,
below each other, and views take them out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tensor import modes
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, GradientError, ShapeError
from tensor.ops.axes import transpose
from tensor.ops.decompositions import check_square
from tensor.ops.elementwise import check_floating
from tensor.ops.slicing import narrow, select
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _t(matrices: Array) -> Array:
    return matrices.swapaxes(-1, -2)


def _over_gaps(turned: Array, gaps: Array) -> Array:
    """The quotient, but 0 on the diagonal. Between equal values, whose vectors are arbitrary, it is not finite."""
    count = gaps.shape[-1]
    return np.where(np.eye(count, dtype=bool), 0, turned / np.where(np.eye(count, dtype=bool), 1, gaps))


def _eigh(input: Array, *, upper: bool) -> Array:
    try:
        values, vectors = np.linalg.eigh(input, UPLO="U" if upper else "L")
    except np.linalg.LinAlgError as error:
        raise ArgumentError(f"linalg.eigh: the algorithm failed to converge ({error})") from error
    return np.concatenate([values[..., None, :], vectors], -2)


def _eigh_vjp(g: Array, out: Array) -> Array:
    values, vectors, g_values, g_vectors = out[..., 0, :], out[..., 1:, :], g[..., 0, :], g[..., 1:, :]
    inner = g_values[..., None, :] * np.eye(values.shape[-1], dtype=g.dtype)
    if np.any(g_vectors):
        inner = inner + _over_gaps(_t(vectors) @ g_vectors, values[..., None, :] - values[..., :, None])
    return vectors @ inner @ _t(vectors)  # type: ignore[no-any-return]


def _svd(input: Array) -> Array:
    try:
        u, s, vh = np.linalg.svd(input, full_matrices=False)
    except np.linalg.LinAlgError as error:
        raise ArgumentError(f"linalg.svd: the algorithm failed to converge ({error})") from error
    return np.concatenate([s[..., None, :], u, _t(vh)], -2)


def _svd_vjp(g: Array, input: Array, out: Array) -> Array:
    rows = input.shape[-2]
    parts = [(each[..., 0, :], each[..., 1 : rows + 1, :], each[..., rows + 1 :, :]) for each in (out, g)]
    (s, u, v), (g_s, g_u, g_v) = parts
    inner = g_s[..., None, :] * np.eye(s.shape[-1], dtype=g.dtype)
    if not (np.any(g_u) or np.any(g_v)):
        return u @ inner @ _t(v)  # type: ignore[no-any-return]
    gaps = (s[..., None, :] - s[..., :, None]) * (s[..., None, :] + s[..., :, None])
    skew_u, skew_v = [each - _t(each) for each in (_t(u) @ g_u, _t(v) @ g_v)]
    inner = inner + _over_gaps(skew_u, gaps) * s[..., None, :] + s[..., :, None] * _over_gaps(skew_v, gaps)
    made = u @ inner @ _t(v)
    if u.shape[-2] > u.shape[-1]:  # what of the gradient is outside the space that the vectors span
        scaled = g_u / s[..., None, :]
        made = made + (scaled - u @ (_t(u) @ scaled)) @ _t(v)
    if v.shape[-2] > v.shape[-1]:
        scaled = g_v / s[..., None, :]
        made = made + u @ _t(scaled - v @ (_t(v) @ scaled))
    return made  # type: ignore[no-any-return]


def _qr(input: Array) -> Array:
    q, r = np.linalg.qr(input)
    return np.concatenate([q, _t(r)], -2)


def _qr_vjp(g: Array, input: Array, out: Array) -> Array:
    # Walter et al. 2012, https://arxiv.org/abs/1009.6112; columns beyond a square are Q times their own part of R.
    rows, columns = input.shape[-2:]
    q, r, g_q, g_r = out[..., :rows, :], _t(out[..., rows:, :]), g[..., :rows, :], _t(g[..., rows:, :])
    rest = g[..., :0, :]
    if columns > rows:
        rest = q @ g_r[..., rows:]
        g_q = g_q + input[..., rows:] @ _t(g_r[..., rows:])
        r, g_r = r[..., :rows], g_r[..., :rows]
    middle = np.triu(g_r @ _t(r) - _t(q) @ g_q)
    middle = middle + _t(middle) - middle * np.eye(middle.shape[-1], dtype=middle.dtype)
    made = _t(np.linalg.solve(r, _t(g_q + q @ middle)))
    return np.concatenate([made, rest], -1) if columns > rows else made


EIGH = op("linalg_eigh", _eigh, input=_eigh_vjp)
SVD = op("linalg_svd", _svd, input=_svd_vjp)
QR = op("linalg_qr", _qr, input=_qr_vjp)
SVD_FULL = op("linalg_svd_full", lambda input: _whole(np.linalg.svd(input)), extras=("s", "vh"), outputs=3)
QR_COMPLETE = op("linalg_qr_complete", lambda input: _whole(np.linalg.qr(input, "complete")), extras=("r",), outputs=2)


def _whole(parts: Any) -> tuple[Array, ...]:
    return tuple(parts)


class EighResult(NamedTuple):
    """What `eigh` returns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class SvdResult(NamedTuple):
    """What `linalg.svd` returns."""

    U: Tensor
    S: Tensor
    Vh: Tensor


class OldSvdResult(NamedTuple):
    """What `tensor.svd` returns."""

    U: Tensor
    S: Tensor
    V: Tensor


class QrResult(NamedTuple):
    """What `qr` returns."""

    Q: Tensor
    R: Tensor


def _check_matrices(name: str, input: Tensor) -> None:
    if input._data.ndim < 2:
        raise ShapeError(f"{name}: The input tensor A must have at least 2 dimensions, got {list(input.shape)}")
    check_floating(name, input._data)


def _without_gradient(name: str, parts: Any, A: Tensor) -> Any:  # noqa: N803
    """The parts, which refuse a gradient where `A` would get one: a backward pass through them is no silent zero."""

    def refuse(gradient: Any) -> Any:
        raise GradientError(f"{name}: no gradient goes through vectors beyond the smaller side; ask for fewer of them")

    if A.requires_grad and modes.is_grad_enabled():
        for part in parts:
            part.requires_grad_().register_hook(refuse)
    return parts


def eigh(A: Tensor, UPLO: str = "L") -> EighResult:  # noqa: N803 - PyTorch's names
    """Return eigenvalues, the smallest first, and eigenvectors of symmetric matrices.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.eigh.html

    Args:
        A: (..., n, n), of floats. Only one triangle is looked at.
        UPLO: Which one: `"L"` for the lower, `"U"` for the upper.

    Returns:
        Eigenvalues, (..., n), and eigenvectors in columns, (..., n, n). The signs of these are arbitrary.

    Raises:
        ShapeError: The matrices are not square.
        ArgumentError: `UPLO` is neither.
    """
    check_square("linalg.eigh", A)
    if UPLO.upper() not in ("L", "U"):
        raise ArgumentError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    packed = apply(EIGH, A, upper=UPLO.upper() == "U")
    return EighResult(select(packed, -2, 0), narrow(packed, -2, 1, A.shape[-1]))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:  # noqa: N803 - PyTorch's names
    """Return the eigenvalues of symmetric matrices, the smallest first; see `eigh`."""
    return eigh(A, UPLO).eigenvalues


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> SvdResult:  # noqa: N803
    """Return singular vectors and values, the largest first: `A = U @ diag(S) @ Vh`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.svd.html

    Args:
        A: (..., m, n), of floats; k is the smaller of m and n.
        full_matrices: Whether to return all m and n vectors rather than k, through which no gradient goes.
        driver: Accepted since PyTorch has it.

    Returns:
        U, (..., m, k) or (..., m, m); S, (..., k); Vh, (..., k, n) or (..., n, n). The signs of vectors are arbitrary.

    Raises:
        ShapeError: `A` has fewer than two dimensions.
        GradientError: In backward, through vectors beyond k.
    """
    _check_matrices("linalg.svd", A)
    rows, columns = A.shape[-2:]
    if full_matrices and rows != columns:
        u_full, _, vh_full = _without_gradient("linalg.svd with full_matrices=True", apply(SVD_FULL, A), A)
        return SvdResult(u_full, select(apply(SVD, A), -2, 0), vh_full)
    packed = apply(SVD, A)
    u, v = narrow(packed, -2, 1, rows), narrow(packed, -2, rows + 1, columns)
    return SvdResult(u, select(packed, -2, 0), transpose(v, -1, -2))


def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:  # noqa: N803 - PyTorch's name
    """Return the singular values of matrices, the largest first; see `svd`."""
    return svd(A, full_matrices=False).S


def old_svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> OldSvdResult:
    """Return singular vectors and values: `input = U @ diag(S) @ V.mT`; prefer `linalg.svd`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.svd.html

    Args:
        input: (..., m, n).
        some: Whether to return only as many vectors as there are values.
        compute_uv: Whether to return vectors rather than zeros.
    """
    u, s, vh = svd(input, full_matrices=not some)
    if compute_uv:
        return OldSvdResult(u, s, transpose(vh, -1, -2))
    rows, columns = input.shape[-2:]
    batch = input.shape[:-2]
    return OldSvdResult(input.new_zeros(*batch, rows, rows), s, input.new_zeros(*batch, columns, columns))


def qr(A: Tensor, mode: str = "reduced") -> QrResult:  # noqa: N803 - PyTorch's name
    """Return matrices as products of orthonormal columns and an upper triangle: `A = Q @ R`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.qr.html

    Args:
        A: (..., m, n), of floats; k is the smaller of m and n.
        mode: `"reduced"`; `"complete"` for all m columns, through which no gradient goes if m is larger than n;
            `"r"` for an empty Q.

    Returns:
        Q, (..., m, k) or (..., m, m); R, (..., k, n) or (..., m, n).

    Raises:
        ShapeError: `A` has fewer than two dimensions.
        ArgumentError: There is no such mode.
    """
    _check_matrices("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced', 'r', or 'complete'")
    rows, columns = A.shape[-2:]
    if mode == "complete" and rows > columns:
        return QrResult(*_without_gradient("linalg.qr with mode='complete'", apply(QR_COMPLETE, A), A))
    packed = apply(QR, A)
    r = transpose(narrow(packed, -2, rows, columns), -1, -2)
    return QrResult(A.new_empty(0) if mode == "r" else narrow(packed, -2, 0, rows), r)


def old_qr(input: Tensor, some: bool = True) -> QrResult:
    """Return matrices as products of orthonormal columns and an upper triangle; prefer `linalg.qr`.

    Args:
        input: (..., m, n).
        some: Whether to return only as many columns as are needed.
    """
    return qr(input, "reduced" if some else "complete")
