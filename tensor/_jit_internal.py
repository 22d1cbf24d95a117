"""What model files import from PyTorch's `torch._jit_internal`: marks for its compiler, which change nothing here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, List, Optional, Tuple, TypeVar, Union  # noqa: UP035 - imported from here by others

from tensor.jit import Future, export, ignore, is_scripting, unused

T = TypeVar("T")

__all__ = [
    "BroadcastingList1",
    "BroadcastingList2",
    "BroadcastingList3",
    "Final",
    "Future",
    "List",
    "Optional",
    "Tuple",
    "Union",
    "_copy_to_script_wrapper",
    "_overload",
    "_overload_method",
    "boolean_dispatch",
    "export",
    "ignore",
    "is_scripting",
    "unused",
]

BroadcastingList1 = list
BroadcastingList2 = list
BroadcastingList3 = list


def _copy_to_script_wrapper(fn: T) -> T:
    """Return a method as it is."""
    return fn


def _overload(func: T) -> T:
    """Return a function as it is: the last definition of a name is the one that is called."""
    return func


def _overload_method(func: T) -> T:
    """Return a method as it is: the last definition of a name is the one that is called."""
    return func


def boolean_dispatch(
    arg_name: str,
    arg_index: int,
    default: bool,
    if_true: Callable[..., Any],
    if_false: Callable[..., Any],
    module_name: str,
    func_name: str,
) -> Callable[..., Any]:
    """Return a function that calls one of two, as one of its arguments says.

    Args:
        arg_name: the argument.
        arg_index: its place, if it is not given by name.
        default: what it is where it is not given.
        if_true: what to call if it is true.
        if_false: what to call if not.
        module_name: accepted since PyTorch has it.
        func_name: what the function is called.
    """

    def chosen(*args: Any, **kwargs: Any) -> Any:
        flag = kwargs.get(arg_name, args[arg_index] if arg_index < len(args) else default)
        return (if_true if flag else if_false)(*args, **kwargs)

    chosen.__name__ = chosen.__qualname__ = func_name
    chosen.__doc__ = if_true.__doc__ or if_false.__doc__
    return chosen
