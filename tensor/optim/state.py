"""What optimisers remember about a parameter: arrays of its shape and numbers, in tensors under PyTorch's names."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from tensor import dtypes
from tensor.aliases import unwrapped
from tensor.bases import TensorBase, whence, wrap
from tensor.dtypes import Array
from tensor.errors import InferenceTensorError
from tensor.marks import combine
from tensor.tensors import Tensor

State: TypeAlias = dict[str, Any]


def state_tensor(array: Array) -> Tensor:
    """Return a tensor over an array of state: never marked, whatever the mode, since it belongs to training."""
    return wrap(array)


def memory(state: State, name: str, like: Array, value: float = 0.0) -> Array:
    """Return an array of state; where there is none yet, a new one.

    Args:
        state: the parameter's state.
        name: PyTorch's name of the entry.
        like: the parameter's memory, for the shape and the dtype of a new entry.
        value: what a new entry is filled with.
    """
    if name not in state:
        state[name] = state_tensor(np.full_like(like, value) if value else np.zeros_like(like))
    array: Array = state[name]._data
    return array


def number(state: State, name: str, value: float) -> float:
    """Return a number of state, which is kept in a tensor of no dimensions; where there is none yet, `value`.

    Args:
        state: the parameter's state.
        name: PyTorch's name of the entry.
        value: what a new entry starts with.
    """
    if name not in state:
        state[name] = _scalar(value)
    return float(state[name]._data)


def set_number(state: State, name: str, value: float) -> float:
    """Replace a number of state in place, and return it as it was rounded.

    Args:
        state: the parameter's state.
        name: PyTorch's name of the entry.
        value: the new value.
    """
    number(state, name, value)
    state[name]._data[...] = value
    return float(state[name]._data)


def scale_number(state: State, name: str, factor: float) -> float:
    """Multiply a number of state, which starts at 1, in its own precision, and return it.

    Args:
        state: the parameter's state.
        name: PyTorch's name of the entry.
        factor: what to multiply it by.
    """
    number(state, name, 1)
    state[name]._data *= factor
    return float(state[name]._data)


def count(state: State) -> int:
    """Count a step of a parameter under PyTorch's name, `step`, and return which it is, from 1."""
    return int(set_number(state, "step", number(state, "step", 0) + 1))


def check_unmarked(value: Any, name: str) -> None:
    """Raise if a value of options or state is inference-only, or holds what is: steps would write it into weights.

    Args:
        value: a number, a tensor, an array, or nested sequences and dicts of them.
        name: its name, for the message.

    Raises:
        InferenceTensorError: it is, or holds, inference-only data.
    """
    if type(value) in (bool, int, float, str, type(None)):
        return
    if isinstance(value, Tensor):
        if not value.is_inference():
            return
        origin = value.origin
    elif isinstance(value, Mapping):
        for key, each in value.items():
            check_unmarked(key, name)
            check_unmarked(each, name)
        return
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


def owned(value: Any, name: str, parameter: Tensor, shaped: frozenset[str], numbers: frozenset[str]) -> Any:
    """Return a copy of a loaded value of state: tensors in the parameter's dtype, apart from counts of steps.

    Args:
        value: what was loaded.
        name: PyTorch's name of the entry.
        parameter: whose state it is.
        shaped: names of entries that have the parameter's shape.
        numbers: names of entries that become tensors of no dimensions, whether they are tensors yet or not.

    Raises:
        InferenceTensorError: it is, or holds, inference-only data.
        ValueError: its shape is not that of the parameter.
    """
    check_unmarked(value, name)
    if name in numbers and not isinstance(value, TensorBase):
        return _scalar(float(value))
    if isinstance(value, TensorBase):
        if name in shaped and value._data.shape != parameter._data.shape:
            raise ValueError(
                f"the state dict's {name} has shape {tuple(value._data.shape)}, "
                f"its parameter {tuple(parameter._data.shape)}"
            )
        cast = name != "step" and dtypes.is_floating(parameter._data.dtype)
        array = np.array(value._data, dtype=parameter._data.dtype if cast else None)
        return state_tensor(array.reshape(()) if name in numbers else array)
    if isinstance(value, Mapping):
        return {key: owned(each, str(key), parameter, frozenset(), frozenset()) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(owned(each, name, parameter, frozenset(), frozenset()) for each in value)
    return copy.deepcopy(value)


def _scalar(value: float) -> Tensor:
    """Return a number as PyTorch keeps it: float64 where that is the default, else float32."""
    double = dtypes.get_default_dtype() is dtypes.float64
    return state_tensor(np.array(value, np.float64 if double else np.float32))
