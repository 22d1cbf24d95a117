"""`no_grad`, `enable_grad`, `set_grad_enabled` and `inference_mode`: blocks and decorators that set the mode.

Inference mode is terminal: inside it, what only turns gradients off keeps it in force, and what would turn gradients
on raises `InferenceModeError`. That is stricter than PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, overload

from tensor import modes, reentry
from tensor.errors import InferenceModeError
from tensor.modes import GRAD, INFERENCE, NO_GRAD, Block, Mode

P = ParamSpec("P")
R = TypeVar("R")


def _terminal(what: str) -> InferenceModeError:
    return InferenceModeError(
        f"{what} inside inference_mode: tensors made there are inference-only and cannot take part in training. "
        "Leave the inference_mode block first, or use no_grad in its place if gradients are needed within."
    )


class _Scope:
    """A block that sets the mode, also usable as a decorator; each subclass says which mode."""

    def __init__(self) -> None:
        # Usually empty or one; more where one object is entered again inside itself, or by several threads.
        self._blocks: list[Block] = []

    def _mode(self, outside: Mode) -> Mode:
        """Return the mode inside, given the one outside; raise where entering is forbidden."""
        raise NotImplementedError

    def __enter__(self) -> None:
        self._blocks.append(modes.push(self._mode(modes.current())))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._blocks:
            return
        at = -1
        if len(self._blocks) > 1:
            # My own innermost block; else this is another context closing what it was handed, such as a finaliser.
            at = max((i for i, block in enumerate(self._blocks) if block.is_mine()), default=-1)
        modes.close(self._blocks.pop(at))

    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]:
        """Return `fn` with the scope around each of its steps."""
        return reentry.decorate(fn, self._mode)


class _PlainScope(_Scope):
    """A scope without arguments: `@no_grad` decorates as well as `@no_grad()`."""

    @overload
    def __new__(cls, fn: None = None, /) -> Self: ...
    @overload
    def __new__(cls, fn: Callable[P, R], /) -> Callable[P, R]: ...  # type: ignore[misc]
    def __new__(cls, fn: Any = None, /) -> Any:
        """Return a scope, or the function given with the scope around it."""
        return super().__new__(cls) if fn is None else cls()(fn)


class no_grad(_PlainScope):  # noqa: N801 - PyTorch's name
    """Compute without recording a graph. Inside inference mode it changes nothing.

    A block (`with no_grad():`) and a decorator (`@no_grad`, `@no_grad()`) of functions, coroutines and generators.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html
    """

    def _mode(self, outside: Mode) -> Mode:
        return INFERENCE if outside is INFERENCE else NO_GRAD


class enable_grad(_PlainScope):  # noqa: N801 - PyTorch's name
    """Record a graph again, inside `no_grad`.

    A block and a decorator, as `no_grad`.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.enable_grad.html

    Raises:
        InferenceModeError: Entered inside inference mode.
    """

    def _mode(self, outside: Mode) -> Mode:
        if outside is INFERENCE:
            raise _terminal("enable_grad() was entered")
        return GRAD


class set_grad_enabled(_Scope):  # noqa: N801 - PyTorch's name
    """Turn recording on or off: at once when called, until the block's end in `with`, per call as a decorator.

    Called as a function inside another block, it holds until that block ends.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.set_grad_enabled.html

    Args:
        mode: Whether to record.

    Raises:
        InferenceModeError: `mode` is true inside inference mode.
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = bool(mode)
        self._before = modes.top()
        self._revision = modes.revise(self._mode(self._before.mode))

    def _mode(self, outside: Mode) -> Mode:
        if outside is INFERENCE:
            if self.mode:
                raise _terminal("set_grad_enabled(True) was called")
            return INFERENCE
        return GRAD if self.mode else NO_GRAD

    def _undo(self) -> None:
        """Take the call's own effect back: it turned out to open a block, or to decorate."""
        if modes.TOP.get() is self._revision:
            modes.TOP.set(self._before)

    def __enter__(self) -> None:
        self._undo()
        super().__enter__()

    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]:
        """Return `fn` with the scope around each call; the call that made this object has no effect."""
        self._undo()
        return super().__call__(fn)


class inference_mode(_Scope):  # noqa: N801 - PyTorch's name
    """Compute without a graph, and mark what is made as inference-only, for ever.

    A block (`with inference_mode():`) and a decorator (`@inference_mode`, `@inference_mode()`) of functions,
    coroutines, generators and async generators, around each of their steps. `inference_mode(False)` does nothing.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html

    A generator that is *not* decorated and is suspended inside such a block leaves its consumer in inference mode
    until it is closed; decorate the generator instead.

    Args:
        mode: Whether to enter inference mode; or the function to decorate.

    Raises:
        InferenceModeError: `inference_mode(False)` was entered inside inference mode.
    """

    @overload
    def __new__(cls, mode: bool = True) -> Self: ...
    @overload
    def __new__(cls, mode: Callable[P, R]) -> Callable[P, R]: ...  # type: ignore[misc]
    def __new__(cls, mode: Any = True) -> Any:
        """Return a scope, or the function given with the scope around it."""
        if callable(mode):
            return cls()(mode)
        if not isinstance(mode, int):
            raise TypeError(f"inference_mode expected a function to decorate, or a bool; got {mode!r}")
        return super().__new__(cls)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.mode = bool(mode)

    def _mode(self, outside: Mode) -> Mode:
        if self.mode:
            return INFERENCE
        if outside is INFERENCE:
            raise _terminal("inference_mode(False) was entered")
        return outside

    @staticmethod
    def run(fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call `fn` inside inference mode and return its result.

        Args:
            fn: A function, or one that returns a coroutine; that is then an awaitable of its result, and runs
                inside inference mode whenever it is awaited.
            args: Its positional arguments.
            kwargs: Its keyword arguments.
        """
        return inference_mode()(fn)(*args, **kwargs)
