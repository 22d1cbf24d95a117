"""Normalisation of each example: over its last dimensions, groups of channels, or neighbouring channels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tensor.dtypes import DtypeLike
from tensor.errors import ArgumentError
from tensor.factories import empty
from tensor.nn import functional as F
from tensor.nn import init
from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.sizes import Size
from tensor.tensors import Tensor

_shape_t = int | list[int] | Size  # what annotations in PyTorch code name


def _shape(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    return tuple(normalized_shape) if isinstance(normalized_shape, Iterable) else (normalized_shape,)


class _Affine(Module):
    """Norms with a weight and a bias, or without."""

    weight: Parameter | None
    bias: Parameter | None

    def reset_parameters(self) -> None:
        """Set the weight to one and the bias to zero."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class LayerNorm(_Affine):
    """Shift and scale the last dimensions to mean 0 and variance 1, then by a learnt weight and bias.

    Args:
        normalized_shape: the sizes of the last dimensions, or of the last one.
        eps: added to the variance.
        elementwise_affine: whether there is a weight.
        bias: whether there is a bias beside it.
        device: the CPU.
        dtype: of the parameters.

    Source: Ba et al., 2016, https://arxiv.org/abs/1607.06450;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        shape = self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, there in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            self.register_parameter(name, Parameter(empty(shape, device=device, dtype=dtype)) if there else None)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """Normalise.

        Args:
            input: (..., *normalized_shape).

        Returns:
            The same shape.
        """
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the layer\'s settings."""
        affine = f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {affine}"


class RMSNorm(Module):
    """Scale the last dimensions to a mean square of 1, then by a learnt weight.

    Args:
        normalized_shape: the sizes of the last dimensions, or of the last one.
        eps: added to the mean square; the dtype's epsilon if left out.
        elementwise_affine: whether there is a weight.
        device: the CPU.
        dtype: of the weight.

    Source: Zhang and Sennrich, 2019, https://arxiv.org/abs/1910.07467;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        shape = self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = Parameter(empty(shape, device=device, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to one."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise.

        Args:
            x: (..., *normalized_shape).

        Returns:
            The same shape.
        """
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(_Affine):
    """Shift and scale groups of channels to mean 0 and variance 1, then channels by a learnt weight and bias.

    Args:
        num_groups: into how many groups the channels fall.
        num_channels: how many channels there are.
        eps: added to the variance.
        affine: whether there is a weight.
        device: the CPU.
        dtype: of the parameters.
        bias: whether there is a bias beside it.

    Raises:
        ArgumentError: the groups do not divide the channels.

    Source: Wu and He, 2018, https://arxiv.org/abs/1803.08494;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: DtypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_groups <= 0 or num_channels % num_groups:
            raise ArgumentError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups}), a positive number"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name, there in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, Parameter(empty(num_channels, device=device, dtype=dtype)) if there else None)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """Normalise.

        Args:
            input: (N, num_channels, ...).

        Returns:
            The same shape.
        """
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        affine = f"affine={self.affine}, bias={self.bias is not None}"
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, {affine}"


class LocalResponseNorm(Module):
    """Divide each element by a power of the mean square of its neighbours in other channels.

    Args:
        size: how many neighbours, the element included.
        alpha: the weight of the mean square.
        beta: the power.
        k: what is added.

    Source: Krizhevsky et al., 2012, section 3.3;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """Normalise.

        Args:
            input: (N, C, ...), of at least three dimensions.

        Returns:
            The same shape.
        """
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
