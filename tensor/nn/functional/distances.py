"""Distances and similarities of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tensor.bases import wrap
from tensor.dispatch import apply
from tensor.dtypes import Array, promoted
from tensor.errors import ShapeError
from tensor.ops.dims import normal_dim
from tensor.ops.elementwise import check_floating
from tensor.ops.pairwise import cdist
from tensor.ops.vector_norms import norm
from tensor.outs import write
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor


def _vectors(x1: Array, x2: Array, dim: int) -> tuple[Array, ...]:
    """Both in the common shape and dtype, with the vectors' dimension last."""
    first, second = promoted(x1, x2)
    check_floating("cosine_similarity", first)
    wide = np.broadcast_arrays(first, second)
    axis = normal_dim(dim, wide[0].ndim)
    return tuple([np.moveaxis(each, axis, -1) if each.ndim else each[None] for each in wide])


def _cosine_similarity(x1: Array, x2: Array, *, dim: int, eps: float) -> tuple[Array, Array, Array]:
    """Also return the lengths of the vectors, no less than `eps`."""
    first, second = _vectors(x1, x2, dim)
    near, far = (np.maximum(np.sqrt(np.vecdot(each, each)), eps) for each in (first, second))
    return np.vecdot(first, second) / near / far, near, far


def _cosine_vjp(g: Array, one: Array, other: Array, near: Array, far: Array, dim: int, eps: float) -> Any:
    """The gradient of `one`, whose lengths are `near`. The result is not kept: losses divide it in place."""
    mine, theirs = _vectors(one, other, dim)
    out = np.vecdot(mine, theirs) / near / far
    pull = (g / near / far)[..., None]
    # Below eps the length is no part of the result.
    shrink = np.where(near > eps, g * out / near / near, 0)[..., None]
    gradient = theirs * pull - mine * shrink
    shape = np.broadcast_shapes(one.shape, other.shape)
    return np.moveaxis(gradient, -1, normal_dim(dim, len(shape))) if shape else gradient[0]


COSINE_SIMILARITY = op(
    "cosine_similarity",
    _cosine_similarity,
    extras=("first", "second"),
    x1=lambda g, x1, x2, first, second, dim, eps: _cosine_vjp(g, x1, x2, first, second, dim, eps),
    x2=lambda g, x1, x2, first, second, dim, eps: _cosine_vjp(g, x2, x1, second, first, dim, eps),
)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return the cosines of the angles between vectors.

    Args:
        x1: vectors along `dim`; broadcasts with `x2`.
        x2: vectors along `dim`.
        dim: the dimension, of the common shape.
        eps: the smallest norm that counts. The gradient of shorter vectors is that of a division by `eps`; PyTorch's
            has the slope of their norm as well.

    Returns:
        The common shape without `dim`.

    Raises:
        DimensionError: there is no such dimension.
        DtypeError: neither is floating-point.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
    """
    cosine: Tensor = apply(COSINE_SIMILARITY, x1, x2, dim=dim, eps=eps)
    return cosine


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """Return the norms of `x1 - x2 + eps` over the last dimension.

    Args:
        x1: (..., size).
        x2: broadcasts with it.
        p: the norm's order.
        eps: added to the differences, so that there is a slope where they are 0.
        keepdim: whether the last dimension stays, with size 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
    """
    check_numbers("pairwise_distance", {"eps": eps})
    return norm(x1 - x2 + eps, p, -1, keepdim)


def pdist(input: Tensor, p: float = 2) -> Tensor:
    """Return the distances of each two of some vectors, in the order of `combinations`.

    Args:
        input: (n, size).
        p: the norm's order.

    Returns:
        (n * (n - 1) / 2,).

    Raises:
        ShapeError: the input has not two dimensions.
        ArgumentError: `p` is negative.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
    """
    if input.ndim != 2:
        raise ShapeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    count = input.shape[0]
    first, second = np.triu_indices(count, 1)
    return cdist(input, input, p).reshape(count * count).index_select(0, wrap(first * count + second))


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """Return vectors divided by their norms.

    Args:
        input: vectors along `dim`.
        p: the norm's order.
        dim: the dimension, or several.
        eps: the smallest norm that counts.
        out: what to write the result into; without gradients only.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
    """
    check_numbers("normalize", {"eps": eps})
    scaled = input / norm(input, p, dim, True).clamp(min=eps)
    if out is None:
        return scaled
    write("normalize", scaled, out)
    return out
