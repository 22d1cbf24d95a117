"""Padding: more places on both sides of the last dimensions, or fewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tensor.nn import functional as F
from tensor.nn.functional.windows import Sizes
from tensor.nn.modules.batchnorm import check_dims
from tensor.nn.modules.module import Module
from tensor.nn.modules.utils import _ntuple
from tensor.tensors import Tensor


class _PadNd(Module):
    """Padding of `_dims` dimensions."""

    _dims: ClassVar[int]

    padding: Sequence[int]

    def __init__(self, padding: Sizes) -> None:
        super().__init__()
        self.padding = _ntuple(2 * self._dims)(padding)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"{self.padding}"


class _ConstantPadNd(_PadNd):
    """Padding with one value."""

    def __init__(self, padding: Sizes, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Pad the last dimensions; any shape that has them."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"padding={self.padding}, value={self.value}"


class _ReflectionPadNd(_PadNd):
    """Padding with mirror images."""

    def forward(self, input: Tensor) -> Tensor:
        """Pad (N, C, ...), or (C, ...)."""
        return F.pad(input, self.padding, "reflect")


class _ReplicationPadNd(_PadNd):
    """Padding with copies of the outermost places."""

    def forward(self, input: Tensor) -> Tensor:
        """Pad (N, C, ...), or (C, ...)."""
        return F.pad(input, self.padding, "replicate")


class _CircularPadNd(_PadNd):
    """Padding with what lies on the opposite side."""

    def _check_input_dim(self, input: Tensor) -> None:
        check_dims(input, (self._dims + 1, self._dims + 2))

    def forward(self, input: Tensor) -> Tensor:
        """Pad (N, C, ...), or (C, ...)."""
        self._check_input_dim(input)
        return F.pad(input, self.padding, "circular")


class ConstantPad1d(_ConstantPadNd):
    """Surround sequences with one value.

    Args:
        padding: how many places on both sides, or (left, right); negative numbers cut off.
        value: the value.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html
    """

    _dims = 1


class ConstantPad2d(_ConstantPadNd):
    """Surround images with one value.

    Args:
        padding: how many places on all sides, or (left, right, top, bottom); negative numbers cut off.
        value: the value.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html
    """

    _dims = 2


class ConstantPad3d(_ConstantPadNd):
    """Surround volumes with one value.

    Args:
        padding: how many places on all sides, or (left, right, top, bottom, front, back); negative numbers cut off.
        value: the value.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html
    """

    _dims = 3


class ZeroPad1d(ConstantPad1d):
    """Surround sequences with zeros.

    Args:
        padding: how many places on both sides, or (left, right); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html
    """

    def __init__(self, padding: Sizes) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """Surround images with zeros.

    Args:
        padding: how many places on all sides, or (left, right, top, bottom); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html
    """

    def __init__(self, padding: Sizes) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """Surround volumes with zeros.

    Args:
        padding: how many places on all sides, or (left, right, top, bottom, front, back); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html
    """

    def __init__(self, padding: Sizes) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"{self.padding}"


class ReflectionPad1d(_ReflectionPadNd):
    """Surround sequences with their mirror image, the outermost places not repeated.

    Args:
        padding: how many places on both sides, or (left, right); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html
    """

    _dims = 1


class ReflectionPad2d(_ReflectionPadNd):
    """Surround images with their mirror image, the outermost places not repeated.

    Args:
        padding: how many places on all sides, or (left, right, top, bottom); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
    """

    _dims = 2


class ReflectionPad3d(_ReflectionPadNd):
    """Surround volumes with their mirror image, the outermost places not repeated.

    Args:
        padding: how many places on all sides, or (left, right, top, bottom, front, back); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html
    """

    _dims = 3


class ReplicationPad1d(_ReplicationPadNd):
    """Surround sequences with copies of their outermost places.

    Args:
        padding: how many places on both sides, or (left, right); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html
    """

    _dims = 1


class ReplicationPad2d(_ReplicationPadNd):
    """Surround images with copies of their outermost places.

    Args:
        padding: how many places on all sides, or (left, right, top, bottom); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html
    """

    _dims = 2


class ReplicationPad3d(_ReplicationPadNd):
    """Surround volumes with copies of their outermost places.

    Args:
        padding: how many places on all sides, or (left, right, top, bottom, front, back); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html
    """

    _dims = 3


class CircularPad1d(_CircularPadNd):
    """Surround sequences with what lies on the opposite side.

    Args:
        padding: how many places on both sides, or (left, right); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html
    """

    _dims = 1


class CircularPad2d(_CircularPadNd):
    """Surround images with what lies on the opposite side.

    Args:
        padding: how many places on all sides, or (left, right, top, bottom); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html
    """

    _dims = 2


class CircularPad3d(_CircularPadNd):
    """Surround volumes with what lies on the opposite side.

    Args:
        padding: how many places on all sides, or (left, right, top, bottom, front, back); negative numbers cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html
    """

    _dims = 3
