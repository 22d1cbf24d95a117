"""PyTorch's `torch.profiler`: names for parts of a run. Python's own profilers measure it.

Source: https://docs.pytorch.org/docs/stable/profiler.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, ParamSpec, Self, TypeVar

from tensor.errors import UnsupportedError

P = ParamSpec("P")
R = TypeVar("R")

__all__ = ["profile", "record_function"]


class record_function:  # noqa: N801 - PyTorch's name
    """A block, or a decorated function, that has a name in PyTorch's profiles; it runs as without.

    Args:
        name: The name.
        args: What PyTorch notes beside it.
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name
        self.args = args

    def __enter__(self) -> Self:
        """Begin the block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the block."""

    def __call__(self, func: Callable[P, R]) -> Callable[P, R]:
        """Return a function as it is."""
        return func


def profile(*args: Any, **options: Any) -> NoReturn:
    """Raise: nothing is measured.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError("profiler.profile: nothing is measured here; run the script under python -m cProfile")
