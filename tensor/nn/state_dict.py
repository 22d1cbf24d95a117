"""Loading a `state_dict` into a module: what fits is checked before anything changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tensor import modes, writes
from tensor.errors import TensorError
from tensor.modes import is_inference_mode_enabled
from tensor.nn.deferred import array_of
from tensor.nn.parameter import Parameter
from tensor.scopes import no_grad
from tensor.tensors import Tensor

if TYPE_CHECKING:
    from tensor.nn.modules.module import Module


class StateDictError(TensorError):
    """A `state_dict` does not fit a module; the message lists every key that is missing, unexpected or misshapen."""


class IncompatibleKeys(NamedTuple):
    """The keys that a lenient `load_state_dict` passed over.

    Args:
        missing_keys: in the module, but not in the `state_dict`.
        unexpected_keys: in the `state_dict`, but not in the module.
    """

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not any(self):
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


@dataclass(frozen=True)
class Slot:
    """A place in a module for one tensor of its state.

    Args:
        module: the module that owns it.
        name: the parameter's or buffer's name in that module.
        tensor: what is there now.
    """

    module: Module
    name: str
    tensor: Tensor

    def put(self, tensor: Tensor) -> None:
        """Replace what is there."""
        setattr(self.module, self.name, tensor)


def load(module: Module, state_dict: Mapping[str, Any], *, strict: bool, assign: bool) -> IncompatibleKeys:
    """See `Module.load_state_dict`."""
    slots = slots_of(module)
    keys = IncompatibleKeys(
        missing_keys=[name for name in slots if name not in state_dict],
        unexpected_keys=[name for name in state_dict if name not in slots],
    )
    fitting = {name: (slot, state_dict[name]) for name, slot in slots.items() if name in state_dict}
    problems = [problem for name, pair in fitting.items() if (problem := _misfit(name, *pair))]
    if strict and keys.unexpected_keys:
        problems.insert(0, f"Unexpected key(s) in state_dict: {_quoted(keys.unexpected_keys)}. ")
    if strict and keys.missing_keys:
        problems.insert(0, f"Missing key(s) in state_dict: {_quoted(keys.missing_keys)}. ")
    if problems:
        raise StateDictError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(problems))
    assigned: dict[int, Tensor] = {}  # by what was there before: parameters that two modules share stay shared
    puts, copies = [], []
    with no_grad():
        for name, (slot, tensor) in fitting.items():  # whatever can raise, before anything changes
            if assign or _can_share(slot.tensor, tensor):
                if id(slot.tensor) not in assigned:
                    assigned[id(slot.tensor)] = _like(slot.tensor, tensor)
                puts.append((slot, assigned[id(slot.tensor)]))
            else:
                writes.check(f"load_state_dict, {name}:", slot.tensor, (tensor,), modes.current())
                copies.append((slot.tensor, tensor))
        for target, tensor in copies:
            target.copy_(tensor)
    for slot, tensor in puts:
        slot.put(tensor)
    return keys


def slots_of(module: Module) -> dict[str, Slot]:
    """Return the places that a module's `state_dict` covers, by key, in its order."""
    slots: dict[str, Slot] = {}
    for prefix, owner in module.named_modules(remove_duplicate=False):
        for name, tensor in owner._own_state():
            slots[f"{prefix}.{name}" if prefix else name] = Slot(owner, name, tensor)
    return slots


def _misfit(name: str, slot: Slot, value: Any) -> str | None:
    if not isinstance(value, Tensor):
        return (
            f'"{name}" is a {type(value).__name__} in the state_dict: pass tensors (from_numpy makes one of an array)'
        )
    if (found := value._data.shape) != (expected := array_of(slot.tensor).shape):
        return (
            f"size mismatch for {name}: copying a param with shape {found} from checkpoint, "
            f"the shape in current model is {expected}."
        )
    return None


def _can_share(old: Tensor, new: Tensor) -> bool:
    """Whether a replica may use `new` in place of its own copy: nobody can write to it, and nobody trains on `old`."""
    return (
        is_inference_mode_enabled()
        and old.is_inference()
        and not new._data.flags.writeable
        and new._data.dtype == array_of(old).dtype
    )


def _like(old: Tensor, new: Tensor) -> Tensor:
    return Parameter(new, requires_grad=old.requires_grad) if isinstance(old, Parameter) else new


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
