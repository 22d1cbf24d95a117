"""Distances between each of some vectors and each of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.ops.elementwise import check_floating
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

_BLOCK = 1 << 17  # elements: differences are taken of so many at a time, which fit a core's cache


def _batches(x1: Array, x2: Array) -> tuple[Array, Array]:
    """Both with the same leading dimensions."""
    batch = np.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    return np.broadcast_to(x1, (*batch, *x1.shape[-2:])), np.broadcast_to(x2, (*batch, *x2.shape[-2:]))


def _blocks(x1: Array, x2: Array) -> Iterator[tuple[Any, Array]]:
    """Places in the result, (n, m) of one batch, and the differences there: (rows, m, size)."""
    rows = max(1, _BLOCK // max(1, x2.shape[-2] * x2.shape[-1]))
    for batch in np.ndindex(x1.shape[:-2]):
        for start in range(0, x1.shape[-2], rows):
            part = slice(start, start + rows)
            yield (*batch, part), x1[batch][part, None] - x2[batch]


def _euclidean(x1: Array, x2: Array) -> Array:
    """As a product of matrices, in float64, which leaves float32 its digits."""
    a, b = x1.astype(np.float64), x2.astype(np.float64)
    squares = np.square(a).sum(-1)[..., None] + np.square(b).sum(-1)[..., None, :]
    distances: Array = squares - 2 * (a @ b.swapaxes(-1, -2))
    distances[distances < 1e-14 * squares] = 0  # what is left over of equal vectors
    return np.sqrt(distances, out=distances).astype(x1.dtype)


def _cdist(x1: Array, x2: Array, *, p: float) -> Array:
    a, b = _batches(x1, x2)
    if p == 2 and a.dtype == np.float32 and np.isfinite(a).all() and np.isfinite(b).all():
        return _euclidean(a, b)
    out = np.zeros((*a.shape[:-1], b.shape[-2]), a.dtype)
    if not a.shape[-1]:
        return out
    for at, apart in _blocks(a, b):
        if p == 0:
            out[at] = np.not_equal(apart, 0).sum(-1)
            continue
        np.abs(apart, out=apart)
        if p == np.inf:
            out[at] = apart.max(-1)
        elif p == 1:
            out[at] = apart.sum(-1)
        elif p == 2:
            out[at] = np.sqrt(np.square(apart, out=apart).sum(-1))
        else:
            out[at] = np.power(apart, p, out=apart).sum(-1) ** (1 / p)
    return out


def _slopes(apart: Array, distances: Array, p: float) -> Array:
    """How much the distances grow with each difference: 0 where there is no slope, or an infinite one."""
    signs: Array = np.sign(apart)
    if p == 1:
        return signs
    if p == np.inf:
        return np.where(np.abs(apart) == distances, signs, 0)
    flat = (apart == 0) | (distances == 0)
    ratio = np.where(flat, 1, np.abs(apart)) / np.where(flat, 1, distances)
    return np.where(flat, 0, signs * np.power(ratio, p - 1))


def _cdist_vjp(g: Array, x1: Array, x2: Array, out: Array, p: float) -> Array:
    """The gradient of the first vectors."""
    a, b = _batches(x1, x2)
    if p == 0 or not a.shape[-1]:
        return np.zeros_like(a)
    if p == 2 and a.dtype == np.float32:
        # In float64, as both terms are large where vectors are close.
        pull = np.divide(g, out, out=np.zeros(out.shape, np.float64), where=out != 0)
        closer: Array = pull.sum(-1)[..., None] * a - pull @ b.astype(np.float64)
        return closer.astype(a.dtype)
    result = np.zeros(a.shape, a.dtype)
    for at, apart in _blocks(a, b):
        result[at] = (g[at][..., None] * _slopes(apart, out[at][..., None], p)).sum(-2)
    return result


CDIST = op(
    "cdist",
    _cdist,
    x1=_cdist_vjp,
    x2=lambda g, x1, x2, out, p: _cdist_vjp(g.swapaxes(-1, -2), x2, x1, out.swapaxes(-1, -2), p),
)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None) -> Tensor:
    """Return the distances between each of some vectors and each of others.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cdist.html

    Args:
        x1: Floats, (..., n, size).
        x2: Of the same dtype, (..., m, size); the leading dimensions broadcast.
        p: The norm's order, from 0.
        compute_mode: Accepted since PyTorch has it; means nothing here.

    Returns:
        (..., n, m).

    Raises:
        ShapeError: The vectors' sizes differ, or there are no two dimensions.
        DtypeError: The dtypes differ, or are none of floats.
        ArgumentError: `p` is negative.
    """
    a, b = x1._data, x2._data
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-1]:
        raise ShapeError(
            f"cdist: X1 and X2 must have the same number of columns. X1: {list(a.shape)} X2: {list(b.shape)}"
        )
    check_floating("cdist", a)
    if a.dtype != b.dtype:
        raise DtypeError(f"cdist: expected vectors of one dtype, got {x1.dtype} and {x2.dtype}")
    if p < 0:
        raise ArgumentError(f"cdist only supports non-negative p values, got {p}")
    return apply(CDIST, x1, x2, p=p)
