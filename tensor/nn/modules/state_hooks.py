"""`StateHooks`: what users hang on saving and loading a module's state, such as the renaming of old keys."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tensor.handles import RemovableHandle

Hook = Callable[..., Any]


@dataclass
class StateHooks:
    """The hooks of one module, by the moment at which they are called."""

    before_save: OrderedDict[int, Hook] = field(default_factory=OrderedDict)
    after_save: OrderedDict[int, Hook] = field(default_factory=OrderedDict)
    before_load: OrderedDict[int, Hook] = field(default_factory=OrderedDict)
    after_load: OrderedDict[int, Hook] = field(default_factory=OrderedDict)


class StateHooked:
    """A module whose `state_dict` and `load_state_dict` call hooks."""

    _state_hooks: StateHooks

    def register_state_dict_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before this module's part of a `state_dict` is made.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return RemovableHandle(self._state_hooks.before_save, hook)

    def register_state_dict_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` after it is made; the hook may change it in place.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return RemovableHandle(self._state_hooks.after_save, hook)

    _register_state_dict_hook = register_state_dict_post_hook

    def register_load_state_dict_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call a hook before `load_state_dict` looks at this module's keys.

        It is called as `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
        error_msgs)`, may change the `state_dict` in place (a copy of the caller's) and append to `error_msgs`.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return RemovableHandle(self._state_hooks.before_load, hook)

    def _register_load_state_dict_pre_hook(self, hook: Hook, with_module: bool = False) -> RemovableHandle:
        """The same as model files of some years ago call it: the hook gets the module only if asked for."""
        return self.register_load_state_dict_pre_hook(hook if with_module else lambda module, *args: hook(*args))

    def register_load_state_dict_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after loading; it may take keys out of the lists it is given.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return RemovableHandle(self._state_hooks.after_load, hook)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """See this module's keys before they are loaded; subclasses override it to rename or reshape entries."""
        for hook in [*self._state_hooks.before_load.values()]:
            hook(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
