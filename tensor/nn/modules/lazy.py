"""Layers that learn from their first input how many channels or features it has."""

from __future__ import annotations

from typing import Any, ClassVar

from tensor.dtypes import DtypeLike, int64
from tensor.errors import ArgumentError, ShapeError
from tensor.factories import zeros
from tensor.nn.functional.windows import Sizes
from tensor.nn.modules.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, _NormBase
from tensor.nn.modules.conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    _ConvNd,
    _Convolution,
    _ConvTransposeNd,
)
from tensor.nn.modules.instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from tensor.nn.modules.linear import Linear
from tensor.nn.modules.module import Module
from tensor.nn.uninitialized import UninitializedBuffer, UninitializedParameter, UninitializedTensorMixin, is_lazy
from tensor.tensors import Tensor


class LazyModuleMixin(Module):
    """A module that has uninitialised parameters and buffers until it is called, and then becomes another class.

    A subclass names that class in `cls_to_become`, and defines `initialize_parameters`, which is called with the first
    input. Weights that are loaded before give the shapes too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.lazy.LazyModuleMixin.html
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._initialize_hook = self.register_forward_pre_hook(_infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters and buffers their shapes and values.

        Args:
            args: of the call.
            kwargs: of the call.
        """
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether there are parameters or buffers of this very module without a shape."""
        return any(is_lazy(each) for each in (*self._parameters.values(), *self._buffers.values()))

    def _adapt_state(self, state_dict: dict[str, Any], prefix: str) -> None:
        for name, own in (*self._parameters.items(), *self._buffers.items()):
            given = state_dict.get(prefix + name)
            if isinstance(own, UninitializedTensorMixin) and isinstance(given, Tensor) and not is_lazy(given):
                own.materialize(given.shape)


def _infer_parameters(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Called before the first `forward`."""
    module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise ArgumentError(f"module {type(module).__name__} has not been fully initialized")
    module._initialize_hook.remove()
    del module._initialize_hook
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become


def _materialize(tensor: Tensor | None, *shape: int) -> None:
    if isinstance(tensor, UninitializedTensorMixin):
        tensor.materialize(shape)


class LazyLinear(LazyModuleMixin, Linear):
    """A `Linear` that learns `in_features` from its first input.

    Args:
        out_features: size of the output's last dimension.
        bias: whether there is a bias.
        device: the CPU.
        dtype: of the parameters.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html
    """

    cls_to_become = Linear

    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: DtypeLike | None = None
    ) -> None:
        super().__init__(0, out_features, False, device, dtype)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.bias = UninitializedParameter(device=device, dtype=dtype) if bias else None

    def reset_parameters(self) -> None:
        """Draw new initial values, once the shapes are known."""
        if self.in_features and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take `in_features` from an input, (..., in_features)."""
        self.in_features = input.shape[-1]
        if self.has_uninitialized_params():
            _materialize(self.weight, self.out_features, self.in_features)
            _materialize(self.bias, self.out_features)
            self.reset_parameters()


class _LazyConvNd(LazyModuleMixin, _ConvNd):
    """What lazy convolutions share."""

    _dims: ClassVar[int]

    def _forget_parameters(self, *, bias: bool, device: Any, dtype: DtypeLike | None) -> None:
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.bias = UninitializedParameter(device=device, dtype=dtype) if bias else None

    def reset_parameters(self) -> None:
        """Draw new initial values, once the shapes are known."""
        if self.in_channels and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take `in_channels` from an input, (N, in_channels, ...), or without N."""
        shape = input.shape
        if len(shape) not in (self._dims + 1, self._dims + 2):
            raise ShapeError(
                f"Expected {self._dims + 1}D (unbatched) or {self._dims + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {list(shape)}"
            )
        channels = shape[-1 - self._dims]
        if channels % self.groups:
            raise ArgumentError(f"in_channels must be divisible by groups, got {channels} and {self.groups}")
        self.in_channels = channels
        if self.has_uninitialized_params():
            inner, outer = (self.out_channels, channels) if self.transposed else (channels, self.out_channels)
            _materialize(self.weight, outer, inner // self.groups, *self.kernel_size)
            _materialize(self.bias, self.out_channels)
            self.reset_parameters()


class _LazyConvolution(_LazyConvNd, _Convolution):
    """A lazy convolution; the arguments are those of the public classes."""

    def __init__(
        self,
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
        super().__init__(
            0, out_channels, kernel_size, stride, padding, dilation, groups, False, padding_mode, device, dtype
        )
        self._forget_parameters(bias=bias, device=device, dtype=dtype)


class _LazyConvTranspose(_LazyConvNd, _ConvTransposeNd):
    """A lazy transposed convolution; the arguments are those of the public classes."""

    def __init__(
        self,
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
        super().__init__(
            0,
            out_channels,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            False,
            dilation,
            padding_mode,
            device,
            dtype,
        )
        self._forget_parameters(bias=bias, device=device, dtype=dtype)


class _LazyNormBase(LazyModuleMixin, _NormBase):
    """A lazy norm of channels; the arguments are those of the public classes."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DtypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
        if affine and bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = zeros((), device=device, dtype=int64)

    def reset_parameters(self) -> None:
        """Set initial values, once the shapes are known."""
        if self.num_features and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take `num_features` from an input, (N, num_features, ...)."""
        self._check_input_dim(input)
        self.num_features = input.shape[self._channel_dim(input)]
        if self.has_uninitialized_params():
            for tensor in (self.weight, self.bias, self.running_mean, self.running_var):
                _materialize(tensor, self.num_features)
            self.reset_parameters()

    def _channel_dim(self, input: Tensor) -> int:
        return 1


class _LazyInstanceNorm(_LazyNormBase):
    """A lazy instance norm, whose input may be without a batch."""

    _dims: ClassVar[int]

    def _channel_dim(self, input: Tensor) -> int:
        return -1 - self._dims


class LazyConv1d(_LazyConvolution, Conv1d):
    """A `Conv1d` that learns `in_channels` from its first input.

    Args:
        out_channels: the result's.
        kernel_size: of the windows.
        stride: from one window to the next.
        padding: how much to add on either side; `valid` or `same`, as for `Conv1d`.
        dilation: from one element of a window to the next.
        groups: into how many groups, each with weights of its own, the channels fall.
        bias: whether there is a bias.
        padding_mode: what to add: `zeros`, `reflect`, `replicate` or `circular`.
        device: the CPU.
        dtype: of the parameters.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConv1d.html
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConvolution, Conv2d):
    """A `Conv2d` that learns `in_channels` from its first input.

    Args:
        out_channels: the result's.
        kernel_size: of the windows.
        stride: from one window to the next.
        padding: how much to add on either side; `valid` or `same`, as for `Conv2d`.
        dilation: from one element of a window to the next.
        groups: into how many groups, each with weights of its own, the channels fall.
        bias: whether there is a bias.
        padding_mode: what to add: `zeros`, `reflect`, `replicate` or `circular`.
        device: the CPU.
        dtype: of the parameters.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConv2d.html
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConvolution, Conv3d):
    """A `Conv3d` that learns `in_channels` from its first input.

    Args:
        out_channels: the result's.
        kernel_size: of the windows.
        stride: from one window to the next.
        padding: how much to add on either side; `valid` or `same`, as for `Conv3d`.
        dilation: from one element of a window to the next.
        groups: into how many groups, each with weights of its own, the channels fall.
        bias: whether there is a bias.
        padding_mode: what to add: `zeros`, `reflect`, `replicate` or `circular`.
        device: the CPU.
        dtype: of the parameters.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConv3d.html
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A `ConvTranspose1d` that learns `in_channels` from its first input.

    Args:
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

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose1d.html
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A `ConvTranspose2d` that learns `in_channels` from its first input.

    Args:
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

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose2d.html
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A `ConvTranspose3d` that learns `in_channels` from its first input.

    Args:
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

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose3d.html
    """

    cls_to_become = ConvTranspose3d


class LazyBatchNorm1d(_LazyNormBase, BatchNorm1d):
    """A `BatchNorm1d` that learns `num_features` from its first input.

    Args:
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics, which evaluation then uses.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm1d.html
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNormBase, BatchNorm2d):
    """A `BatchNorm2d` that learns `num_features` from its first input.

    Args:
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics, which evaluation then uses.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm2d.html
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNormBase, BatchNorm3d):
    """A `BatchNorm3d` that learns `num_features` from its first input.

    Args:
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics, which evaluation then uses.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm3d.html
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyInstanceNorm, InstanceNorm1d):
    """An `InstanceNorm1d` that learns `num_features` from its first input.

    Args:
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics, which evaluation then uses.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm1d.html
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyInstanceNorm, InstanceNorm2d):
    """An `InstanceNorm2d` that learns `num_features` from its first input.

    Args:
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics, which evaluation then uses.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm2d.html
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyInstanceNorm, InstanceNorm3d):
    """An `InstanceNorm3d` that learns `num_features` from its first input.

    Args:
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics, which evaluation then uses.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm3d.html
    """

    cls_to_become = InstanceNorm3d
