"""Channels in another order."""

from __future__ import annotations

from tensor.nn import functional as F
from tensor.nn.modules.module import Module
from tensor.tensors import Tensor


class ChannelShuffle(Module):
    """Interleave the channels of several groups.

    Args:
        groups: how many.

    Source: Zhang et al., 2018, https://arxiv.org/abs/1707.01083;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """Shuffle.

        Args:
            input: (N, C, ...), the groups dividing C.

        Returns:
            The same shape.
        """
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"groups={self.groups}"
