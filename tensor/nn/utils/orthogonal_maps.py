"""Maps from any matrices to orthogonal ones, made of operations that have gradients; and a way back.

Source: Lezcano-Casado, 2019, https://arxiv.org/abs/1909.09501
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tensor.bases import fresh, origin_of
from tensor.dtypes import Array
from tensor.ops.decompositions import solve
from tensor.ops.joining import cat
from tensor.sequences import eye
from tensor.tensors import Tensor

# Of the Padé approximant of order 13 of the exponential: Higham, 2005, https://doi.org/10.1137/04061101X
_PADE = [math.factorial(26 - k) * math.factorial(13) / (math.factorial(13 - k) * math.factorial(k)) for k in range(14)]
_NEAR = 5.37  # the norm up to which it is exact in float64


def matrix_exp(a: Tensor) -> Tensor:
    """Return the exponential of square matrices, by scaling, a rational approximation, and squaring.

    Args:
        a: (..., n, n).
    """
    size = float(a.detach().abs().sum(-2).max()) if a.numel() else 0.0
    squarings = max(0, math.ceil(math.log2(size / _NEAR))) if size else 0
    a = a / 2.0**squarings
    scale = 1 / _PADE[0]  # keeps the coefficients within float32
    b = [each * scale for each in _PADE]
    one = _identity(a)
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = a @ (a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    result = solve(even - odd, even + odd)
    for _ in range(squarings):
        result = result @ result
    return result


def by_exponential(x: Tensor) -> Tensor:
    """Return the first columns of the exponentials of skew-symmetric matrices.

    Args:
        x: (..., n, k), of which the lower triangles count; n is not below k.

    Returns:
        The same shape.
    """
    return matrix_exp(_skew(x))[..., : x.size(-1)]


def by_cayley(x: Tensor) -> Tensor:
    """Return the first columns of the Cayley transforms of skew-symmetric matrices.

    Args:
        x: (..., n, k), of which the lower triangles count; n is not below k.

    Returns:
        The same shape.
    """
    a = _skew(x)
    one = _identity(a)
    return solve(one - 0.5 * a, one + 0.5 * a)[..., : x.size(-1)]


def by_reflections(x: Tensor) -> Tensor:
    """Return products of Householder reflections, one for each column, with the signs on the diagonal.

    The product is computed as a whole: I - V T V', where T is the inverse of the upper triangle of V'V with its
    diagonal halved (Joffrin and Cabassud, 2018; the compact WY form).

    Args:
        x: (..., n, k): below the diagonal the vectors that are reflected along, whose own elements there are 1, and on
            the diagonal signs; n is not below k.

    Returns:
        The same shape.
    """
    n, k = x.shape[-2:]
    one = eye(n, k, dtype=x.dtype)
    v = x.tril(-1) + one
    gram = v.transpose(-1, -2) @ v
    middle = gram.triu(1) + 0.5 * gram * eye(k, dtype=x.dtype)
    q: Tensor = one - v @ solve(middle, v[..., :k, :].transpose(-1, -2))
    signs = x.detach().diagonal(dim1=-2, dim2=-1).trunc()
    return q * signs.unsqueeze(-2)


MAPS: dict[str, Callable[[Tensor], Tensor]] = {
    "matrix_exp": by_exponential,
    "cayley": by_cayley,
    "householder": by_reflections,
}
NO_INVERSE = ("matrix_exp", "cayley")


def is_orthogonal(q: Tensor) -> bool:
    """Whether square matrices are orthogonal, but for rounding."""
    array = _array(q)
    apart = np.abs(array.swapaxes(-1, -2) @ array - np.eye(array.shape[-1]))
    return bool((apart <= 10 * array.shape[-1] * np.finfo(array.dtype).eps).all())


def completed(q: Tensor) -> Tensor:
    """Return square orthogonal matrices whose first columns span, one after the other, what given ones span.

    Args:
        q: (..., n, k), n not below k; the further columns are random.

    Returns:
        (..., n, n).
    """
    n, k = q.shape[-2:]
    if n > k:
        q = cat([q, q.new_empty((*q.shape[:-2], n, n - k)).normal_()], -1)
    basis, upper = np.linalg.qr(_array(q))
    return _tensor(basis * np.sign(np.diagonal(upper, axis1=-2, axis2=-1))[..., None, :], q)


def reflectors_of(q: Tensor) -> Tensor:
    """Return what `by_reflections` makes an orthogonal matrix of, or one that spans the same.

    Args:
        q: (..., n, k), n not below k.

    Returns:
        The same shape.
    """
    turned, tau = np.linalg.qr(_array(q), mode="raw")
    x = turned.swapaxes(-1, -2).copy()
    diagonal = np.einsum("...ii->...i", x[..., : x.shape[-1], :])  # a view
    # A column that is not reflected would be by our map, whose vectors are never zero: once more.
    diagonal[...] = np.where(tau == 0, -1, 1) * np.sign(diagonal)
    return _tensor(x, q)


def _skew(x: Tensor) -> Tensor:
    n, k = x.shape[-2:]
    lower = x.tril()
    if n != k:
        lower = cat([lower, x.new_zeros((*x.shape[:-2], n, n - k))], -1)
    return lower - lower.transpose(-1, -2)


def _identity(a: Tensor) -> Tensor:
    return eye(a.size(-1), dtype=a.dtype)


def _array(q: Tensor) -> Array:
    return q.detach().numpy()


def _tensor(array: Array, like: Tensor) -> Tensor:
    """Return an array as a tensor, which is inference-only where another is."""
    return fresh(np.ascontiguousarray(array), marked=like.is_inference(), origin=origin_of(like))
