"""Pooling: maxima, averages and norms over windows, and their way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from tensor.errors import ArgumentError
from tensor.nn import functional as F
from tensor.nn.functional.adaptive_pooling import OutputSize
from tensor.nn.functional.fractional_pooling import Ratios
from tensor.nn.functional.max_pooling import MaxPooled
from tensor.nn.functional.windows import Sizes
from tensor.nn.modules.module import Module
from tensor.nn.modules.utils import _ntuple
from tensor.tensors import Tensor


class _MaxPoolNd(Module):
    """Maxima over windows; the arguments are those of the public classes."""

    _function: ClassVar[Callable[..., MaxPooled]]

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> MaxPooled:
        """Pool.

        Args:
            input: (N, C, ...), or (C, ...).

        Returns:
            The same with smaller last sizes; with `return_indices`, where the maxima lie too, int64.
        """
        pool = type(self)._function
        return pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """Take the largest element of each window over sequences.

    Args:
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reach beyond either side, at most half a window.
        dilation: from one element of a window to the next.
        return_indices: whether to return where each maximum lies too, for `MaxUnpool1d`.
        ceil_mode: whether windows that end beyond the padding count too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
    """

    _function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    """Take the largest element of each window over images.

    Args:
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reach beyond either side, at most half a window.
        dilation: from one element of a window to the next.
        return_indices: whether to return where each maximum lies too, for `MaxUnpool2d`.
        ceil_mode: whether windows that end beyond the padding count too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """

    _function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    """Take the largest element of each window over volumes.

    Args:
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reach beyond either side, at most half a window.
        dilation: from one element of a window to the next.
        return_indices: whether to return where each maximum lies too, for `MaxUnpool3d`.
        ceil_mode: whether windows that end beyond the padding count too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html
    """

    _function = staticmethod(F.max_pool3d)


class _Windowed(Module):
    """What pools with these three settings share."""

    kernel_size: Sizes
    stride: Sizes
    padding: Sizes

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _MaxUnpoolNd(_Windowed):
    """Maxima put back; the arguments are those of the public classes."""

    _dims: ClassVar[int]
    _function: ClassVar[Callable[..., Tensor]]

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        each = _ntuple(self._dims)
        self.kernel_size = each(kernel_size)
        self.stride = each(kernel_size if stride is None else stride)
        self.padding = each(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Put elements where they were, and zeros elsewhere.

        Args:
            input: (N, C, ...), or (C, ...).
            indices: where, int64, of the same shape.
            output_size: the result's last sizes, or its shape: several inputs give as many maxima.

        Returns:
            The same with larger last sizes.
        """
        unpool = type(self)._function
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(_MaxUnpoolNd):
    """Put elements where `MaxPool1d` found them in sequences, and zeros elsewhere.

    Args:
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reached beyond either side.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html
    """

    _dims, _function = 1, staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """Put elements where `MaxPool2d` found them in images, and zeros elsewhere.

    Args:
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reached beyond either side.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
    """

    _dims, _function = 2, staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    """Put elements where `MaxPool3d` found them in volumes, and zeros elsewhere.

    Args:
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: how far windows reached beyond either side.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
    """

    _dims, _function = 3, staticmethod(F.max_unpool3d)


class _FractionalMaxPoolNd(Module):
    """Maxima of windows that lie at random; the arguments are those of the public classes."""

    _dims: ClassVar[int]
    _function: ClassVar[Callable[..., MaxPooled]]
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: Sizes,
        output_size: Sizes | None = None,
        output_ratio: Ratios | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name, each = type(self).__name__, _ntuple(self._dims)
        if (output_size is None) == (output_ratio is None):
            raise ArgumentError(f"{name} requires specifying either an output size, or a pooling ratio, but not both")
        self.kernel_size = each(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else each(output_size)
        self.output_ratio = None if output_ratio is None else each(output_ratio)
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ArgumentError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> MaxPooled:
        """Pool.

        Args:
            input: (N, C, ...), or (C, ...).

        Returns:
            The same with smaller last sizes; with `return_indices`, where the maxima lie too, int64.
        """
        pool = type(self)._function
        return pool(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """Take the maxima of windows of images that lie at random, about evenly.

    Args:
        kernel_size: of the windows.
        output_size: how many windows there are in each dimension; or
        output_ratio: what part of the input's size that is, between 0 and 1.
        return_indices: whether to return where the maxima lie too.
        _random_samples: (N, C, 2), from 0 to 1; drawn at each call unless given.

    Raises:
        ArgumentError: both sizes are given, or neither; or a ratio is not between 0 and 1.

    Source: Graham, 2014, https://arxiv.org/abs/1412.6071;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html
    """

    _dims, _function = 2, staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """Take the maxima of windows of volumes that lie at random, about evenly.

    Args:
        kernel_size: of the windows.
        output_size: how many windows there are in each dimension; or
        output_ratio: what part of the input's size that is, between 0 and 1.
        return_indices: whether to return where the maxima lie too.
        _random_samples: (N, C, 3), from 0 to 1; drawn at each call unless given.

    Raises:
        ArgumentError: both sizes are given, or neither; or a ratio is not between 0 and 1.

    Source: Graham, 2014, https://arxiv.org/abs/1412.6071;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool3d.html
    """

    _dims, _function = 3, staticmethod(F.fractional_max_pool3d)


class AvgPool1d(_Windowed):
    """Average the elements of each window over sequences.

    Args:
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: zeros on either side, at most half a window.
        ceil_mode: whether windows that end beyond the padding count too.
        count_include_pad: whether the padding's zeros are counted as elements.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        single = _ntuple(1)
        self.kernel_size = single(kernel_size)
        self.stride = single(kernel_size if stride is None else stride)
        self.padding = single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """Pool.

        Args:
            input: (N, C, L), or (C, L).

        Returns:
            The same with a smaller last size.
        """
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class _DividingAvgPool(_Windowed):
    """An average pool that can divide by another number; the arguments are those of the public classes."""

    _function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """Pool.

        Args:
            input: (N, C, ...), or (C, ...).

        Returns:
            The same with smaller last sizes.
        """
        pool = type(self)._function
        return pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool2d(_DividingAvgPool):
    """Average the elements of each window over images.

    Args:
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: zeros on either side, at most half a window.
        ceil_mode: whether windows that end beyond the padding count too.
        count_include_pad: whether the padding's zeros are counted as elements.
        divisor_override: what to divide by in place of the number of elements.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
    """

    _function = staticmethod(F.avg_pool2d)


class AvgPool3d(_DividingAvgPool):
    """Average the elements of each window over volumes.

    Args:
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        padding: zeros on either side, at most half a window.
        ceil_mode: whether windows that end beyond the padding count too.
        count_include_pad: whether the padding's zeros are counted as elements.
        divisor_override: what to divide by in place of the number of elements.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
    """

    _function = staticmethod(F.avg_pool3d)


class _LPPoolNd(Module):
    """Norms of windows; the arguments are those of the public classes."""

    _function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """Pool.

        Args:
            input: (N, C, ...), or (C, ...).

        Returns:
            The same with smaller last sizes.
        """
        pool = type(self)._function
        return pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """Take the p-norm of each window over sequences: the p-th root of the sum of p-th powers.

    Args:
        norm_type: p.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        ceil_mode: whether windows that end beyond the input count too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html
    """

    _function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    """Take the p-norm of each window over images: the p-th root of the sum of p-th powers.

    Args:
        norm_type: p.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        ceil_mode: whether windows that end beyond the input count too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
    """

    _function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    """Take the p-norm of each window over volumes: the p-th root of the sum of p-th powers.

    Args:
        norm_type: p.
        kernel_size: of the windows.
        stride: from one window to the next; the size of a window if left out.
        ceil_mode: whether windows that end beyond the input count too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool3d.html
    """

    _function = staticmethod(F.lp_pool3d)


class _AdaptiveMaxPoolNd(Module):
    """Maxima over as many windows as are asked for; the arguments are those of the public classes."""

    _function: ClassVar[Callable[..., MaxPooled]]

    def __init__(self, output_size: OutputSize, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> MaxPooled:
        """Pool.

        Args:
            input: (N, C, ...), or (C, ...).

        Returns:
            The same with the last sizes that were asked for; with `return_indices`, where the maxima lie too, int64.
        """
        pool = type(self)._function
        return pool(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """Take the largest elements of sequences, in as many windows as the result shall have elements.

    Args:
        output_size: how many.
        return_indices: whether to return where each maximum lies too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
    """

    _function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """Take the largest elements of images, in as many windows as the result shall have elements.

    Args:
        output_size: how many, one number for both dimensions or one for each; None for as many as in the input.
        return_indices: whether to return where each maximum lies too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """

    _function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """Take the largest elements of volumes, in as many windows as the result shall have elements.

    Args:
        output_size: how many, one number for all dimensions or one for each; None for as many as in the input.
        return_indices: whether to return where each maximum lies too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
    """

    _function = staticmethod(F.adaptive_max_pool3d)


class _AdaptiveAvgPoolNd(Module):
    """Averages over as many windows as are asked for; the arguments are those of the public classes."""

    _function: ClassVar[Callable[..., Tensor]]

    def __init__(self, output_size: OutputSize) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """Pool.

        Args:
            input: (N, C, ...), or (C, ...).

        Returns:
            The same with the last sizes that were asked for.
        """
        pool = type(self)._function
        return pool(input, self.output_size)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Average the elements of sequences, in as many windows as the result shall have elements.

    Args:
        output_size: how many.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
    """

    _function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """Average the elements of images, in as many windows as the result shall have elements.

    Args:
        output_size: how many, one number for both dimensions or one for each; None for as many as in the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """

    _function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """Average the elements of volumes, in as many windows as the result shall have elements.

    Args:
        output_size: how many, one number for all dimensions or one for each; None for as many as in the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
    """

    _function = staticmethod(F.adaptive_avg_pool3d)
