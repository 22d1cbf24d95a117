"""Loading a `state_dict` into a module: what fits is checked before anything changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tensor import modes, writes
from tensor.errors import TensorError
from tensor.nn.deferred import array_of
from tensor.nn.parameter import Parameter
from tensor.nn.sharing import can_share, own, share
from tensor.scopes import no_grad
from tensor.sizes import Size
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


def versioned() -> OrderedDict[str, Any]:
    """Return an empty `state_dict` with a place for the versions of the classes that fill it, as PyTorch keeps them."""
    state: OrderedDict[str, Any] = OrderedDict()
    state._metadata = {}  # type: ignore[attr-defined]
    return state


@dataclass
class _Loading:
    """One `load_state_dict` on its way through the parts of a module.

    Args:
        assign: whether the given tensors are used themselves.
        slots: the places of those parts that are loaded at the end, all or none.
        values: what goes there.
        extra: modules, and what `set_extra_state` is called with.
        after: hooks to be called, with their modules.
    """

    assign: bool = False
    slots: dict[str, Slot] = field(default_factory=dict)
    values: dict[str, Tensor] = field(default_factory=dict)
    extra: list[tuple[Any, Any]] = field(default_factory=list)
    after: list[tuple[Any, Callable[..., Any]]] = field(default_factory=list)


_LOADING = "shoal_loading"  # where a module's part of the metadata names the loading that it is part of


def load(module: Any, state_dict: Mapping[str, Any], *, strict: bool, assign: bool) -> IncompatibleKeys:
    """See `Module.load_state_dict`."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    keys, problems, loading = IncompatibleKeys([], []), list[str](), _Loading(assign)
    _visit(module, dict(state_dict), "", getattr(state_dict, "_metadata", {}), keys, problems, loading)
    if early := strict and any(keys):  # hooks may forgive it
        _call_after(loading, keys)
    if strict and keys.unexpected_keys:
        problems.insert(0, f"Unexpected key(s) in state_dict: {_quoted(keys.unexpected_keys)}. ")
    if strict and keys.missing_keys:
        hints = _tied_hint(slots_of(module), keys)
        problems[:0] = [f"Missing key(s) in state_dict: {_quoted(keys.missing_keys)}. ", *hints]
    if problems:
        raise StateDictError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(problems))
    _take(loading.slots, loading.values, assign=assign)
    for owner, value in loading.extra:
        owner.set_extra_state(value)
    if not early:
        _call_after(loading, keys)
    return keys


def _visit(
    module: Any,
    state_dict: dict[str, Any],
    prefix: str,
    versions: Mapping[str, Any],
    keys: IncompatibleKeys,
    problems: list[str],
    loading: _Loading,
) -> None:
    """Let a module and all inside it say what they take of the entries below a prefix."""
    metadata = {**versions.get(prefix.removesuffix("."), {}), "assign_to_params_buffers": loading.assign}
    module._load_from_state_dict(
        state_dict, prefix, {**metadata, _LOADING: loading}, True, keys.missing_keys, keys.unexpected_keys, problems
    )
    for name, child in module._modules.items():
        if child is not None:
            below = f"{prefix}{name}."
            part = {key: value for key, value in state_dict.items() if key.startswith(below)}
            _visit(child, part, below, versions, keys, problems, loading)
    loading.after.extend((module, hook) for hook in module._state_hooks.after_load.values())


def _call_after(loading: _Loading, keys: IncompatibleKeys) -> None:
    for owner, hook in loading.after:
        hook(owner, keys)


def load_own(
    module: Any,
    state_dict: Mapping[str, Any],
    prefix: str,
    metadata: Mapping[str, Any],
    keys: IncompatibleKeys,
    problems: list[str],
    *,
    at_once: bool,
) -> None:
    """Find the values of one module's own slots, and take them over now or when all of the modules have theirs.

    Args:
        module: whose slots they are.
        state_dict: tensors by dotted name.
        prefix: of the module's names.
        metadata: what `_load_from_state_dict` was given.
        keys: told which ones are missing and unexpected.
        problems: told what does not fit.
        at_once: whether to take them over now.
    """
    loading = metadata.get(_LOADING) or _Loading(bool(metadata.get("assign_to_params_buffers")))
    at_once = at_once or _LOADING not in metadata
    slots = {prefix + name: Slot(module, name, tensor) for name, tensor in module._own_state()}
    values = {}
    for name, slot in slots.items():
        if name not in state_dict:
            keys.missing_keys.append(name)
            continue
        value = _as_scalar(slot, state_dict[name])
        if problem := _misfit(name, slot, value):
            problems.append(problem)
        else:
            values[name] = value
    known = set(slots)
    if module._has_extra_state():
        name = f"{prefix}_extra_state"
        known.add(name)
        if name in state_dict:
            loading.extra.append((module, state_dict[name]))
        else:
            keys.missing_keys.append(name)
    keys.unexpected_keys.extend(
        name
        for name in state_dict
        if name.startswith(prefix) and name not in known and not _is_below(module, name.removeprefix(prefix))
    )
    if at_once:
        _take(slots, values, assign=loading.assign)
    else:
        loading.slots.update(slots)
        loading.values.update(values)


def _is_below(module: Any, name: str) -> bool:
    first, dot, _ = name.partition(".")
    return bool(dot) and module._modules.get(first) is not None


def _take(slots: Mapping[str, Slot], values: Mapping[str, Tensor], *, assign: bool) -> None:
    """Take over values that fit; whatever can raise does so before anything changes.

    Parameters that stand in several places stay one: with several values, the last counts, as with copies one by one.
    """
    last = {id(slots[name].tensor): name for name in values}
    shared, copies, assigned = [], [], {}
    with no_grad():
        for key, name in last.items():
            old, new = slots[name].tensor, values[name]
            if assign:
                assigned[key] = like(old, new)
            elif can_share(old, new):
                shared.append((old, new))
            else:
                writes.check(f"load_state_dict, {name}:", old, (new,), modes.current())
                copies.append((old, new))
        for old, new in copies:
            old.copy_(new)
    for old, new in shared:
        share(old, new)
    for slot in slots.values():
        if id(slot.tensor) in assigned:
            slot.put(assigned[id(slot.tensor)])


def with_tied(module: Module, state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """Give each name of a tied parameter a value where one of its names has one.

    Safetensors files that other libraries write hold a parameter that stands in several places of a module, such as a
    GPT's `wte.weight` and `lm_head.weight`, under one name only.

    Args:
        module: the module whose names they are.
        state_dict: tensors by dotted name.
    """
    found = dict(state_dict)
    slots = slots_of(module)
    given = {id(slot.tensor): found[name] for name, slot in slots.items() if name in found}
    for name, slot in slots.items():
        if name not in found and id(slot.tensor) in given:
            found[name] = given[id(slot.tensor)]
    return found


def _tied_hint(slots: Mapping[str, Slot], keys: IncompatibleKeys) -> list[str]:
    """Say which missing keys are other names of a parameter whose value is there."""
    there = {id(slot.tensor): name for name, slot in slots.items() if name not in keys.missing_keys}
    missing = [name for name in keys.missing_keys if name in slots]
    return [
        f"{name} is the same parameter as {there[id(slots[name].tensor)]}, which the state_dict has: "
        "tensor.safetensors.load_model loads files that hold such parameters once."
        for name in missing
        if id(slots[name].tensor) in there
    ]


def slots_of(module: Module) -> dict[str, Slot]:
    """Return the places that a module's `state_dict` covers, by key, in its order."""
    slots: dict[str, Slot] = {}
    for prefix, owner in module.named_modules(remove_duplicate=False):
        for name, tensor in owner._own_state():
            slots[f"{prefix}.{name}" if prefix else name] = Slot(owner, name, tensor)
    return slots


def _as_scalar(slot: Slot, value: Any) -> Any:
    """Take the one element of a vector for a scalar, as old checkpoints have them."""
    scalar = array_of(slot.tensor).ndim == 0
    return value[0] if scalar and isinstance(value, Tensor) and value._data.shape == (1,) else value


def _misfit(name: str, slot: Slot, value: Any) -> str | None:
    if not isinstance(value, Tensor):
        return (
            f'"{name}" is a {type(value).__name__} in the state_dict: pass tensors (from_numpy makes one of an array)'
        )
    if (found := Size(value._data.shape)) != (expected := Size(array_of(slot.tensor).shape)):
        return (
            f"size mismatch for {name}: copying a param with shape {found} from checkpoint, "
            f"the shape in current model is {expected}."
        )
    return None


def like(old: Tensor, new: Tensor) -> Tensor:
    """Return `new` as what can stand where `old` does: a parameter, if that is one, and writable if it is trained."""
    if isinstance(old, Parameter):
        return Parameter(own(new) if old.requires_grad else new, requires_grad=old.requires_grad)
    return own(new)


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
