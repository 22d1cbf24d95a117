"""PyTorch's `torch.fx`, which records a model as a graph of calls: what marks functions for it is accepted.

Source: https://docs.pytorch.org/docs/stable/fx.html
"""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from tensor.errors import UnsupportedError

T = TypeVar("T")

__all__ = ["Proxy", "symbolic_trace", "wrap"]


class Proxy:
    """What stands for a tensor while PyTorch records a model; nothing here is one."""


def wrap(fn_or_name: T) -> T:
    """Return a function, or its name, as it is: PyTorch would record calls of it as one step."""
    return fn_or_name


def symbolic_trace(root: Any, concrete_args: Any = None) -> NoReturn:
    """Raise: models are not recorded.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError("fx.symbolic_trace: models are not recorded; call the module, or use its hooks")
