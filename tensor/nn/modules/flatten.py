"""Layers that only change shapes."""

from __future__ import annotations

from tensor.nn.modules.module import Module
from tensor.tensors import Tensor


class Flatten(Module):
    """Join neighbouring dimensions into one.

    Args:
        start_dim: the first to join; by default, the first after the batch.
        end_dim: the last to join.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """Flatten.

        Args:
            input: any shape with these dimensions.

        Returns:
            The same elements, the dimensions from `start_dim` to `end_dim` joined.
        """
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Return the layer\'s settings."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
