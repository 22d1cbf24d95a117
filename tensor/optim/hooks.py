"""Hooks around an optimiser's steps, and around what it saves and loads."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeAlias

from tensor.handles import RemovableHandle

Hook: TypeAlias = Callable[..., Any]


class Hooked:
    """Base of optimisers: keeps hooks by when they are called, and calls those of steps around every class's `step`."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if (step := cls.__dict__.get("step")) is not None:
            cls.step = between_hooks(step)  # type: ignore[attr-defined]

    def __init__(self) -> None:
        self._hooks: defaultdict[str, dict[int, Hook]] = defaultdict(dict)

    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; what it returns, if anything, replaces the two.

        Args:
            hook: returns None or a tuple of new positional and keyword arguments of `step`.

        Returns:
            What takes the hook off again.
        """
        return RemovableHandle(self._hooks["step_pre"], hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step.

        Args:
            hook: what to call.

        Returns:
            What takes the hook off again.
        """
        return RemovableHandle(self._hooks["step_post"], hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before `state_dict` gathers options and state.

        Args:
            hook: what to call.
            prepend: whether to call it before those that are there.

        Returns:
            What takes the hook off again.
        """
        return RemovableHandle(self._hooks["state_dict_pre"], hook, prepend=prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` with what `state_dict` is about to return; what it returns replaces that.

        Args:
            hook: returns None or another state dict.
            prepend: whether to call it before those that are there.

        Returns:
            What takes the hook off again.
        """
        return RemovableHandle(self._hooks["state_dict_post"], hook, prepend=prepend)

    def register_load_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before loading; what it returns, if anything, is loaded instead.

        Args:
            hook: returns None or another state dict.
            prepend: whether to call it before those that are there.

        Returns:
            What takes the hook off again.
        """
        return RemovableHandle(self._hooks["load_state_dict_pre"], hook, prepend=prepend)

    def register_load_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` after loading.

        Args:
            hook: what to call.
            prepend: whether to call it before those that are there.

        Returns:
            What takes the hook off again.
        """
        return RemovableHandle(self._hooks["load_state_dict_post"], hook, prepend=prepend)


def between_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return a class's `step` with the hooks called around it: once, if it calls the `step` of its base.

    Args:
        step: the method.
    """

    @functools.wraps(step)
    def hooked(self: Hooked, *args: Any, **kwargs: Any) -> Any:
        if self.__dict__.get("_stepping"):
            return step(self, *args, **kwargs)
        if "_opt_called" in self.__dict__:  # a scheduler of learning rates wants to know
            self.__dict__["_opt_called"] = True
        for hook in list(self._hooks["step_pre"].values()):
            changed = hook(self, args, kwargs)
            if changed is None:
                continue
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise RuntimeError(f"a hook before step must return None or (new_args, new_kwargs), but got {changed}")
            args, kwargs = changed
        self.__dict__["_stepping"] = True
        try:
            out = step(self, *args, **kwargs)
        finally:
            del self.__dict__["_stepping"]
        for hook in list(self._hooks["step_post"].values()):
            hook(self, args, kwargs)
        return out

    hooked._counts_steps = True  # type: ignore[attr-defined]
    return hooked
