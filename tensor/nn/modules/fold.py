"""Windows of images as columns, and back."""

from __future__ import annotations

from tensor.nn import functional as F
from tensor.nn.functional.windows import Sizes
from tensor.nn.modules.module import Module
from tensor.tensors import Tensor


class Fold(Module):
    """Sum up columns as the windows of images: the reverse of `Unfold`.

    Args:
        output_size: of the images.
        kernel_size: of the windows.
        dilation: from one element of a window to the next.
        padding: how far windows reach beyond either side.
        stride: from one window to the next.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html
    """

    def __init__(
        self, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """Fold.

        Args:
            input: (N, C * elements of a window, windows), or without N.

        Returns:
            (N, C, *output_size), or without N.
        """
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )


class Unfold(Module):
    """Return the elements of each window over images as a column.

    Args:
        kernel_size: of the windows.
        dilation: from one element of a window to the next.
        padding: zeros on either side.
        stride: from one window to the next.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html
    """

    def __init__(self, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """Unfold.

        Args:
            input: (N, C, H, W), or without N.

        Returns:
            (N, C * elements of a window, windows), or without N.
        """
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
