"""Normalisation of each channel of each example."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from tensor.dtypes import DtypeLike
from tensor.errors import ShapeError
from tensor.nn import functional as F
from tensor.nn.modules.batchnorm import _NormBase, check_dims
from tensor.tensors import Tensor


class _InstanceNorm(_NormBase):
    """Instance normalisation over `_dims` dimensions; the arguments are those of the public classes."""

    _dims: ClassVar[int]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: DtypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _check_input_dim(self, input: Tensor) -> None:
        check_dims(input, (self._dims + 1, self._dims + 2))

    def forward(self, input: Tensor) -> Tensor:
        """Normalise; while training, let the running statistics, if there are any, follow the batch's.

        Args:
            input: (N, num_features, ...), or without N.

        Returns:
            The same shape.

        Raises:
            ShapeError: the input has other dimensions or channels, or a single place.
            InferenceModeError: running statistics would be updated inside `inference_mode`.
            InferenceTensorError: running statistics would be updated with inference-only data.
        """
        self._check_input_dim(input)
        shape = input.shape
        dim = len(shape) - self._dims - 1
        if shape[dim] != self.num_features:
            if self.affine:
                raise ShapeError(
                    f"expected input's size at dim={dim} to match num_features ({self.num_features}), but got: "
                    f"{shape[dim]}, in shape {list(shape)}"
                )
            warnings.warn(
                f"input's size at dim={dim}, {shape[dim]}, does not match num_features, {self.num_features}, which is "
                "not used without an affine weight: leave it as it is, or pass the right number",
                stacklevel=2,
            )
        batched = input if dim else input.unsqueeze(0)
        out = F.instance_norm(
            batched,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return out if dim else out.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Shift and scale the channels of each of several sequences to mean 0 and variance 1.

    Args:
        num_features: how many channels there are.
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics, which evaluation then uses.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: Ulyanov et al., 2016, https://arxiv.org/abs/1607.08022;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html
    """

    _dims = 1


class InstanceNorm2d(_InstanceNorm):
    """Shift and scale the channels of each of several images to mean 0 and variance 1.

    Args:
        num_features: how many channels there are.
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics, which evaluation then uses.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: Ulyanov et al., 2016, https://arxiv.org/abs/1607.08022;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
    """

    _dims = 2


class InstanceNorm3d(_InstanceNorm):
    """Shift and scale the channels of each of several volumes to mean 0 and variance 1.

    Args:
        num_features: how many channels there are.
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics, which evaluation then uses.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: Ulyanov et al., 2016, https://arxiv.org/abs/1607.08022;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html
    """

    _dims = 3
