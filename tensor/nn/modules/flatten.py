"""Layers that only change shapes."""

from __future__ import annotations

from collections.abc import Sequence

from tensor.errors import DtypeError
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


class Unflatten(Module):
    """Split a dimension into several.

    Args:
        dim: the dimension.
        unflattened_size: the sizes of those it becomes; one may be -1, and follows from the others.

    Raises:
        DtypeError: the sizes are not integers in a tuple or list.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        given: object = unflattened_size
        if not isinstance(given, tuple | list) or not all(isinstance(size, int) for size in given):
            raise DtypeError(f"unflattened_size must be a tuple of ints, got {given!r}")
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """Unflatten.

        Args:
            input: any shape with this dimension.

        Returns:
            The same elements, the dimension split.
        """
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
