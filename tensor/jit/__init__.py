"""Compiled models: PyTorch's `torch.jit`. A model runs as the Python that it is, so what compiles returns its argument.

Decorators and questions for the compiler are accepted; files of compiled models are refused.
Source: https://docs.pytorch.org/docs/stable/jit.html
"""

import functools
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

from tensor.errors import UnsupportedError
from tensor.jit import annotations
from tensor.nn.modules.module import Module

T = TypeVar("T")

__all__ = [
    "Attribute",
    "Final",
    "Future",
    "ScriptFunction",
    "ScriptModule",
    "annotate",
    "annotations",
    "export",
    "fork",
    "freeze",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "isinstance",
    "load",
    "optimize_for_inference",
    "optimized_execution",
    "save",
    "script",
    "script_if_tracing",
    "script_method",
    "strict_fusion",
    "trace",
    "trace_module",
    "unused",
    "wait",
]


class ScriptModule(Module):
    """A module that PyTorch would compile; here a module like any other, which may be derived from."""


class ScriptFunction:
    """What PyTorch makes of functions that it compiles; nothing here is one."""


def script(obj: T, optimize: Any = None, example_inputs: Any = None, **options: Any) -> T:
    """Return a module, function or class as it is: it runs as Python.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.jit.script.html

    Args:
        obj: What PyTorch would compile.
        optimize: Accepted since PyTorch has it.
        example_inputs: Accepted since PyTorch has it.
        options: What PyTorch's compiler takes besides.
    """
    return obj


def trace(func: T, example_inputs: Any = None, **options: Any) -> T:
    """Return a module or function as it is.

    PyTorch would keep what it computes for the examples, with their branches taken and their numbers as constants;
    here it decides anew at each call, as it does untraced.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.jit.trace.html

    Args:
        func: What PyTorch would record.
        example_inputs: What it would be called with for that; it is not called here.
        options: What PyTorch's tracer takes besides.
    """
    return func


def trace_module(mod: T, inputs: Any, **options: Any) -> T:
    """Return a module as it is; see `trace`."""
    return mod


def freeze(mod: T, preserved_attrs: Any = None, **options: Any) -> T:
    """Return a module as it is: its parameters stay parameters."""
    return mod


def optimize_for_inference(mod: T, other_methods: Any = None) -> T:
    """Return a module as it is."""
    return mod


def export(fn: T) -> T:
    """Return a method as it is: all of a module's methods can be called."""
    return fn


def script_method(fn: T) -> T:
    """Return a method as it is."""
    return fn


def script_if_tracing(fn: T) -> T:
    """Return a function as it is."""
    return fn


def unused(fn: T) -> T:
    """Return a method as it is: it can be called."""
    return fn


def interface(obj: T) -> T:
    """Return a class as it is."""
    return obj


def ignore(drop: Any = False, **options: Any) -> Any:
    """Return a method as it is; used as `@ignore`, or with `drop`."""
    return drop if callable(drop) else export


# Several signatures of one method, the last with a body: PyTorch's own models use these names.
_overload = _overload_method = export


def is_scripting() -> bool:
    """Whether compiled code asks: no, it is Python."""
    return False


def is_tracing() -> bool:
    """Whether a call is being recorded: no."""
    return False


def annotate(the_type: Any, the_value: T) -> T:
    """Return a value; its type is for the compiler."""
    return the_value


def Attribute(value: T, type: Any) -> T:  # noqa: N802 - PyTorch's name
    """Return a value; its type is for the compiler."""
    return value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether an object is of a type, which may be one with parts, such as `list[int]`."""
    return annotations.fits(obj, target_type)


class Future:
    """The result of `fork`, which is there already.

    Args:
        value: The result.
    """

    def __init__(self, value: Any) -> None:
        self._value = value

    def wait(self) -> Any:
        """Return the result."""
        return self._value

    value = wait

    def done(self) -> bool:
        """Whether the result is there: yes."""
        return True


def fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
    """Call a function at once, and return its result as something to wait for."""
    return Future(func(*args, **kwargs))


def wait(future: Future) -> Any:
    """Return the result of `fork`."""
    return future.wait()


class optimized_execution:  # noqa: N801 - PyTorch's name
    """A block in which PyTorch's compiler may optimise; it changes nothing.

    Args:
        should_optimize: Whether it may.
    """

    def __init__(self, should_optimize: bool = True) -> None:
        self.should_optimize = should_optimize

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, *exception: object) -> None:
        """End the block."""


strict_fusion = functools.partial(optimized_execution, True)


def _no_files(name: str) -> NoReturn:
    raise UnsupportedError(
        f"jit.{name}: files of compiled models are not read or written. Keep the model's code, and its weights in a "
        "safetensors file: docs/weights.md says how to export them."
    )


def save(m: Any, f: Any, _extra_files: Any = None) -> NoReturn:
    """Raise: compiled models are not written.

    Raises:
        UnsupportedError: Always.
    """
    _no_files("save")


def load(f: Any, map_location: Any = None, _extra_files: Any = None, **options: Any) -> NoReturn:
    """Raise: compiled models are not read.

    Raises:
        UnsupportedError: Always.
    """
    _no_files("load")
