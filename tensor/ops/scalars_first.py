"""Scalars before the tensors that they scale, as PyTorch took them first: `add_(alpha, other)`.

PyTorch still does, and warns. The functions here get the call into today's order, `add_(other, alpha=alpha)`.
"""

from __future__ import annotations

import functools
import inspect
import sys
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from tensor.bases import TensorBase

P = ParamSpec("P")
R = TypeVar("R")


def _warn(name: str, call: str) -> None:
    """Warn the first caller outside of this package: in between may be what takes `out=`."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "tensor":
        frame, level = frame.f_back, level + 1
    warnings.warn(
        f"This overload of {name} is deprecated: numbers come after the tensors, by name. Write {name}({call})",
        UserWarning,
        stacklevel=level,
    )


def scaled(name: str, other: Any, late: tuple[Any, ...], alpha: Any) -> tuple[Any, Any]:
    """Return what `add` or `sub` is to add, and how many times, from a call that has more arguments than these two.

    Args:
        name: The function.
        other: Its second argument, which is the number.
        late: Those after it.
        alpha: What was given by name.

    Raises:
        TypeError: It is no such call.
    """
    if len(late) != 1 or not isinstance(late[0], TensorBase) or alpha != 1:
        raise TypeError(f"{name}() takes an input and another tensor or a number; what to scale that by is alpha=")
    _warn(name, "..., other, alpha=...")
    return late[0], other


def scalars_first(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that also takes its numbers between its tensors, or before them.

    It has to take tensors, and numbers by name only: `value`, which may come after the first tensor; or `beta`, before
    or after it, perhaps with `alpha`, just before the other tensors.
    """
    kinds = inspect.signature(function).parameters.values()
    tensors = sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in kinds)
    numbers = [each.name for each in kinds if each.kind is each.KEYWORD_ONLY]
    name = function.__name__

    @functools.wraps(function)
    def called(*args: Any, **named: Any) -> Any:
        if tensors < len(args) <= tensors + len(numbers) - len(named) and isinstance(args[-1], TensorBase):
            others = args[1 - tensors :]
            first, *given = args[: 1 - tensors]
            if "beta" in numbers and _is_number_before(first, given[0]):
                first, given[0] = given[0], first
            _warn(name, ", ".join(["...", *[f"{each}=..." for each in numbers[: len(given)]]]))
            return function(first, *others, **dict(zip(numbers, given, strict=False)), **named)
        return function(*args, **named)

    return called


def _is_number_before(first: Any, second: Any) -> bool:
    """Return whether a function was called, `addmm(beta, input, ...)`, and no method, `input.addmm(beta, ...)`."""
    if isinstance(first, TensorBase) and isinstance(second, TensorBase):
        return not first._data.ndim
    return isinstance(second, TensorBase)
