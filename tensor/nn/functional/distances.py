"""Distances and similarities of vectors."""

from __future__ import annotations

import numpy as np

from tensor.bases import wrap
from tensor.ops.vector_norms import norm
from tensor.scalars import check_numbers
from tensor.tensors import Tensor


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return the cosines of the angles between vectors.

    Args:
        x1: vectors along `dim`; broadcasts with `x2`.
        x2: vectors along `dim`.
        dim: the dimension.
        eps: the smallest norm that counts.

    Returns:
        The common shape without `dim`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
    """
    check_numbers("cosine_similarity", {"eps": eps})
    first, second = (each / norm(each, 2, dim, True).clamp(min=eps) for each in (x1, x2))
    return (first * second).sum(dim)


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
    """
    first, second = np.triu_indices(input.shape[0], 1)
    return norm(input[wrap(first)] - input[wrap(second)], p, -1)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Return vectors divided by their norms.

    Args:
        input: vectors along `dim`.
        p: the norm's order.
        dim: the dimension, or several.
        eps: the smallest norm that counts.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
    """
    check_numbers("normalize", {"eps": eps})
    return input / norm(input, p, dim, True).clamp(min=eps)
