"""`Hooked`: calls of a module, and the functions that users hang on them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from tensor.handles import RemovableHandle
from tensor.nn.modules.backward_hooks import BackwardHooks


class _ForwardHook(NamedTuple):
    call: Callable[..., Any]
    with_kwargs: bool
    always: bool = False


class Hooked:
    """What is called through hooks. A hook that returns something else than None replaces what it was shown."""

    _forward_pre_hooks: OrderedDict[int, _ForwardHook]
    _forward_hooks: OrderedDict[int, _ForwardHook]
    _backward_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _backward_hooks: OrderedDict[int, Callable[..., Any]]

    forward: Callable[..., Any]

    def __init__(self) -> None:
        self.__dict__.update({table: OrderedDict() for table in _TABLES})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, between the hooks."""
        state = self.__dict__
        if not (
            state["_forward_hooks"]
            or state["_forward_pre_hooks"]
            or state["_backward_hooks"]
            or state["_backward_pre_hooks"]
        ):
            return self.forward(*args, **kwargs)
        due = list(self._forward_hooks.values())
        output = None
        try:
            args, kwargs = self._before(args, kwargs)
            backward = None
            if self._backward_hooks or self._backward_pre_hooks:
                backward = BackwardHooks(self, [*self._backward_pre_hooks.values()], [*self._backward_hooks.values()])
                args = backward.around_inputs(args)
            output = self.forward(*args, **kwargs)
            while due:
                output = self._after(due.pop(0), args, kwargs, output)
            return output if backward is None else backward.around_output(output)
        except BaseException:
            for hook in due:
                if hook.always:
                    output = self._after(hook, args, kwargs, output)
            raise

    def _before(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for hook in [*self._forward_pre_hooks.values()]:
            if hook.with_kwargs:
                if (changed := hook.call(self, args, kwargs)) is not None:
                    args, kwargs = changed
            elif (changed := hook.call(self, args)) is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        return args, kwargs

    def _after(self, hook: _ForwardHook, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        changed = hook.call(self, args, kwargs, output) if hook.with_kwargs else hook.call(self, args, output)
        return output if changed is None else changed

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before each `forward`; what it returns, unless None, becomes the arguments.

        Args:
            hook: the hook.
            prepend: run it before the hooks registered so far.
            with_kwargs: call `hook(module, args, kwargs)`, which returns both.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return RemovableHandle(self._forward_pre_hooks, _ForwardHook(hook, with_kwargs), prepend=prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after each `forward`; what it returns, unless None, becomes the output.

        Args:
            hook: the hook.
            prepend: run it before the hooks registered so far.
            with_kwargs: call `hook(module, args, kwargs, output)`.
            always_call: run it also where the call fails; its output is None then, if there was none yet.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return RemovableHandle(self._forward_hooks, _ForwardHook(hook, with_kwargs, always_call), prepend=prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` in backward, when the gradients of the inputs are known.

        Both are tuples with a gradient, or None, for each positional argument of the call and for each output. What
        the hook returns, unless None, goes on in place of `grad_input`. Inputs and outputs become views of themselves
        and must not be written to in place.

        Args:
            hook: the hook.
            prepend: run it before the hooks registered so far.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return RemovableHandle(self._backward_hooks, hook, prepend=prepend)

    register_backward_hook = register_full_backward_hook

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` in backward, when the gradients of the outputs are known.

        What the hook returns, unless None, goes on in place of `grad_output`.

        Args:
            hook: the hook.
            prepend: run it before the hooks registered so far.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return RemovableHandle(self._backward_pre_hooks, hook, prepend=prepend)


_TABLES = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
