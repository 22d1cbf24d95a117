"""Hooks that compute a weight anew before each call: how norms of weights were done before parametrizations."""

from __future__ import annotations

from typing import Any, TypeVar

from tensor.errors import ArgumentError, TensorError
from tensor.nn.modules.module import Module

HookT = TypeVar("HookT", bound="WeightHook")


class WeightHook:
    """A forward pre-hook that sets an attribute of its module from parameters with other names.

    Args:
        name: the attribute.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, module: Module, inputs: Any) -> None:
        """Compute the weight, before the module is called."""
        raise NotImplementedError


def check_none_yet(module: Module, kind: type[WeightHook], name: str) -> None:
    """Raise TensorError if a module has such a hook for a name already."""
    if _keys(module, kind, name):
        raise TensorError(f"Cannot register two {kind.__name__} hooks on the same parameter {name}")


def take_off(module: Module, kind: type[HookT], name: str) -> HookT:
    """Remove a module's hook for a name, and return it.

    Raises:
        ArgumentError: there is none.
    """
    keys = _keys(module, kind, name)
    if not keys:
        raise ArgumentError(f"{kind.__name__} of '{name}' not found in {module}")
    hook: HookT = module._forward_pre_hooks.pop(keys[0])  # type: ignore[assignment]  # of this kind
    return hook


def _keys(module: Module, kind: type[WeightHook], name: str) -> list[int]:
    hooks = module._forward_pre_hooks.items()
    return [key for key, hook in hooks if isinstance(hook, kind) and hook.name == name]
