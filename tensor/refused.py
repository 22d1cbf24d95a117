"""Names of PyTorch that files import, and that are refused when they are used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from tensor.errors import UnsupportedError


def refused(name: str, why: str) -> Callable[..., NoReturn]:
    """Return a function that refuses to be called.

    Args:
        name: What it is called in PyTorch.
        why: What there is none of here, and what to do.
    """

    def refuse(*args: Any, **options: Any) -> NoReturn:
        raise UnsupportedError(f"{name}: {why}")

    refuse.__name__ = refuse.__qualname__ = name.rpartition(".")[2]
    refuse.__doc__ = f"Raise UnsupportedError: {why}."
    return refuse
