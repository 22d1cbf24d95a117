"""Methods that ask where a tensor lives, or move it: there is one place, the memory of this process."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, NoReturn

from tensor import layouts
from tensor.errors import UnsupportedError

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def cpu(input: Tensor, memory_format: Any = None) -> Tensor:
    """Return this tensor: it is on the CPU."""
    layouts.check_format(memory_format)
    return input


def cuda(input: Tensor, device: Any = None, non_blocking: builtins.bool = False, memory_format: Any = None) -> NoReturn:
    """Raise, as PyTorch's CPU build does: there is no GPU.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError(
        "cuda(): tensors live on the CPU; there is no GPU. Ask tensor.cuda.is_available() first, or use .to(device)."
    )


def get_device(input: Tensor) -> int:
    """Return -1, which is what the CPU has as its number."""
    return -1


def pin_memory(input: Tensor, device: Any = None) -> Tensor:
    """Return this tensor: memory is pinned for copies to another device, and there is none."""
    return input


def is_pinned(input: Tensor, device: Any = None) -> builtins.bool:
    """Whether the memory is pinned for copies to another device: never."""
    return False


def is_shared(input: Tensor) -> builtins.bool:
    """Whether `share_memory_` moved the tensor to where other processes see writes to it: never."""
    return False


def share_memory_(input: Tensor) -> NoReturn:
    """Raise: memory is this process's own.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError(
        "share_memory_(): other processes do not see writes to a tensor. A Pool maps weights once for all of a node's "
        "workers, and a TrainingPool averages gradients."
    )


def record_stream(input: Tensor, stream: Any) -> None:
    """Do nothing: there are no streams, memory is free when nobody holds it."""


def is_contiguous(input: Tensor, memory_format: Any = None) -> builtins.bool:
    """Whether the memory is in the order that a memory format names, row-major if none is given."""
    return layouts.is_contiguous(input._data, memory_format)
