"""Convolutions: weights that slide over one to three dimensions, and their transposes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from tensor.dtypes import DtypeLike
from tensor.errors import ArgumentError
from tensor.factories import empty
from tensor.nn import functional as F
from tensor.nn import init
from tensor.nn.functional.windows import Sizes
from tensor.nn.modules.module import Module
from tensor.nn.modules.utils import _ntuple, _reverse_repeat_tuple
from tensor.nn.parameter import Parameter
from tensor.tensors import Tensor

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
_NAMED_PADDINGS = ("same", "valid")


class _ConvNd(Module):
    """What convolutions share: settings, parameters and their initial values; sizes come as tuples.

    Source: https://docs.pytorch.org/docs/stable/nn.html#convolution-layers
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[int, ...] | str,
        dilation: tuple[int, ...],
        transposed: bool,
        output_padding: tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        _check_channels(in_channels, out_channels, groups)
        _check_padding(padding, stride, padding_mode)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.transposed = transposed
        self.output_padding = output_padding
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = self._sides()
        inner, outer = (out_channels, in_channels) if transposed else (in_channels, out_channels)
        self.weight = Parameter(empty((outer, inner // groups, *kernel_size), device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _sides(self) -> list[int]:
        """Return the padding as `F.pad` wants it: both sides of each dimension, the last one first."""
        if self.padding == "valid":
            return [0, 0] * len(self.kernel_size)
        if not isinstance(self.padding, str):
            return [*_reverse_repeat_tuple(self.padding, 2)]
        totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=False)]
        return [side for total in reversed(totals) for side in (total // 2, total - total // 2)]

    def reset_parameters(self) -> None:
        """Draw new initial values: uniform, within one over the root of how many inputs an output has."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        usual = {
            "padding": (0,) * len(self.padding),
            "dilation": (1,) * len(self.dilation),
            "output_padding": (0,) * len(self.output_padding),
            "groups": 1,
        }
        shown = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        shown += [f"{name}={value}" for name in usual if (value := getattr(self, name)) != usual[name]]
        if self.bias is None:
            shown.append("bias=False")
        if self.padding_mode != "zeros":
            shown.append(f"padding_mode={self.padding_mode}")
        return ", ".join(shown)


def _check_channels(in_channels: int, out_channels: int, groups: int) -> None:
    if groups <= 0:
        raise ArgumentError(f"groups must be a positive integer, got {groups}")
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if channels % groups:
            raise ArgumentError(f"{name} must be divisible by groups, got {channels} and {groups}")


def _check_padding(padding: tuple[int, ...] | str, stride: tuple[int, ...], mode: str) -> None:
    if isinstance(padding, str):
        if padding not in _NAMED_PADDINGS:
            raise ArgumentError(
                f"Invalid padding string {padding!r}, should be one of {', '.join(_NAMED_PADDINGS)}, or sizes"
            )
        if padding == "same" and any(step != 1 for step in stride):
            raise ArgumentError(f"padding='same' is not supported for strided convolutions, got stride={stride}")
    if mode not in _PADDING_MODES:
        raise ArgumentError(f"padding_mode must be one of {', '.join(_PADDING_MODES)}, but got padding_mode={mode!r}")


class _Convolution(_ConvNd):
    """A convolution over `_dims` dimensions; the arguments are those of the public classes."""

    _dims: ClassVar[int]
    _function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        each = _ntuple(self._dims)
        super().__init__(
            in_channels,
            out_channels,
            each(kernel_size),
            each(stride),
            padding if isinstance(padding, str) else each(padding),
            each(dilation),
            False,
            each(0),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Convolve with these settings, and a weight and bias that need not be the layer's own."""
        convolve = type(self)._function
        if self.padding_mode == "zeros":
            return convolve(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)
        wider = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
        return convolve(wider, weight, bias, self.stride, 0, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        """Convolve.

        Args:
            input: (N, in_channels, ...), or without N.

        Returns:
            (N, out_channels, ...), or without N, the last sizes as the settings give them.

        Raises:
            ShapeError: the input has another number of channels or dimensions, or no window fits.
        """
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Convolution):
    """Slide learnt weights over sequences.

    Args:
        in_channels: the input's.
        out_channels: the result's.
        kernel_size: of the windows.
        stride: from one window to the next.
        padding: how much to add on either side; `valid` for nothing, `same` for as much as keeps the size.
        dilation: from one element of a window to the next.
        groups: into how many groups, each with weights of its own, the channels fall.
        bias: whether there is a bias.
        padding_mode: what to add: `zeros`, `reflect`, `replicate` or `circular`.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: an argument is out of its range, or the groups do not divide the channels.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
    """

    _dims, _function = 1, staticmethod(F.conv1d)


class Conv2d(_Convolution):
    """Slide learnt weights over images; one size for both dimensions, or two.

    Args:
        in_channels: the input's.
        out_channels: the result's.
        kernel_size: of the windows.
        stride: from one window to the next.
        padding: how much to add on either side; `valid` for nothing, `same` for as much as keeps the sizes.
        dilation: from one element of a window to the next.
        groups: into how many groups, each with weights of its own, the channels fall.
        bias: whether there is a bias.
        padding_mode: what to add: `zeros`, `reflect`, `replicate` or `circular`.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: an argument is out of its range, or the groups do not divide the channels.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """

    _dims, _function = 2, staticmethod(F.conv2d)


class Conv3d(_Convolution):
    """Slide learnt weights over volumes; one size for all three dimensions, or three.

    Args:
        in_channels: the input's.
        out_channels: the result's.
        kernel_size: of the windows.
        stride: from one window to the next.
        padding: how much to add on either side; `valid` for nothing, `same` for as much as keeps the sizes.
        dilation: from one element of a window to the next.
        groups: into how many groups, each with weights of its own, the channels fall.
        bias: whether there is a bias.
        padding_mode: what to add: `zeros`, `reflect`, `replicate` or `circular`.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: an argument is out of its range, or the groups do not divide the channels.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
    """

    _dims, _function = 3, staticmethod(F.conv3d)


class _ConvTransposeNd(_ConvNd):
    """A transposed convolution over `_dims` dimensions; the arguments are those of the public classes."""

    _dims: ClassVar[int]
    _function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ArgumentError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}, got {padding_mode!r}'
            )
        each = _ntuple(self._dims)
        super().__init__(
            in_channels,
            out_channels,
            each(kernel_size),
            each(stride),
            each(padding),
            each(dilation),
            True,
            each(output_padding),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Convolve.

        Args:
            input: (N, in_channels, ...), or without N.
            output_size: the result's last sizes, or its shape: with a stride, several of them are possible.

        Returns:
            (N, out_channels, ...), or without N.

        Raises:
            ShapeError: the input has another number of channels or dimensions, or nothing would be left.
            ArgumentError: no such result is possible.
        """
        more = self.output_padding if output_size is None else self._missing(input, tuple(output_size))
        transpose = type(self)._function
        return transpose(input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation)

    def _missing(self, input: Tensor, wanted: tuple[int, ...]) -> tuple[int, ...]:
        """Return the output padding that gives a result of a size."""
        dims, shape = self._dims, input.shape
        lead = 2 if len(shape) == dims + 2 else 1
        if len(wanted) == lead + dims:
            wanted = wanted[lead:]
        if len(wanted) != dims:
            raise ArgumentError(
                f"ConvTranspose{dims}D: for {len(shape)}D input, output_size must have {dims} or {lead + dims} "
                f"elements (got {len(wanted)})"
            )
        assert not isinstance(self.padding, str)  # a convolution's alone may be
        settings = zip(shape[lead:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
        least = [(size - 1) * s - 2 * p + d * (k - 1) + 1 for size, s, p, d, k in settings]
        most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
        if any(not low <= size <= high for low, size, high in zip(least, wanted, most, strict=True)):
            raise ArgumentError(
                f"requested an output size of {list(wanted)}, but valid sizes range from {least} to {most} (for an "
                f"input of {list(shape[lead:])})"
            )
        return tuple([size - low for size, low in zip(wanted, least, strict=True)])


class ConvTranspose1d(_ConvTransposeNd):
    """Lay learnt weights, times each element of sequences, over the result, and sum them up.

    Args:
        in_channels: the input's.
        out_channels: the result's.
        kernel_size: of the windows.
        stride: from one window to the next.
        padding: how much to cut off on either side.
        output_padding: how much more of the end to keep.
        groups: into how many groups, each with weights of its own, the channels fall.
        bias: whether there is a bias.
        dilation: from one element of a window to the next.
        padding_mode: `zeros`, the only one.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: an argument is out of its range, or the groups do not divide the channels.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
    """

    _dims, _function = 1, staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """Lay learnt weights, times each element of images, over the result, and sum them up.

    Args:
        in_channels: the input's.
        out_channels: the result's.
        kernel_size: of the windows.
        stride: from one window to the next.
        padding: how much to cut off on either side.
        output_padding: how much more of the end to keep.
        groups: into how many groups, each with weights of its own, the channels fall.
        bias: whether there is a bias.
        dilation: from one element of a window to the next.
        padding_mode: `zeros`, the only one.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: an argument is out of its range, or the groups do not divide the channels.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """

    _dims, _function = 2, staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """Lay learnt weights, times each element of volumes, over the result, and sum them up.

    Args:
        in_channels: the input's.
        out_channels: the result's.
        kernel_size: of the windows.
        stride: from one window to the next.
        padding: how much to cut off on either side.
        output_padding: how much more of the end to keep.
        groups: into how many groups, each with weights of its own, the channels fall.
        bias: whether there is a bias.
        dilation: from one element of a window to the next.
        padding_mode: `zeros`, the only one.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: an argument is out of its range, or the groups do not divide the channels.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
    """

    _dims, _function = 3, staticmethod(F.conv_transpose3d)
