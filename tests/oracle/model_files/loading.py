"""Model files written for PyTorch, loaded twice: as they are, and with their import lines changed.

    loading.load("resnet", "torch").resnet18()    # the file as its author wrote it
    loading.load("resnet", "tensor").resnet18()   # the same text; only its imports say `tensor`
"""

from __future__ import annotations

import ast
import functools
import importlib.abc
import importlib.util
import sys
import types
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path

FILES = Path(__file__).parent / "files"


@functools.cache
def load(name: str, library: str) -> types.ModuleType:
    """The model file of that name as a module of a library, "torch" or "tensor"."""
    path = FILES / f"{name}.py"
    return module_of(path.read_text(), library, name=f"{__name__}.{name}_{library}", path=str(path))


def module_of(source: str, library: str, *, name: str, path: str) -> types.ModuleType:
    """Execute a source text written for torch as a module that uses a library."""
    module = types.ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module  # dataclasses look their module up
    exec(compile(rewritten(source, {"torch": library}), path, "exec"), module.__dict__)
    return module


def rewritten(source: str, renames: Mapping[str, str]) -> str:
    """The source with its imports of packages (torch) turned into imports of others (tensor), line by line."""
    lines = source.encode().splitlines(keepends=True)
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in sorted(imports, key=lambda each: (each.lineno, each.col_offset), reverse=True):
        statement = _statement(node, renames)
        if statement is None:
            continue
        assert node.end_lineno is not None
        first, last = node.lineno - 1, node.end_lineno - 1
        before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
        lines[first : last + 1] = [before + statement.encode() + after] + [b"\n"] * (last - first)
    return b"".join(lines).decode()


class RewrittenPackage(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Finds the modules of an installed package under another name, with other imports.

    Args:
        package: the name of the package, as installed.
        name: what it is imported as here.
        renames: which imports change; those of the package itself are added.
        replacements: texts that stand for modules (their names below the package) that models do not need.
    """

    def __init__(
        self, package: str, name: str, renames: Mapping[str, str], replacements: Mapping[str, str] | None = None
    ) -> None:
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.submodule_search_locations
        self.folder = Path(spec.submodule_search_locations[0])
        self.name = name
        self.renames = {package: name, **renames}
        self.replacements = dict(replacements or {})

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] != self.name:
            return None
        found = Path(self.get_filename(fullname))
        if not found.exists():
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=found.name == "__init__.py")

    def get_filename(self, fullname: str) -> str:
        base = self.folder.joinpath(*fullname.split(".")[1:])
        return str(base / "__init__.py" if base.is_dir() else base.with_suffix(".py"))

    def get_data(self, path: str) -> bytes:
        module = ".".join(Path(path).relative_to(self.folder).with_suffix("").parts).removesuffix("__init__")
        source = self.replacements.get(module.removesuffix("."))
        return rewritten(Path(path).read_text() if source is None else source, self.renames).encode()


def _statement(node: ast.Import | ast.ImportFrom, renames: Mapping[str, str]) -> str | None:
    """The import statement in the new names, or None when nothing of it changes."""
    if isinstance(node, ast.ImportFrom):
        name = _renamed(node.module or "", renames)
        if node.level or name == node.module:
            return None
        return ast.unparse(ast.ImportFrom(name, node.names, 0))
    clauses = [_clause(alias, renames) for alias in node.names]
    return f"import {', '.join(clauses)}" if clauses != [ast.unparse(alias) for alias in node.names] else None


def _clause(alias: ast.alias, renames: Mapping[str, str]) -> str:
    """What stands for `torch`, `torch as t`, `torch.nn as nn` or `torch.nn` after the word import."""
    name = _renamed(alias.name, renames)
    if name == alias.name:
        return ast.unparse(alias)
    if alias.asname:
        return f"{name} as {alias.asname}"
    old, new = alias.name.split(".")[0], name.split(".")[0]
    return f"{new} as {old}" if name == new else f"{name}, {new} as {old}"  # `import torch.nn` binds the name torch


def _renamed(name: str, renames: Mapping[str, str]) -> str:
    first, dot, rest = name.partition(".")
    return renames.get(first, first) + dot + rest
