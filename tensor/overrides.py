"""PyTorch's `torch.overrides`: classes that take over its functions. None does here, and code that asks is told so.

Source: https://docs.pytorch.org/docs/stable/torch.overrides.html
"""

from __future__ import annotations

from typing import Any, NoReturn

from tensor.bases import TensorBase
from tensor.errors import UnsupportedError

__all__ = [
    "handle_torch_function",
    "has_torch_function",
    "has_torch_function_unary",
    "has_torch_function_variadic",
    "is_tensor_like",
]


def has_torch_function(relevant_args: Any) -> bool:
    """Whether any argument takes over the function that it is given to: no."""
    return False


def has_torch_function_unary(tensor: Any) -> bool:
    """Whether the argument takes over the function that it is given to: no."""
    return False


def has_torch_function_variadic(*args: Any) -> bool:
    """Whether any argument takes over the function that it is given to: no."""
    return False


def handle_torch_function(public_api: Any, relevant_args: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Raise: `has_torch_function` is never true.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError("handle_torch_function: no class takes over functions; override the methods of Tensor")


def is_tensor_like(inp: Any) -> bool:
    """Whether something is a tensor."""
    return isinstance(inp, TensorBase)
