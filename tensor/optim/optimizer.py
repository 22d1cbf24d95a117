"""`Optimizer`: groups of parameters, their options and their state, whatever the update rule."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from tensor import modes, writes
from tensor.aliases import unwrapped
from tensor.bases import describe, whence, wrap
from tensor.dtypes import Array
from tensor.errors import InferenceTensorError
from tensor.marks import combine
from tensor.nn.gradients import clear_grad
from tensor.scopes import enable_grad, no_grad
from tensor.tensors import Tensor

Group: TypeAlias = dict[str, Any]
State: TypeAlias = dict[str, Any]
ParamsT: TypeAlias = Iterable[Tensor] | Iterable[Group] | Iterable[tuple[str, Tensor]]


class Optimizer:
    """Base of optimisers: a subclass gives its options' defaults and `_update`, which steps one parameter.

    Args:
        params: the tensors to train; or dicts, each with `"params"` and options of their own; or named parameters.
        defaults: the options of groups that do not set them.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: no parameter, a parameter twice, or one that is not a leaf.
        TypeError: something is no tensor.

    Source: https://docs.pytorch.org/docs/stable/optim.html
    """

    def __init__(self, params: ParamsT, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor | Mapping):
            raise TypeError(f"params should be an iterable of tensors or dicts, got one {type(params).__name__}")
        self.defaults = defaults
        self.state: defaultdict[Tensor, State] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Group) -> None:
        """Train more parameters, such as unfrozen layers, with options of their own.

        Args:
            param_group: `{"params": tensors}` and any options.

        Raises:
            InferenceTensorError: a parameter is inference-only.
            ValueError: a parameter twice, or one that is not a leaf.
            TypeError: something is no tensor.
        """
        members = param_group["params"]
        if isinstance(members, set):
            raise TypeError("optimizer parameters need to be organized in ordered collections, but a set has no order")
        members = [members] if isinstance(members, Tensor) else list(members)
        members = [member[1] if isinstance(member, tuple) else member for member in members]
        known = {id(member) for group in self.param_groups for member in group["params"]}
        for index, member in enumerate(members):
            _check_trainable(member, index)
            if id(member) in known:
                raise ValueError(f"parameter {index} appears in more than one parameter group, or twice in one")
            known.add(id(member))
        self.param_groups.append({**self.defaults, **param_group, "params": members})

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
        with no_grad():
            due = [
                (parameter, options)
                for group in self.param_groups
                for options in (_with_numbers(group),)
                for parameter in group["params"]
                if parameter.grad is not None
            ]
            for parameter, _ in due:
                writes.check("step", parameter, (), modes.current())
                for name, value in self.state.get(parameter, {}).items():
                    _check_unmarked(value, name)
            for parameter, options in due:
                gradient = parameter.grad._data
                gradient = -gradient if options.get("maximize") else gradient
                self._update(parameter._writable_array(), gradient, self.state[parameter], options)
        return loss

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        """Step one parameter in place.

        Args:
            array: the parameter's memory.
            gradient: what to descend along, of the same shape; not to be written to.
            state: what the rule remembers about this parameter; empty before its first step.
            options: those of the parameter's group.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update rule: override _update, or step")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters.

        Args:
            set_to_none: false fills them with zeros instead.
        """
        for group in self.param_groups:
            for parameter in group["params"]:
                clear_grad(parameter, set_to_none=set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """Return options and state, with parameters as numbers in the order of the groups; tensors are not copied.

        Returns:
            `{"state": {number: {name: value}}, "param_groups": [{option: value, "params": [number]}]}`.
        """
        numbers = {id(parameter): number for number, parameter in enumerate(self._parameters())}
        return {
            "state": {numbers[id(parameter)]: dict(state) for parameter, state in self.state.items()},
            "param_groups": [
                {**group, "params": [numbers[id(parameter)] for parameter in group["params"]]}
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and state, matching parameters by their place; on an error nothing has changed.

        Args:
            state_dict: what `state_dict` returned, of the same kind of optimiser over parameters of the same shapes.

        Raises:
            ValueError: it has other groups, lacks options of this kind of optimiser, or has state of other shapes.
            InferenceTensorError: something in it is inference-only.
        """
        groups: list[Group] = list(state_dict["param_groups"])
        if (found := [len(group["params"]) for group in groups]) != (
            expected := [len(group["params"]) for group in self.param_groups]
        ):
            raise ValueError(f"the state dict has groups of {found} parameters, this optimizer has {expected}")
        for index, group in enumerate(groups):
            if missing := sorted(self.defaults.keys() - group.keys()):
                raise ValueError(
                    f"group {index} of the state dict has no {', '.join(missing)}: it is that of another kind of "
                    f"optimizer than {type(self).__name__}"
                )
            for name, value in group.items():
                _check_unmarked(value, name)
        numbers = [number for group in groups for number in group["params"]]
        state: defaultdict[Tensor, State] = defaultdict(dict)
        for number, parameter in zip(numbers, self._parameters(), strict=True):
            if number in state_dict["state"]:
                state[parameter] = {
                    name: _own(value, name, parameter) for name, value in state_dict["state"][number].items()
                }
        self.param_groups = [
            {**copy.deepcopy(new), "params": old["params"]} for new, old in zip(groups, self.param_groups, strict=True)
        ]
        self.state = state

    def _parameters(self) -> list[Tensor]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])


def state_tensor(array: Array) -> Tensor:
    """Return a tensor over an array of state: never marked, whatever the mode, since it belongs to training."""
    return wrap(array)


def check_at_least_zero(**options: float) -> None:
    """Raise ValueError for an option that is negative (or not a number).

    Args:
        options: values by name.
    """
    for name, value in options.items():
        if not value >= 0:
            raise ValueError(f"invalid {name}: {value}; it must be at least 0")


def _check_trainable(parameter: Any, index: int) -> None:
    if not isinstance(parameter, Tensor):
        raise TypeError(f"an optimizer trains tensors, but parameter {index} is a {type(parameter).__name__}")
    if parameter.is_inference():
        raise InferenceTensorError(
            f"parameter {index} ({describe(parameter)}) is inference-only, an optimizer cannot train it. "
            f"{whence(parameter.origin)} Build the model outside inference_mode, or train on a copy: "
            "tensor.as_training_data(t)."
        )
    if not parameter.is_leaf:
        raise ValueError(f"can't optimize a non-leaf Tensor: parameter {index} was computed, by {parameter.grad_fn}")


def _with_numbers(group: Group) -> Group:
    """Return a group in which options that are 0-d tensors, such as a scheduler's learning rate, are numbers."""
    numbers = {}
    for name, value in group.items():
        if name != "params":
            _check_unmarked(value, name)
            if isinstance(value, Tensor):
                numbers[name] = value.item()
    return {**group, **numbers} if numbers else group


def _check_unmarked(value: Any, name: str) -> None:
    """Raise if a value of options or state is inference-only, or holds what is: steps would write it into weights."""
    if type(value) in (bool, int, float, str, type(None)):
        return
    if isinstance(value, Tensor):
        if not value.is_inference():
            return
        origin = value.origin
    else:
        origins: list[Any] = []
        unwrapped(value, origins)
        if not origins:
            return
        origin = combine(origins)
    raise InferenceTensorError(
        f"the optimizer's {name} is inference-only, and a step would write it into the parameters. "
        f"{whence(origin)} To train with it all the same, copy it: tensor.as_training_data(t)."
    )


def _own(value: Any, name: str, parameter: Tensor) -> Any:
    """Return a copy of a loaded value of state, in the form that the update rules keep it in."""
    _check_unmarked(value, name)
    if name == "step":
        return int(value)  # PyTorch keeps a 0-d tensor
    if not isinstance(value, Tensor):
        return copy.deepcopy(value)
    if value.shape != parameter.shape:
        raise ValueError(
            f"the state dict's {name} has shape {tuple(value.shape)}, its parameter {tuple(parameter.shape)}"
        )
    return state_tensor(np.array(value._data, dtype=parameter._data.dtype))
