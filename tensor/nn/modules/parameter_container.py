"""Modules that hold parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, overload

from tensor.errors import DimensionError
from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.tensors import Tensor


class ParameterList(Module):
    """A list of parameters; tensors that are put in become parameters, other values are kept as they are.

    Args:
        values: the first ones.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterList.html
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def append(self, value: Any) -> ParameterList:
        """Add a parameter at the end.

        Returns:
            This list.
        """
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add parameters at the end.

        Returns:
            This list.
        """
        if isinstance(values, Tensor) or not isinstance(values, Iterable):
            raise TypeError(f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}")
        for value in values:
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(self._size))

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> ParameterList: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)([self[each] for each in range(self._size)[index]])
        return getattr(self, self._name(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._name(index), _as_parameter(value))

    def _name(self, index: int) -> str:
        if not -self._size <= index < self._size:
            raise DimensionError(f"index {index} is out of range: there are {self._size} parameters")
        return str(range(self._size)[index])

    def extra_repr(self) -> str:
        """Return a line for each parameter."""
        return _lines(enumerate(self))


class ParameterDict(Module):
    """A dict of parameters, in order of insertion; tensors become parameters, other values are kept as they are.

    Args:
        parameters: the first ones, by name.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
    """

    def __init__(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def update(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Add or replace parameters by name."""
        for name, value in dict(parameters).items():
            self[name] = value

    def keys(self) -> Iterable[str]:
        """Return the names."""
        return self._keys.keys()

    def values(self) -> Iterable[Any]:
        """Return the parameters."""
        return (self[name] for name in self._keys)

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return names and parameters."""
        return ((name, self[name]) for name in self._keys)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a parameter, or the default where there is none of that name."""
        return getattr(self, key) if key in self._keys else default

    def pop(self, key: str) -> Any:
        """Remove a parameter and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the last parameter, and return its name and it."""
        name = next(reversed(self._keys))
        return name, self.pop(name)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return a parameter, which is set to the default where there is none of that name."""
        if key not in self:
            self[key] = default
        return self[key]

    def copy(self) -> ParameterDict:
        """Return a dict of the same parameters."""
        return ParameterDict(self.items())

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """Return a dict with one value for all names.

        Args:
            keys: the names.
            default: the value.
        """
        return ParameterDict((key, default) for key in keys)

    def clear(self) -> None:
        """Remove all parameters."""
        for name in [*self._keys]:
            del self[name]

    def __or__(self, other: ParameterDict) -> ParameterDict:
        joined = self.copy()
        joined.update(other.items())
        return joined

    def __ror__(self, other: ParameterDict) -> ParameterDict:
        return ParameterDict(other.items()) | self

    def __ior__(self, other: ParameterDict) -> ParameterDict:
        self.update(other.items())
        return self

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def extra_repr(self) -> str:
        """Return a line for each parameter."""
        return _lines(self.items())


def _as_parameter(value: Any) -> Any:
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _lines(items: Iterable[tuple[Any, Any]]) -> str:
    return "\n".join(f"  ({name}): {_described(value)}" for name, value in items)


def _described(value: Any) -> str:
    if isinstance(value, Tensor):
        kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
        return f"{kind} containing: [{value.dtype} of size {'x'.join(map(str, value.shape))}]"
    return f"Object of type: {type(value).__name__}"
