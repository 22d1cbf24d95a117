"""`Stateful`: a module's `state_dict`, how it is saved and loaded, and what users hang on that.

Saving and loading go from module to module as in PyTorch, so that a class may do its own part differently: by a hook,
or by overriding `state_dict`, `_save_to_state_dict` or `_load_from_state_dict`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tensor.errors import UnsupportedError
from tensor.handles import RemovableHandle
from tensor.nn.state_dict import IncompatibleKeys, load, load_own, versioned
from tensor.tensors import Tensor

if TYPE_CHECKING:
    from tensor.nn.parameter import Parameter

Hook = Callable[..., Any]
EXTRA = "_extra_state"


@dataclass
class StateHooks:
    """The hooks of one module, by the moment at which they are called."""

    before_save: OrderedDict[int, Hook] = field(default_factory=OrderedDict)
    after_save: OrderedDict[int, Hook] = field(default_factory=OrderedDict)
    before_load: OrderedDict[int, Hook] = field(default_factory=OrderedDict)
    after_load: OrderedDict[int, Hook] = field(default_factory=OrderedDict)


class Stateful:
    """What has parameters, buffers and parts, all by name, and is saved and loaded."""

    _version: ClassVar[int] = 1
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _transient_buffers: set[str]
    _modules: dict[str, Any]
    _state_hooks: StateHooks

    # --- Saving -------------------------------------------------------------------------------------------------------

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Return the parameters and persistent buffers by dotted name, without copying them.

        Args:
            destination: a dict to put them in; by default a new one.
            prefix: put before each name.
            keep_vars: return the parameters themselves; otherwise tensors without a graph that share their memory.

        Returns:
            Tensors by name, in the order of registration, and what `get_extra_state` gives of modules that have it.
        """
        state: dict[str, Any] = versioned() if destination is None else destination
        metadata = {"version": self._version}
        if hasattr(state, "_metadata"):
            state._metadata[prefix.removesuffix(".")] = metadata
        for hook in [*self._state_hooks.before_save.values()]:
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(state, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(destination=state, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in [*self._state_hooks.after_save.values()]:
            state = state if (changed := hook(self, state, prefix, metadata)) is None else changed
        return state

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        """Put what this very module has into a dict."""
        for name, tensor in self._own_state():
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if self._has_extra_state():
            destination[prefix + EXTRA] = self.get_extra_state()

    def _own_state(self) -> Iterator[tuple[str, Tensor]]:
        for name, parameter in self._parameters.items():
            if parameter is not None:
                yield name, parameter
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._transient_buffers:
                yield name, buffer

    # --- Loading ------------------------------------------------------------------------------------------------------

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Take over parameters and buffers by name; on an error nothing has changed.

        Inside `inference_mode`, a module that was built there does not copy tensors that are read-only (mapped or
        shared) and of its own dtype: it uses them, so all replicas on a node share one copy.

        A class that overrides `_load_from_state_dict` has its values as soon as its method has called this one's, and
        keeps them where another module's are refused.

        Args:
            state_dict: tensors by dotted name.
            strict: whether its keys must be exactly this module's.
            assign: use the given tensors in place of the module's own, in every mode. Outside `inference_mode`, those
                that are read-only are copied, unless they are for parameters that do not require a gradient.

        Returns:
            The keys that were missing or unexpected, when not strict.

        Raises:
            StateDictError: keys or shapes do not fit; names them all.
            InferenceTensorError: the tensors are inference-only, the module is to be trained.
        """
        return load(self, state_dict, strict=strict, assign=assign)

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
        """Take over what this very module has; subclasses override it to rename or reshape entries before.

        Args:
            state_dict: all entries below the prefix; may be changed.
            prefix: of the names of this module.
            local_metadata: the class's version when it was saved, where the file says so.
            strict: whether missing and unexpected keys count.
            missing_keys: to be added to.
            unexpected_keys: to be added to.
            error_msgs: to be added to.
        """
        for hook in [*self._state_hooks.before_load.values()]:
            hook(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        self._adapt_state(state_dict, prefix)
        keys = IncompatibleKeys(missing_keys, unexpected_keys) if strict else IncompatibleKeys([], [])
        at_once = type(self)._load_from_state_dict is not Stateful._load_from_state_dict
        load_own(self, state_dict, prefix, local_metadata, keys, error_msgs, at_once=at_once)

    def _adapt_state(self, state_dict: dict[str, Any], prefix: str) -> None:
        """Make ready for a state, or make it fit: what layers do of their own."""

    # --- More than tensors --------------------------------------------------------------------------------------------

    def get_extra_state(self) -> Any:
        """Return what else belongs to a `state_dict`; a subclass that has such overrides this and `set_extra_state`."""
        raise UnsupportedError(f"{type(self).__name__} has no extra state: define get_extra_state and set_extra_state")

    def set_extra_state(self, state: Any) -> None:
        """Take over what `get_extra_state` returned."""
        raise UnsupportedError(f"{type(self).__name__} defines get_extra_state, but no set_extra_state")

    def _has_extra_state(self) -> bool:
        return type(self).get_extra_state is not Stateful.get_extra_state

    # --- Hooks --------------------------------------------------------------------------------------------------------

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

        Where keys are missing or unexpected and count, it is called before the values are taken over.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return RemovableHandle(self._state_hooks.after_load, hook)
