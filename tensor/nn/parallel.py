"""Modules over several devices: PyTorch's wrappers, of which scripts ask that they exist.

The CPU is the only device here. Several processes train with `TrainingPool`, and run with `Pool`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from tensor.errors import UnsupportedError
from tensor.nn.modules.module import Module

__all__ = ["DataParallel", "DistributedDataParallel"]


class DataParallel(Module):
    """A module that is called as it is, as PyTorch's wrapper calls it where there is no GPU.

    The keys of its `state_dict` begin with `module.`, as PyTorch's do.

    Args:
        module: what to call.
        device_ids: ignored, as there is no GPU.
        output_device: ignored too.
        dim: along which PyTorch would split the inputs.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.DataParallel.html
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.dim = dim
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """Call the module."""
        return self.module(*inputs, **kwargs)


class DistributedDataParallel(Module):
    """A module whose copies in several processes share gradients, which `TrainingPool` does here.

    Raises:
        UnsupportedError: always.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse to wrap a module."""
        raise UnsupportedError(
            "DistributedDataParallel needs torch.distributed; cluster.TrainingPool trains copies of a module in "
            "several processes, and averages their gradients"
        )
