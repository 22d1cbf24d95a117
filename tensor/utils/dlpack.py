"""Sharing memory with other libraries: PyTorch's `torch.utils.dlpack`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tensor.factories import from_dlpack

if TYPE_CHECKING:
    from tensor.tensors import Tensor

__all__ = ["from_dlpack", "to_dlpack"]


def to_dlpack(tensor: Tensor) -> Any:
    """Return a capsule over a tensor's memory; `from_dlpack` of other libraries takes the tensor itself.

    Source: https://docs.pytorch.org/docs/stable/dlpack.html
    """
    return tensor.__dlpack__(max_version=(1, 0))
