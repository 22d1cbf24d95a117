"""Modules that hold others."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, overload

from tensor.errors import ArgumentError, DimensionError, DtypeError
from tensor.nn.modules.module import Module, _addindent


class _Numbered(Module):
    """Modules by number: what `Sequential` and `ModuleList` share."""

    _modules: dict[str, Module]  # type: ignore[assignment]  # no names without a module here

    def append(self, module: Any) -> Self:
        """Add a module at the end.

        Returns:
            This module.
        """
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key: int | slice) -> Module:
        """Remove a module and return it."""
        module: Module = self[key]
        del self[key]
        return module

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Module:
        return self._of(list(self._modules.items())[index]) if isinstance(index, slice) else list(self)[index]

    def _of(self, items: list[tuple[str, Module]]) -> Self:
        """A container of this class with some of these modules."""
        raise NotImplementedError

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, list(self._modules)[index], module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)[index]
        for name in [names] if isinstance(names, str) else names:
            delattr(self, name)
        if all(name.isdecimal() for name in self._modules):
            _renumber(self, list(self))


class Sequential(_Numbered):
    """Modules that feed one another in order.

    Args:
        args: the modules; or one `OrderedDict` of them by name.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html
    """

    def __init__(self, *args: Module | OrderedDict[str, Module]) -> None:
        super().__init__()
        match args:
            case [OrderedDict() as named]:
                for name, module in named.items():
                    self.add_module(name, module)
            case _:
                for module in args:
                    self.append(module)

    def forward(self, input: Any) -> Any:
        """Pass the input through all modules."""
        for module in self:
            input = module(input)
        return input

    def extend(self, sequential: Iterable[Module]) -> Sequential:
        """Add modules at the end.

        Returns:
            This module.
        """
        for module in [*sequential]:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Sequential:
        """Add a module before the one at an index; those after it are numbered anew.

        Returns:
            This module.
        """
        _renumber(self, _inserted(list(self), index, module))
        return self

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *_modules_of(other, "+"))

    def __iadd__(self, other: Sequential) -> Sequential:
        return self.extend(_modules_of(other, "+="))

    def __mul__(self, other: int) -> Sequential:
        return Sequential(*[module for _ in range(_times(other)) for module in self])

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Sequential:
        return self.extend([module for _ in range(_times(other) - 1) for module in self])

    def _of(self, items: list[tuple[str, Module]]) -> Self:
        return type(self)(OrderedDict(items))


class ModuleList(_Numbered):
    """A list of modules.

    Args:
        modules: the first ones.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end.

        Returns:
            This list.
        """
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        """Add a module before the one at an index."""
        _renumber(self, _inserted(list(self), index, module))

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return type(self)([*self, *other])

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def __contains__(self, module: object) -> bool:
        return any(module is each for each in self)

    def _of(self, items: list[tuple[str, Module]]) -> Self:
        return type(self)([module for _, module in items])

    def __repr__(self) -> str:
        """Return the text, in which equal neighbours stand once."""
        runs: list[tuple[int, int, str]] = []  # the first and last index of modules of one text
        for index, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], index, text)
            else:
                runs.append((index, index, text))
        lines = [
            f"({first}): {_addindent(text, 2)}"
            if first == last
            else f"({first}-{last}): {last - first + 1} x {_addindent(text, 2)}"
            for first, last, text in runs
        ]
        return "\n  ".join([f"{self._get_name()}(", *lines]) + "\n)" if lines else f"{self._get_name()}()"


class ModuleDict(Module):
    """A dict of modules, in order of insertion.

    Args:
        modules: the first ones, by name.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
    """

    _modules: dict[str, Module]  # type: ignore[assignment]  # no names without a module here

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        super().__init__()
        self.update(modules)

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add or replace modules by name."""
        for name, module in dict(modules).items():
            self[name] = module

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()

    def keys(self) -> Iterable[str]:
        """Return the names."""
        return self._modules.keys()

    def values(self) -> Iterable[Module]:
        """Return the modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """Return names and modules."""
        return self._modules.items()

    def pop(self, name: str) -> Module:
        """Remove a module and return it."""
        module = self[name]
        del self[name]
        return module

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __getitem__(self, name: str) -> Module:
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __delitem__(self, name: str) -> None:
        del self._modules[name]


def _renumber(container: _Numbered, modules: list[Module]) -> None:
    container._modules.clear()
    for index, module in enumerate(modules):
        container.add_module(str(index), module)


def _inserted(modules: list[Module], index: int, module: Module) -> list[Module]:
    if not isinstance(module, Module):
        raise DtypeError(f"expected a module to insert, got {type(module).__name__}")
    if not -len(modules) <= index <= len(modules):
        raise DimensionError(f"Index out of range: {index}")
    modules.insert(index, module)
    return modules


def _modules_of(other: object, operator: str) -> list[Module]:
    if isinstance(other, Sequential):
        return list(other)
    raise DtypeError(f"{operator} joins a Sequential with another one, got {type(other).__name__}")


def _times(number: int) -> int:
    if number > 0:
        return number
    raise ArgumentError(f"a Sequential is repeated a positive number of times, got {number!r}")
