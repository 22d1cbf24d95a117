"""Normalisation of channels over a batch, with running statistics for evaluation."""

from __future__ import annotations

from typing import Any

from tensor.dtypes import DtypeLike, int64
from tensor.errors import ShapeError
from tensor.factories import empty, ones, zeros
from tensor.nn import functional as F
from tensor.nn import init
from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.tensors import Tensor


class _NormBase(Module):
    """What batch and instance norms share: settings, a weight and a bias, and running statistics."""

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DtypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, there in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, Parameter(empty(num_features, device=device, dtype=dtype)) if there else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", zeros((), device=device, dtype=int64) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget what was seen: a mean of zero, a variance of one, no batches."""
        for statistics, value in ((self.running_mean, 0), (self.running_var, 1), (self.num_batches_tracked, 0)):
            if statistics is not None:
                statistics.fill_(value)

    def reset_parameters(self) -> None:
        """Set the weight to one and the bias to zero, and forget the running statistics."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        """Raise ShapeError unless the layer takes inputs of so many dimensions."""
        raise NotImplementedError(f"{type(self).__name__} does not say which inputs it takes: use a class that does")

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _adapt_state(self, state_dict: dict[str, Any], prefix: str) -> None:
        # Old checkpoints do not count batches, and files without versions do not say whether they are old.
        if self.num_batches_tracked is not None:
            state_dict.setdefault(f"{prefix}num_batches_tracked", self.num_batches_tracked)


class _BatchNorm(_NormBase):
    """Batch normalisation of inputs of any number of dimensions that `_check_input_dim` takes."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise; while training, let the running statistics follow the batch's.

        Args:
            input: (N, num_features, ...).

        Returns:
            The same shape.

        Raises:
            ShapeError: the input has other dimensions or channels, or a single value for each channel to train on.
            InferenceModeError: the layer is in training mode inside `inference_mode`.
            InferenceTensorError: running statistics would be updated with inference-only data.
        """
        self._check_input_dim(input)
        tracks = self.training and self.track_running_stats
        counter = self.num_batches_tracked if tracks else None
        factor = 0.0 if self.momentum is None else self.momentum
        if counter is not None and self.momentum is None:
            factor = 1 / (int(counter) + 1)  # the average of all batches so far, this one included
        uses_running = tracks or not self.training
        mean, var = (self.running_mean, self.running_var) if uses_running else (None, None)
        on_batch = self.training or (mean is None and var is None)
        out = F.batch_norm(input, mean, var, self.weight, self.bias, on_batch, factor, self.eps)
        if counter is not None:  # once nothing can go wrong any more
            counter.add_(1)
        return out


class BatchNorm1d(_BatchNorm):
    """Shift and scale features, or the channels of sequences, to mean 0 and variance 1 over the batch.

    Args:
        num_features: how many features or channels there are.
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics; None for the average of all batches.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics; evaluation uses the batch's own otherwise.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
    """

    def _check_input_dim(self, input: Tensor) -> None:
        check_dims(input, (2, 3))


class BatchNorm2d(_BatchNorm):
    """Shift and scale the channels of images to mean 0 and variance 1 over the batch.

    Args:
        num_features: how many channels there are.
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics; None for the average of all batches.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics; evaluation uses the batch's own otherwise.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
    """

    def _check_input_dim(self, input: Tensor) -> None:
        check_dims(input, (4,))


class BatchNorm3d(_BatchNorm):
    """Shift and scale the channels of volumes to mean 0 and variance 1 over the batch.

    Args:
        num_features: how many channels there are.
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics; None for the average of all batches.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics; evaluation uses the batch's own otherwise.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html
    """

    def _check_input_dim(self, input: Tensor) -> None:
        check_dims(input, (5,))


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation, in PyTorch over the batches of several processes; here over this process's own.

    That is what PyTorch does in a single process. Ranks that train together average their gradients, and each
    normalises by its own batch.

    Args:
        num_features: how many channels there are.
        eps: added to the variance.
        momentum: the weight of a batch in the running statistics; None for the average of all batches.
        affine: whether there is a learnt weight.
        track_running_stats: whether there are running statistics; evaluation uses the batch's own otherwise.
        process_group: kept, and not used.
        device: the CPU.
        dtype: of the parameters and statistics.
        bias: whether there is a learnt bias beside the weight.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: DtypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        shape = input.shape
        if len(shape) < 2:
            raise ShapeError(f"expected at least 2D input (got {len(shape)}D input of shape {list(shape)})")
        if shape[1] == 0:
            raise ShapeError(f"SyncBatchNorm number of input channels should be non-zero, got shape {list(shape)}")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """Replace the batch norms in a model; parameters and statistics stay the same tensors.

        Args:
            module: the model, which is changed.
            process_group: for the new layers.

        Returns:
            The model; a new layer if it is a batch norm itself.
        """
        converted = module
        if isinstance(module, _BatchNorm):
            converted = SyncBatchNorm(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            for name in _STATE:
                setattr(converted, name, getattr(module, name))
            converted.training = module.training
        for name, child in module.named_children():
            converted.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted


# What a batch norm learns and counts.
_STATE = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def check_dims(input: Tensor, dims: tuple[int, ...]) -> None:
    """Raise ShapeError unless an input has one of these numbers of dimensions."""
    shape = input.shape
    if len(shape) not in dims:
        wanted = " or ".join([f"{each}D" for each in dims])
        raise ShapeError(f"expected {wanted} input (got {len(shape)}D input of shape {list(shape)})")
