"""The nodes of the graph, for those who look at it: PyTorch's `torch.autograd.graph`.

Source: https://docs.pytorch.org/docs/stable/autograd.html#autograd-graph
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensor.errors import UnsupportedError
from tensor.graph import AccumulateGrad, Node

__all__ = ["AccumulateGrad", "Node", "saved_tensors_hooks"]


class saved_tensors_hooks:  # noqa: N801 - PyTorch's name
    """Not supported: what is kept for backward are arrays that only gradient rules see."""

    def __init__(self, pack_hook: Callable[..., Any], unpack_hook: Callable[..., Any]) -> None:
        raise UnsupportedError(
            "saved_tensors_hooks: what is kept for backward cannot be replaced. To keep less, compute parts of the "
            "model again in backward with a custom autograd.Function."
        )
