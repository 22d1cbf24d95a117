"""`Hooked`: calls of a module, and the functions that users hang on them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from tensor.handles import RemovableHandle
from tensor.nn.modules.backward_hooks import BackwardHooks

Hooks = OrderedDict[int, Callable[..., Any]]

# Hooks of all modules, called before a module's own; ids are unique, so that these share the module's code.
_every_forward_pre: Hooks = OrderedDict()
_every_forward: Hooks = OrderedDict()
_every_backward_pre: Hooks = OrderedDict()
_every_backward: Hooks = OrderedDict()
_every_with_kwargs: set[int] = set()
_every_always_called: set[int] = set()


class Hooked:
    """What is called through hooks. A hook that returns something else than None replaces what it was shown.

    The tables hold the functions themselves, by the ids of their handles: model files look through them.
    """

    _forward_pre_hooks: Hooks
    _forward_hooks: Hooks
    _backward_pre_hooks: Hooks
    _backward_hooks: Hooks
    _hooks_with_kwargs: set[int]
    _hooks_always_called: set[int]

    forward: Callable[..., Any]

    def __init__(self) -> None:
        self.__dict__.update({table: OrderedDict() for table in _TABLES})
        self.__dict__.update(_hooks_with_kwargs=set(), _hooks_always_called=set())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, between the hooks."""
        state = self.__dict__
        if not (
            state["_forward_hooks"]
            or state["_forward_pre_hooks"]
            or state["_backward_hooks"]
            or state["_backward_pre_hooks"]
            or _every_forward
            or _every_forward_pre
            or _every_backward
            or _every_backward_pre
        ):
            return self.forward(*args, **kwargs)
        due = [*_every_forward.items(), *self._forward_hooks.items()]
        output = None
        try:
            args, kwargs = self._before(args, kwargs)
            backward = None
            before = [*_every_backward_pre.values(), *self._backward_pre_hooks.values()]
            after = [*_every_backward.values(), *self._backward_hooks.values()]
            if before or after:
                backward = BackwardHooks(self, before, after)
                args = backward.around_inputs(args)
            output = self.forward(*args, **kwargs)
            while due:
                output = self._after(*due.pop(0), args, kwargs, output)
            return output if backward is None else backward.around_output(output)
        except BaseException:
            for key, hook in due:
                if key in self._hooks_always_called or key in _every_always_called:
                    output = self._after(key, hook, args, kwargs, output)
            raise

    def _before(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for key, hook in [*_every_forward_pre.items(), *self._forward_pre_hooks.items()]:
            if key in self._hooks_with_kwargs:
                if (changed := hook(self, args, kwargs)) is not None:
                    args, kwargs = changed
            elif (changed := hook(self, args)) is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        return args, kwargs

    def _after(
        self, key: int, hook: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> Any:
        more = (kwargs,) if key in self._hooks_with_kwargs or key in _every_with_kwargs else ()
        changed = hook(self, args, *more, output)
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
        handle = RemovableHandle(self._forward_pre_hooks, hook, prepend=prepend)
        if with_kwargs:
            self._hooks_with_kwargs.add(handle.id)
        return handle

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
        handle = RemovableHandle(self._forward_hooks, hook, prepend=prepend)
        if with_kwargs:
            self._hooks_with_kwargs.add(handle.id)
        if always_call:
            self._hooks_always_called.add(handle.id)
        return handle

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


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before each `forward` of every module; see `Module.register_forward_pre_hook`.

    Args:
        hook: the hook; those of a module are called after it.

    Returns:
        A handle whose `remove()` takes the hook away.
    """
    return RemovableHandle(_every_forward_pre, hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after each `forward` of every module; see `Module.register_forward_hook`.

    Args:
        hook: the hook; those of a module are called after it.
        with_kwargs: call `hook(module, args, kwargs, output)`.
        always_call: run it also where the call fails.

    Returns:
        A handle whose `remove()` takes the hook away.
    """
    handle = RemovableHandle(_every_forward, hook)
    if with_kwargs:
        _every_with_kwargs.add(handle.id)
    if always_call:
        _every_always_called.add(handle.id)
    return handle


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` in backward for every module.

    Args:
        hook: the hook, as `Module.register_full_backward_hook` takes it.

    Returns:
        A handle whose `remove()` takes the hook away.
    """
    return RemovableHandle(_every_backward, hook)


register_module_backward_hook = register_module_full_backward_hook


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` in backward for every module.

    Args:
        hook: the hook, as `Module.register_full_backward_pre_hook` takes it.

    Returns:
        A handle whose `remove()` takes the hook away.
    """
    return RemovableHandle(_every_backward_pre, hook)
