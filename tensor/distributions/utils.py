"""What code with distributions of its own imports from PyTorch's `torch.distributions.utils`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from tensor.distributions.parameters import broadcast_all, clamp_probs, logits_to_probs, probs_to_logits
from tensor.modes import is_inference_mode_enabled
from tensor.scopes import enable_grad

__all__ = ["broadcast_all", "clamp_probs", "lazy_property", "logits_to_probs", "probs_to_logits"]


class lazy_property:  # noqa: N801 - PyTorch's name
    """A property that is computed once, when it is first read, and then is an attribute.

    It is computed with gradients, unless inside `inference_mode`.

    Args:
        wrapped: the method that computes it.
    """

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped
        self.__doc__ = wrapped.__doc__

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with nullcontext() if is_inference_mode_enabled() else enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value
