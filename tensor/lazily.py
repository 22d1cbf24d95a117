"""Submodules that are loaded when their package is first asked for them, so that `import tensor` stays quick."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType


def submodules(package: str, names: frozenset[str], advice: str = "") -> Callable[[str], ModuleType]:
    """Return a `__getattr__` for a package.

    Args:
        package: Its name.
        names: Its submodules to load so.
        advice: What to say of names that it has not.
    """

    def __getattr__(name: str) -> ModuleType:  # noqa: N807 - it becomes a module's
        if name in names:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}{advice}")

    return __getattr__
