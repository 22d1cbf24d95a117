"""Which files of the user's a module needs: its own, and what it imports, directly or not.

The standard library, installed packages and shoal itself are left out. Modules are found where Python would find them,
and never imported for it: their source says what they import themselves, also inside functions.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

_OURS = frozenset({"tensor", "workers", "cluster"})
_FOR_PACKAGES = frozenset({"site-packages", "dist-packages"})
_IMPORTERS = frozenset({"import_module", "__import__"})


def file_digests(own: Iterable[str], others: Iterable[str] = ()) -> dict[str, str]:
    """Digest the user's files that some modules consist of and import.

    Where the files lie makes no difference, so a folder may be moved. Modules that are not found, or have no file, are
    passed over.

    Args:
        own: Names of modules that are the user's, wherever they are.
        others: Names of modules that count if their files are the user's.

    Returns:
        sha256 of each file by the name of its module, sorted.
    """
    digests: dict[str, str] = {}
    seen: set[str] = set()
    certain = frozenset(own)
    waiting = [*certain, *others]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        with suppress(Exception):  # modules and their loaders are anybody's objects
            module = _located(name)
            if module is None or module.file is None or not (name in certain or _is_users(name, module.file)):
                continue
            content = module.content()
            digests[name] = hashlib.sha256(content).hexdigest()
            waiting.extend(_parents(name))
            for imported in (*_imports(content, module.package), *_held(name)):
                waiting.extend((imported, *_parents(imported)))
    return dict(sorted(digests.items()))


@dataclass(frozen=True)
class _Located:
    """A module, imported or not; `folders` are where a package's submodules are."""

    file: str | None
    package: str
    folders: tuple[str, ...] | None
    loader: Any

    def content(self) -> bytes:
        assert self.file is not None
        try:
            return Path(self.file).read_bytes()
        except OSError:
            return bytes(self.loader.get_data(self.file))  # in an archive


def _located(name: str) -> _Located | None:
    module = sys.modules.get(name)
    if module is not None:
        folders = getattr(module, "__path__", None)
        spec = getattr(module, "__spec__", None)
        return _Located(
            file=None if getattr(spec, "origin", None) in ("built-in", "frozen") else getattr(module, "__file__", None),
            package=getattr(module, "__package__", None) or _package_of(name, folders is not None),
            folders=None if folders is None else tuple(folders),
            loader=getattr(module, "__loader__", None),
        )
    parent = name.rpartition(".")[0]
    within = _located(parent) if parent else None
    if parent and (within is None or within.folders is None):
        return None
    for finder in sys.meta_path:
        spec = None
        with suppress(Exception):  # finders are anybody's code
            spec = finder.find_spec(name, None if within is None else within.folders)
        if spec is not None:
            folders = spec.submodule_search_locations
            return _Located(
                file=spec.origin if spec.has_location else None,
                package=_package_of(name, folders is not None),
                folders=None if folders is None else tuple(folders),
                loader=spec.loader,
            )
    return None


def _package_of(name: str, is_package: bool) -> str:
    return name if is_package else name.rpartition(".")[0]


def _parents(name: str) -> Iterator[str]:
    while name := name.rpartition(".")[0]:
        yield name


@functools.lru_cache(maxsize=1024)
def _imports(content: bytes, package: str) -> tuple[str, ...]:
    """The modules, and what may be modules, that a source names in its imports."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):  # compiled, or no Python of this version
        return ()
    return tuple(dict.fromkeys(name for node in ast.walk(tree) for name in _imported_by(node, package)))


def _imported_by(node: ast.AST, package: str) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            origin = _absolute(module or "", package, level)
            if origin:
                yield origin
                yield from (f"{origin}.{alias.name}" for alias in names if alias.name != "*")
        case ast.Call(
            func=ast.Name(id=function) | ast.Attribute(attr=function), args=[ast.Constant(value=str(name)), *_]
        ) if function in _IMPORTERS:
            level = len(name) - len(name.lstrip("."))
            yield _absolute(name[level:], package, level)


def _absolute(name: str, package: str, level: int) -> str:
    """The full name of what is imported from `level` packages up; empty where there are not as many."""
    if level == 0:
        return name
    parts = package.split(".") if package else []
    kept = parts[: max(0, len(parts) - level + 1)]
    return ".".join([*kept, name] if name else kept) if kept else ""


def _held(name: str) -> Iterator[str]:
    """Where the modules, classes and functions that an imported module holds come from.

    A package's own submodules are not asked for: they are set in it by whoever imports them.
    """
    values: Mapping[str, Any] = getattr(sys.modules.get(name), "__dict__", {})
    for value in list(values.values()):
        match value:
            case ModuleType():
                held: Any = value.__name__
            case type() | FunctionType():
                held = value.__module__
            case _:
                continue
        if isinstance(held, str) and not held.startswith(f"{name}."):
            yield held


def _is_users(name: str, file: str) -> bool:
    if name.partition(".")[0] in _OURS:
        return False
    path = Path(file)
    return not (_FOR_PACKAGES & set(path.parts) or any(path.is_relative_to(folder) for folder in _installed()))


@functools.cache
def _installed() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    places = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(Path(place) for place in {*places, *site.getsitepackages(), site.getusersitepackages()})
