"""`Optimizer`: groups of parameters, their options and their state, whatever the update rule."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, TypeAlias

import numpy as np

from tensor import modes, writes
from tensor.bases import describe, whence
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError, InferenceTensorError
from tensor.nn.gradients import clear_grad
from tensor.optim.hooks import Hooked
from tensor.optim.options import check_recorded
from tensor.optim.state import State, check_unmarked, owned
from tensor.scopes import enable_grad, no_grad
from tensor.tensors import Tensor

Group: TypeAlias = dict[str, Any]
ParamsT: TypeAlias = Iterable[Tensor] | Iterable[Group] | Iterable[tuple[str, Tensor]]

# Options that checkpoints from before there were such options lack: their defaults then are those of the optimiser.
_ADDED_LATER = frozenset(["maximize", "foreach", "capturable", "differentiable", "fused", "decoupled_weight_decay"])


class _Required:
    """What optimisers of one's own give as the default of an option that each group must set."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer(Hooked):
    """Base of optimisers: a subclass gives its options' defaults and `_update`, which steps one parameter, or `step`.

    Args:
        params: the tensors to train; or dicts, each with `"params"` and options of their own; or named parameters.
        defaults: the options of groups that do not set them.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: no parameter, a parameter twice, names for some only, or a parameter that is not a leaf.
        TypeError: something is no tensor.

    Source: https://docs.pytorch.org/docs/stable/optim.html
    """

    # Entries of the state that have the parameter's shape, and those that are numbers in tensors of no dimensions; a
    # rule of one's own names none, and finds what it has put there.
    _shaped: ClassVar[frozenset[str]] = frozenset()
    _numbers: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, params: ParamsT, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor | Mapping):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of tensors or dicts, "
                f"got one {type(params).__name__}"
            )
        self.defaults = defaults
        super().__init__()
        self.state: defaultdict[Any, State] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    # ---- parameters

    def add_param_group(self, param_group: Group) -> None:
        """Train more parameters, such as unfrozen layers, with options of their own.

        Args:
            param_group: `{"params": tensors}` and any options.

        Raises:
            InferenceTensorError: a parameter is inference-only.
            ValueError: a parameter twice, names for some only, or a parameter that is not a leaf.
            TypeError: something is no tensor, or the group no dict.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        members, names = _separated(param_group["params"])
        known = {id(member) for group in self.param_groups for member in group["params"]}
        for index, member in enumerate(members):
            _check_trainable(member, index)
            if id(member) in known:
                raise ValueError(
                    f"some parameters appear in more than one parameter group, or twice in one: parameter {index}"
                )
            known.add(id(member))
        group = {**param_group, "params": members}
        if names:
            group["param_names"] = names
        for other in self.param_groups:
            if ("param_names" in other) != ("param_names" in group):
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{'with' if names else 'without'} names to the optimizer"
                )
        for name, default in self.defaults.items():
            if default is required and name not in group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            group.setdefault(name, default)
        check_recorded(group.get("differentiable"))
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters.

        Args:
            set_to_none: false fills them with zeros instead.
        """
        for parameter in self._parameters():
            clear_grad(parameter, set_to_none=set_to_none)

    def _parameters(self) -> Iterator[Tensor]:
        for group in self.param_groups:
            yield from group["params"]

    # ---- steps

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient.

        Args:
            closure: computes the loss and the gradients afresh.

        Returns:
            What the closure returned, or None.

        Raises:
            InferenceTensorError: an option or something in the state is inference-only; nothing has changed then.
            ReadOnlyError: a parameter's memory is read-only; nothing has changed then.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad(), np.errstate(all="ignore"):
            due = [
                (parameter, options)
                for options in map(with_numbers, self.param_groups)
                for parameter in options["params"]
                if parameter.grad is not None
            ]
            for parameter, _ in due:
                self._check_step(parameter)
            for parameter, options in due:
                state = self.state.get(parameter, {})
                self._update(parameter._writable_array(), parameter.grad._data, state, options)
                if state:
                    self.state[parameter] = state
        return loss

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        """Step one parameter in place.

        Args:
            array: the parameter's memory.
            gradient: its gradient, of the same shape; not to be written to.
            state: what the rule remembers about this parameter; empty before its first step.
            options: those of the parameter's group, numbers in tensors being taken out of them.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update rule: override _update, or step")

    def _check_step(self, parameter: Tensor) -> None:
        """Raise if a step may not write to a parameter, or would write inference-only data into it."""
        writes.check("step", parameter, (parameter.grad,), modes.current())
        if parameter in self.state:
            for name, value in self.state[parameter].items():
                check_unmarked(value, name)

    # ---- what is kept

    def state_dict(self) -> dict[str, Any]:
        """Return options and state, with parameters as numbers in the order of the groups; tensors are not copied.

        Returns:
            `{"state": {number: {name: value}}, "param_groups": [{option: value, "params": [number]}]}`.
        """
        for hook in list(self._hooks["state_dict_pre"].values()):
            hook(self)
        numbers = {id(parameter): number for number, parameter in enumerate(self._parameters())}
        state_dict: dict[str, Any] = {
            "state": {
                numbers[id(key)] if isinstance(key, Tensor) else key: dict(state) if isinstance(key, Tensor) else state
                for key, state in self.state.items()
            },
            "param_groups": [
                {
                    **{name: value for name, value in group.items() if name != "params"},
                    "params": [numbers[id(parameter)] for parameter in group["params"]],
                }
                for group in self.param_groups
            ],
        }
        for hook in list(self._hooks["state_dict_post"].values()):
            if (changed := hook(self, state_dict)) is not None:
                state_dict = changed
        return state_dict

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and state, matching parameters by their place; on an error nothing has changed.

        Args:
            state_dict: what `state_dict` returned, of the same kind of optimiser over parameters of the same shapes.

        Raises:
            ValueError: it has other groups, lacks options of this kind of optimiser, or has state of other shapes.
            InferenceTensorError: something in it is inference-only.
            UnsupportedError: its steps are recorded.
        """
        state_dict = dict(state_dict)
        for hook in list(self._hooks["load_state_dict_pre"].values()):
            if (changed := hook(self, state_dict)) is not None:
                state_dict = changed
        if not {"state", "param_groups"} <= state_dict.keys():
            raise ArgumentError(
                "expected an optimiser's state_dict, with 'state' and 'param_groups', got one with the keys "
                f"{list(state_dict)}: of a checkpoint with several parts, pass the optimiser's"
            )
        groups = self._loadable_groups(list(state_dict["param_groups"]))
        numbers = dict(zip((number for group in groups for number in group["params"]), self._parameters(), strict=True))
        state: defaultdict[Any, State] = defaultdict(dict)
        for key, entries in state_dict["state"].items():
            if key not in numbers:
                check_unmarked(entries, str(key))
                state[key] = entries
                continue
            state[numbers[key]] = {
                name: owned(value, name, numbers[key], self._shaped, self._numbers) for name, value in entries.items()
            }
        groups = [
            {
                **({"param_names": old["param_names"]} if "param_names" in old else {}),
                **copy.deepcopy({name: value for name, value in new.items() if name != "params"}),
                "params": old["params"],
            }
            for new, old in zip(groups, self.param_groups, strict=True)
        ]
        self.__setstate__({"state": state, "param_groups": groups})
        for hook in list(self._hooks["load_state_dict_post"].values()):
            hook(self)

    def _loadable_groups(self, groups: list[Group]) -> list[Group]:
        """Return the groups of a state dict with all options, or raise if they do not fit."""
        found = [len(group["params"]) for group in groups]
        expected = [len(group["params"]) for group in self.param_groups]
        if len(found) != len(expected):
            raise ValueError(
                "loaded state dict has a different number of parameter groups: "
                f"{len(found)}, this optimizer has {len(expected)}"
            )
        if found != expected:
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                f"its groups are of {found} parameters, this optimizer's of {expected}"
            )
        added = {name: value for name, value in self.defaults.items() if name in _ADDED_LATER}
        groups = [{**added, **group} for group in groups]
        for index, group in enumerate(groups):
            if missing := sorted(self.defaults.keys() - group.keys()):
                raise ValueError(
                    f"group {index} of the state dict has no {', '.join(missing)}: it is that of another kind of "
                    f"optimizer than {type(self).__name__}"
                )
            for name, value in group.items():
                check_unmarked(value, name)
            check_recorded(group.get("differentiable"))
        return groups

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "_hooks" not in self.__dict__:
            super().__init__()
        self.__dict__.update(state)

    def __repr__(self) -> str:
        groups = []
        for number, group in enumerate(self.param_groups):
            options = [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
            groups.append("\n".join(["", f"Parameter Group {number}", *options, ""]))
        return f"{type(self).__name__} ({''.join(groups)})"


def _separated(members: Any) -> tuple[list[Any], list[str]]:
    """Return the tensors of a group, and their names where it gives any."""
    if isinstance(members, set):
        raise TypeError("optimizer parameters need to be organized in ordered collections, but a set has no order")
    members = [members] if isinstance(members, Tensor) else list(members)
    names = [member[0] for member in members if isinstance(member, tuple)]
    if names and len(names) != len(members):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    return [member[1] for member in members] if names else members, names


def _check_trainable(parameter: Any, index: int) -> None:
    if not isinstance(parameter, Tensor):
        raise TypeError(f"optimizer can only optimize Tensors, but parameter {index} is a {type(parameter).__name__}")
    if parameter.is_inference():
        raise InferenceTensorError(
            f"parameter {index} ({describe(parameter)}) is inference-only, an optimizer cannot train it. "
            f"{whence(parameter.origin)} Build the model outside inference_mode, or train on a copy: "
            "tensor.as_training_data(t)."
        )
    if not parameter.is_leaf and not parameter.retains_grad:
        raise ValueError(f"can't optimize a non-leaf Tensor: parameter {index} was computed, by {parameter.grad_fn}")


def with_numbers(group: Group) -> Group:
    """Return a group in which numbers in tensors and arrays, such as a scheduler's learning rate, are Python's.

    Args:
        group: options, and the parameters.

    Raises:
        InferenceTensorError: an option is inference-only.
        DtypeError: an option is something to iterate over other than a list or a tuple.
    """
    return {name: value if name == "params" else _plain(value, name) for name, value in group.items()}


def _plain(value: Any, name: str) -> Any:
    if type(value) in (bool, int, float, str, type(None)):
        return value
    check_unmarked(value, name)
    if isinstance(value, list | tuple):
        return tuple(_plain(each, name) for each in value)
    if isinstance(value, Tensor | np.ndarray | np.generic):
        return value.item() if value.size == 1 or isinstance(value, Tensor) else value
    if isinstance(value, Iterable) and not isinstance(value, Mapping | str):
        raise DtypeError(
            f"the optimizer's {name} is a {type(value).__name__}: give numbers, or a list or tuple of them"
        )
    return value
