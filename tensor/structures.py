"""Nested dicts, lists and tuples of tensors and plain values as named tensors and a text, and back.

The text is JSON. A number, string, boolean or null stands for itself, everything else is an object of one field:

    {"dict": [[key, value], ...]}  {"list": [value, ...]}  {"tuple": [value, ...]}  {"tensor": name}  {"float": "nan"}

so that a training checkpoint fits a safetensors file: nothing in it is code.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from tensor.tensors import Tensor

_MAX_DEPTH = 64
_RESERVED = "__metadata__"  # no tensor of a file can have this name
_UNUSUAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}  # JSON has no such numbers


def is_flat(value: Any) -> bool:
    """Tell whether something is tensors by name, which need no structure."""
    return isinstance(value, Mapping) and all(
        type(name) is str and isinstance(each, Tensor) for name, each in value.items()
    )


def flatten(value: Any) -> tuple[dict[str, Tensor], str]:
    """Take a structure apart.

    Args:
        value: nested dicts, lists and tuples of tensors, numbers, strings, booleans and None.

    Returns:
        The tensors, each under a name of its own that tells its place, those over the same memory once; and the text.

    Raises:
        TypeError: something else is in it; names the place.
        ValueError: it is nested too deep, as one that holds itself is.
    """
    writer = _Writer()
    structure = writer.plain(value, ())
    return writer.tensors, json.dumps(structure, separators=(",", ":"), allow_nan=False)


def rebuild(text: str, tensors: Mapping[str, Tensor]) -> Any:
    """Put together what `flatten` took apart.

    Args:
        text: the structure.
        tensors: its tensors.

    Raises:
        ValueError: the text is damaged, or is not about these tensors.
    """
    used: set[str] = set()
    try:
        value = _rebuilt(json.loads(text, parse_constant=_no_number), tensors, used)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if unused := sorted(set(tensors) - used):
        raise ValueError(f"it has no place for {', '.join(unused[:5])}")
    return value


def parts_of(text: str) -> list[str]:
    """Return the keys of the structure's dict under which there are tensors by name, such as a `state_dict`."""
    try:
        match json.loads(text):
            case {"dict": [*pairs]}:
                return [repr(key) for key, part in pairs if _is_state_dict(part)]
    except (ValueError, TypeError, RecursionError):
        pass
    return []


class _Writer:
    """Collects the tensors of a structure."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[Any, str] = {}

    def plain(self, value: Any, place: tuple[Any, ...]) -> Any:
        """Return a value as JSON can have it."""
        if len(place) > _MAX_DEPTH:
            raise ValueError(f"save: {_shown(place[:3])}... is nested deeper than {_MAX_DEPTH} levels, or holds itself")
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or type(value) in (bool, int):
            return value
        if isinstance(value, str):
            return str.__str__(value)
        if type(value) is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if isinstance(value, Tensor):
            return {"tensor": self._name(value, place)}
        if isinstance(value, Mapping):
            return {"dict": [[_key(key, place), self.plain(each, (*place, key))] for key, each in value.items()]}
        if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
            kind = "list" if isinstance(value, list) else "tuple"
            return {kind: [self.plain(each, (*place, index)) for index, each in enumerate(value)]}
        raise TypeError(
            f"save writes dicts, lists and tuples of tensors, numbers, strings, booleans and None; {_shown(place)} is "
            f"a {type(value).__name__}: {_advice(value)}"
        )

    def _name(self, tensor: Tensor, place: tuple[Any, ...]) -> str:
        """Return the name of a tensor: that of one over the same memory, if there is one, else a new one."""
        array = tensor._data
        memory = (array.__array_interface__["data"][0], array.shape, array.strides, array.dtype)
        same = (*memory, tensor.is_inference(), tensor.origin) if array.size else id(tensor)
        if same not in self._names:
            name = ".".join(map(str, place)) or "tensor"
            while name in self.tensors or name == _RESERVED:
                name += "_"
            self.tensors[name], self._names[same] = tensor, name
        return self._names[same]


def _key(key: Any, place: tuple[Any, ...]) -> str | int:
    if isinstance(key, str):
        return str.__str__(key)
    if type(key) is int or isinstance(key, np.integer):
        return int(key)
    raise TypeError(f"save writes dicts whose keys are str or int; {_shown(place)} has the key {key!r:.100}")


def _shown(place: tuple[Any, ...]) -> str:
    return "obj" + "".join(f"[{key!r:.100}]" for key in place)


def _advice(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return "pass a tensor, from_numpy makes one of it"
    if hasattr(value, "imag"):
        return "pass its real and its imaginary part"
    if hasattr(value, "state_dict"):
        return "pass its state_dict()"
    if hasattr(value, "_asdict"):
        return "pass its _asdict()"
    if isinstance(value, set | frozenset):
        return "pass a list"
    return "pass what it is made of, such as vars() of it, or str() of it"


def _rebuilt(structure: Any, tensors: Mapping[str, Tensor], used: set[str]) -> Any:
    if structure is None or isinstance(structure, bool | int | float | str):
        return structure
    match structure:
        case {"tensor": str(name)} if len(structure) == 1 and name in tensors:
            used.add(name)
            return tensors[name]
        case {"list": [*values]} if len(structure) == 1:
            return [_rebuilt(each, tensors, used) for each in values]
        case {"tuple": [*values]} if len(structure) == 1:
            return tuple([_rebuilt(each, tensors, used) for each in values])
        case {"dict": [*pairs]} if len(structure) == 1:
            found = {key: _rebuilt(each, tensors, used) for key, each in _pairs(pairs)}
            if len(found) == len(pairs):
                return found
        case {"float": str(text)} if len(structure) == 1 and text in _UNUSUAL:
            return _UNUSUAL[text]
    raise ValueError(f"{structure!r:.200} is no part of one, or names a tensor that is not there")


def _pairs(pairs: list[Any]) -> Iterator[tuple[str | int, Any]]:
    for pair in pairs:
        match pair:
            case [str() | int() as key, value] if not isinstance(key, bool):
                yield key, value
            case _:
                raise ValueError(f"{pair!r:.200} is no key and value")


def _is_state_dict(structure: Any) -> bool:
    match structure:
        case {"dict": [_, *_] as pairs}:
            return all(isinstance(key, str) and isinstance(each, dict) and "tensor" in each for key, each in pairs)
    return False


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
