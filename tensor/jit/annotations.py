"""Types for PyTorch's compiler: those of `typing`, and what it makes of them."""

from __future__ import annotations

import types
import typing
from typing import Any, Dict, Final, List, Optional, Tuple, Union  # noqa: UP035 - names that files import from here

__all__ = ["Any", "Dict", "Final", "List", "Optional", "Tuple", "Union", "fits"]


def fits(obj: Any, target: Any) -> bool:
    """Whether an object is of a type, with its elements of the types that it names.

    Args:
        obj: The object.
        target: A type, such as `int`, `list[int]`, `tuple[int, str]`, `dict[str, int]` or `int | None`.
    """
    if isinstance(target, tuple):
        return any(fits(obj, each) for each in target)
    origin, parts = typing.get_origin(target), typing.get_args(target)
    if target is Any:
        return True
    if target is None:
        return obj is None
    if origin in (Union, types.UnionType):
        return any(fits(obj, each) for each in parts)
    if origin is None:
        return isinstance(obj, target)
    if not isinstance(obj, origin):
        return False
    if origin is dict:
        return all(fits(key, parts[0]) and fits(value, parts[1]) for key, value in obj.items())
    if origin is tuple and Ellipsis not in parts:
        return len(obj) == len(parts) and all(fits(each, part) for each, part in zip(obj, parts, strict=True))
    return all(fits(each, parts[0]) for each in obj)
