"""Dropout."""

from __future__ import annotations

from tensor.nn import functional as F
from tensor.nn.modules.module import Module
from tensor.tensors import Tensor


class Dropout(Module):
    """In training, set elements to zero at random and scale the others up; in evaluation, return the input.

    Args:
        p: the probability of zero.
        inplace: write the result over the input.

    Raises:
        ValueError: `p` is no probability.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Drop elements; any shape, kept."""
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """Return the layer\'s settings."""
        return f"p={self.p}, inplace={self.inplace}"
