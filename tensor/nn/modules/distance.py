"""Distances between vectors.

Source: https://docs.pytorch.org/docs/stable/nn.html#distance-functions
"""

from __future__ import annotations

from tensor.nn import functional as F
from tensor.nn.modules.module import Module
from tensor.tensors import Tensor


class PairwiseDistance(Module):
    """The norm of the difference of two vectors.

    Args:
        p: the order of the norm.
        eps: added to the differences.
        keepdim: whether the last dimension is kept, with size 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Measure.

        Args:
            x1: (..., size).
            x2: a shape that broadcasts with that of `x1`.

        Returns:
            (...), or (..., 1) if the dimension is kept.
        """
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between two vectors.

    Args:
        dim: the dimension that the vectors lie along.
        eps: the smallest norm that is divided by.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Measure.

        Args:
            x1: any shape.
            x2: a shape that broadcasts with that of `x1`.

        Returns:
            The broadcast shape, without the dimension.
        """
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
