"""Words to PyTorch's compiler, `torch.compiler`: models run as Python, so they change nothing.

Source: https://docs.pytorch.org/docs/stable/torch.compiler_api.html
"""

from __future__ import annotations

import functools
from typing import Any

from tensor.compiling import compile

__all__ = [
    "allow_in_graph",
    "assume_constant_result",
    "compile",
    "cudagraph_mark_step_begin",
    "disable",
    "is_compiling",
    "is_dynamo_compiling",
    "is_exporting",
    "reset",
    "set_stance",
]


def is_compiling() -> bool:
    """Whether the code that asks is being compiled: no."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """Return a function as it is; a decorator too, with or without arguments.

    Args:
        fn: The function; left out where this is used with arguments.
        recursive: Whether what it calls is not compiled either.
        reason: Why.
    """
    return functools.partial(disable, recursive=recursive, reason=reason) if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """Return a function, or a list of them, as it is."""
    return fn


def assume_constant_result(fn: Any) -> Any:
    """Return a function as it is: it is called each time."""
    return fn


def reset() -> None:
    """Do nothing: nothing compiled is kept."""


def cudagraph_mark_step_begin() -> None:
    """Do nothing: no steps of a GPU are recorded."""


def set_stance(stance: str = "default", **options: Any) -> None:
    """Do nothing: there is no compiler to be told when to compile.

    Args:
        stance: When to.
        options: What PyTorch takes besides.
    """
