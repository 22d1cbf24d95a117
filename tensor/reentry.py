"""Decorating functions so that each of their steps runs in a mode, and nothing between the steps does.

A coroutine or a generator runs in steps. Around each one the stack of modes is swapped: the function's own stack comes
in, with whatever blocks it left open at its last `yield` or `await`; the caller's goes back out.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from tensor import modes
from tensor.modes import INFERENCE, Block, Entry, Mode

P = ParamSpec("P")
R = TypeVar("R")

# Gives the mode inside for the mode outside, or raises where entering is forbidden.
ModeRule = Callable[[Mode], Mode]


class _Steps:
    """The stack of modes of one running generator or coroutine; `with` it around each step."""

    def __init__(self, rule: ModeRule) -> None:
        self._rule = rule
        self._inside: Entry | None = None
        self._outside: Entry
        self._guard: Block | None = None

    def __enter__(self) -> None:
        self._outside = modes.top()
        mode = self._rule(self._outside.mode)
        if self._inside is None:
            self._inside = Entry(mode, Block(), self._outside)
        modes.TOP.set(self._inside)
        if mode is INFERENCE and modes.current() is not INFERENCE:
            # Started outside, stepped inside inference mode, which is terminal.
            self._guard = modes.push(INFERENCE)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._guard is not None:
            modes.close(self._guard)
            self._guard = None
        self._inside = modes.TOP.get()
        modes.TOP.set(self._outside)


def _drive(inner: Generator[Any, Any, R], steps: _Steps) -> Generator[Any, Any, R]:
    """Delegate to `inner` as `yield from` does (PEP 380), with the mode in force in each step only."""
    try:
        with steps:
            value = next(inner)
        while True:
            try:
                sent = yield value
            except BaseException as error:
                with steps:
                    value = inner.throw(error)
            else:
                with steps:
                    value = inner.send(sent)
    except StopIteration as stop:
        result: R = stop.value
        return result


class _Awaiting:
    """Await something, with the mode in force in each step only."""

    def __init__(self, inner: Any, steps: _Steps) -> None:
        self._inner = inner
        self._steps = steps

    def __await__(self) -> Generator[Any, Any, Any]:
        return _drive(self._inner.__await__(), self._steps)


async def _in_mode(coroutine: Coroutine[Any, Any, R], rule: ModeRule) -> R:
    """Await a coroutine, with the mode in force in each of its steps only."""
    result: R = await _Awaiting(coroutine, _Steps(rule))
    return result


def _first(inner: AsyncGenerator[Any, Any]) -> Any:
    # The event loop finalises the generators it has seen. It must see the outer one only, which closes the inner.
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return inner.__anext__()
    finally:
        sys.set_asyncgen_hooks(*hooks)


def _is(test: Callable[[Any], bool], fn: Any) -> bool:
    """Whether a test of functions holds for a function, or for what calling an object or a partial calls."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    return test(fn if inspect.isroutine(fn) else type(fn).__call__)


def decorate(fn: Callable[P, R], rule: ModeRule) -> Callable[P, R]:
    """Return `fn` with each of its steps run in a mode.

    Args:
        fn: A function, coroutine function, generator function or async generator function; also a partial, a method,
            a static or class method, or an object that can be called.
        rule: Gives the mode inside for the mode outside.

    Raises:
        TypeError: `fn` is a class, or cannot be called.
    """
    if isinstance(fn, staticmethod | classmethod):
        return type(fn)(decorate(fn.__func__, rule))
    if isinstance(fn, type):
        raise TypeError(
            f"cannot decorate {fn!r}: building an object is not computing with it. "
            "Decorate its methods instead, such as __init__ or __call__."
        )
    if not callable(fn):
        raise TypeError(f"expected a function to decorate, got {fn!r} of type {type(fn).__name__}")
    wrapper: Any
    if _is(inspect.isasyncgenfunction, fn):
        wrapper = _async_generator(fn, rule)
    elif _is(inspect.iscoroutinefunction, fn):
        wrapper = _coroutine(fn, rule)
    elif _is(inspect.isgeneratorfunction, fn):
        wrapper = _generator(fn, rule)
    else:
        wrapper = _function(fn, rule)
    return functools.update_wrapper(wrapper, fn)


def _function(fn: Any, rule: ModeRule) -> Any:
    def function(*args: Any, **kwargs: Any) -> Any:
        block = modes.push(rule(modes.current()))
        try:
            result = fn(*args, **kwargs)
        finally:
            modes.close(block)
        # What is left to do: of a lambda that calls a coroutine function, or a module whose `forward` is a generator.
        if inspect.iscoroutine(result):
            return _in_mode(result, rule)
        if inspect.isasyncgen(result):
            return _async_generator(lambda: result, rule)()
        if inspect.isgenerator(result) and not result.gi_code.co_flags & inspect.CO_ITERABLE_COROUTINE:
            return _drive(result, _Steps(rule))
        return result

    return function


def _generator(fn: Any, rule: ModeRule) -> Any:
    def generator(*args: Any, **kwargs: Any) -> Any:
        return (yield from _drive(fn(*args, **kwargs), _Steps(rule)))

    return generator


def _coroutine(fn: Any, rule: ModeRule) -> Any:
    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        return await _in_mode(fn(*args, **kwargs), rule)

    return coroutine


def _async_generator(fn: Any, rule: ModeRule) -> Any:
    async def async_generator(*args: Any, **kwargs: Any) -> Any:
        inner, steps = fn(*args, **kwargs), _Steps(rule)
        try:
            value = await _Awaiting(_first(inner), steps)
            while True:
                try:
                    sent = yield value
                except BaseException as error:
                    value = await _Awaiting(inner.athrow(error), steps)
                else:
                    value = await _Awaiting(inner.asend(sent), steps)
        except StopAsyncIteration:
            return

    return async_generator
