"""Pixels made of channels, and channels made of pixels."""

from __future__ import annotations

from tensor.nn import functional as F
from tensor.nn.modules.module import Module
from tensor.tensors import Tensor


class PixelShuffle(Module):
    """Make images with more pixels of their channels.

    Args:
        upscale_factor: r, by which both sides grow.

    Source: Shi et al., 2016, https://arxiv.org/abs/1609.05158;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Shuffle.

        Args:
            input: (..., C * r * r, H, W).

        Returns:
            (..., C, H * r, W * r).
        """
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Make images with fewer pixels, which become channels: the inverse of `PixelShuffle`.

    Args:
        downscale_factor: r, by which both sides shrink.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Unshuffle.

        Args:
            input: (..., C, H * r, W * r).

        Returns:
            (..., C * r * r, H, W).
        """
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"downscale_factor={self.downscale_factor}"
