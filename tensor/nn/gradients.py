"""What modules and optimisers do to gradients alike."""

from __future__ import annotations

from tensor.factories import zeros_like
from tensor.tensors import Tensor


def clear_grad(tensor: Tensor, *, set_to_none: bool) -> None:
    """Drop a tensor's gradient, or replace it by zeros, free of the graph that may have made it.

    Args:
        tensor: a parameter.
        set_to_none: false for zeros.
    """
    if tensor.grad is not None:
        tensor.grad = None if set_to_none else zeros_like(tensor.grad)
