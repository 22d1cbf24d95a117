"""What modules and optimisers do to gradients alike."""

from __future__ import annotations

import numpy as np

from tensor.bases import wrap
from tensor.tensors import Tensor


def clear_grad(tensor: Tensor, *, set_to_none: bool) -> None:
    """Drop a tensor's gradient, or fill it with zeros: in place, unless it was recorded or cannot be written.

    Args:
        tensor: a parameter.
        set_to_none: false for zeros.
    """
    gradient = tensor.grad
    if gradient is None:
        return
    if set_to_none:
        tensor.grad = None
    elif gradient.requires_grad or not gradient._data.flags.writeable:
        tensor.grad = wrap(np.zeros_like(gradient._data))
    else:
        gradient.zero_()
