"""Modules without initial values."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from tensor.errors import ArgumentError
from tensor.nn.deferred import without_initial_values
from tensor.nn.modules.module import Module

P = ParamSpec("P")
ModuleT = TypeVar("ModuleT", bound=Module)


def skip_init(module_cls: Callable[P, ModuleT], *args: P.args, **kwargs: P.kwargs) -> ModuleT:
    """Make a module whose parameters have whatever values their memory holds: they are about to be loaded.

    Args:
        module_cls: its class.
        args: of the class.
        kwargs: of the class.

    Returns:
        The module.

    Raises:
        ArgumentError: it is no class of modules, or one that takes no `device`, as PyTorch's layers with parameters do.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.skip_init.html
    """
    kind: Any = module_cls
    if not (isinstance(kind, type) and issubclass(kind, Module)):
        raise ArgumentError(f"Expected a subclass of Module, got {module_cls}")
    if "device" not in inspect.signature(kind).parameters:
        raise ArgumentError(f"{kind.__name__} must take an argument 'device' for its initial values to be skipped")
    with without_initial_values():
        return module_cls(*args, **kwargs)
