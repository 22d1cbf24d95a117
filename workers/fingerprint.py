"""What a class does, as a digest that is the same in every run: for classes that no file holds.

A class of a notebook, of standard input or of `python -c` travels by value, and cloudpickle's bytes differ from run to
run. This follows what travels with it: its methods' bytecode, constants and defaults, its attributes, and the
functions, classes and plain values of the same module that they name. Line numbers and file names are left out. What
other modules define counts by its name, and other objects by their type; which modules these are is told beside it.
"""

from __future__ import annotations

import dis
import functools
import hashlib
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))
_INCIDENTAL = frozenset(
    {"__dict__", "__weakref__", "__module__", "__firstlineno__", "__static_attributes__", "_abc_impl"}
)


def fingerprint_of(target: type) -> tuple[str, frozenset[str]]:
    """Return the sha256 of what `target` does, as hex, and the names of the modules that it uses or imports."""
    teller = _Teller(target.__module__)
    told = repr(teller.tell(target)).encode(errors="surrogatepass")
    return hashlib.sha256(told).hexdigest(), frozenset(teller.modules - {target.__module__})


class _Teller:
    """Tells values as nested tuples of strings, each function, class and mutable container once."""

    def __init__(self, module: str) -> None:
        self.modules: set[str] = set()
        self._module = module
        self._told: dict[int, tuple[int, object]] = {}  # the objects too, so that no other one gets their id

    def tell(self, value: object) -> object:
        if type(value) in _PLAIN:
            return repr(value)
        match value:
            case tuple():
                return ("tuple", *map(self.tell, value))
            case frozenset():
                return ("frozenset", *sorted(map(repr, map(self.tell, value))))  # its order differs from run to run
            case CodeType():
                return self._code(value)
            case np.ndarray() if value.dtype != object:
                return ("array", value.dtype.str, value.shape, hashlib.sha256(value.tobytes()).hexdigest())
            case ModuleType():
                self.modules.add(value.__name__)
                return ("module", value.__name__)
        if id(value) in self._told:
            return f"#{self._told[id(value)][0]}"
        self._told[id(value)] = len(self._told), value
        return self._once(value)

    def _once(self, value: object) -> object:
        match value:
            case list():
                return ("list", *map(self.tell, value))
            case set():
                return ("set", *sorted(map(repr, map(self.tell, value))))
            case dict():
                return ("dict", *((self.tell(key), self.tell(held)) for key, held in value.items()))
            case type() if value.__module__ == self._module:
                return self._class(value)
            case FunctionType() if value.__module__ in (self._module, None):
                return self._function(value)
            case staticmethod() | classmethod():
                return (type(value).__name__, self.tell(value.__func__))
            case property():
                return ("property", self.tell(value.fget), self.tell(value.fset), self.tell(value.fdel))
            case functools.cached_property():
                return ("cached_property", self.tell(value.func))
            case functools.partial():
                return ("partial", self.tell(value.func), self.tell(value.args), self.tell(value.keywords))
        named = value if hasattr(value, "__qualname__") else type(value)
        module = getattr(named, "__module__", None)
        if isinstance(module, str):
            self.modules.add(module)
        return (type(value).__qualname__, module, getattr(named, "__qualname__", None))

    def _class(self, target: type) -> object:
        attributes = {name: value for name, value in vars(target).items() if name not in _INCIDENTAL}
        return (
            "class",
            target.__qualname__,
            tuple(map(self.tell, target.__bases__)),
            tuple((name, self.tell(attributes[name])) for name in sorted(attributes)),
        )

    def _function(self, function: FunctionType) -> object:
        around = function.__globals__
        self.modules.update(_imported(function.__code__), _reached(function.__code__, around))
        return (
            "function",
            function.__qualname__,
            self._code(function.__code__),
            self.tell(function.__defaults__),
            self.tell(function.__kwdefaults__),
            tuple(self.tell(_content(cell)) for cell in function.__closure__ or ()),
            tuple((name, self.tell(around[name])) for name in sorted({*_globals(function.__code__)}) if name in around),
        )

    def _code(self, code: CodeType) -> object:
        return (
            "code",
            code.co_name,
            code.co_code.hex(),
            tuple(map(self.tell, code.co_consts)),
            (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
            (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags),
        )


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # nothing was put into it yet
        return None


def _nested(code: CodeType) -> Iterator[CodeType]:
    """The code, and all that is defined within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _globals(code: CodeType) -> Iterator[str]:
    """The global names that the code, and what is nested in it, looks up."""
    for part in _nested(code):
        for instruction in dis.get_instructions(part):
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                yield instruction.argval


def _imported(code: CodeType) -> Iterator[str]:
    """What may be modules among what the code imports when it runs."""
    for part in _nested(code):
        origin = ""
        for instruction in dis.get_instructions(part):
            if instruction.opname == "IMPORT_NAME":
                origin = instruction.argval
                yield origin
            elif instruction.opname == "IMPORT_FROM":
                yield f"{origin}.{instruction.argval}"


def _reached(code: CodeType, around: Mapping[str, Any]) -> Iterator[str]:
    """The modules that the code reaches as attributes of others, as in `models.small.Net`."""
    for part in _nested(code):
        waiting = [around[name] for name in part.co_names if name in around]
        while waiting:
            module = waiting.pop()
            if isinstance(module, ModuleType):
                yield module.__name__
                inner = (vars(module).get(name) for name in part.co_names)
                waiting += [found for found in inner if _is_within(found, module)]


def _is_within(found: object, module: ModuleType) -> bool:
    return isinstance(found, ModuleType) and found.__name__.startswith(f"{module.__name__}.")
