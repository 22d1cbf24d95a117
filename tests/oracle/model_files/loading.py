"""Model files written for PyTorch, loaded twice: as they are, and with their import lines changed.

loading.load("resnet", "torch").resnet18()    # the file as its author wrote it
loading.load("resnet", "tensor").resnet18()   # the same text; only its imports say `tensor`
"""

from __future__ import annotations

import ast
import functools
import sys
import types
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
    exec(compile(rewritten(source, library), path, "exec"), module.__dict__)
    return module


def rewritten(source: str, library: str = "tensor") -> str:
    """The source with its imports of torch turned into imports of `library`; everything else stays, line by line."""
    lines = source.encode().splitlines(keepends=True)
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in sorted(imports, key=lambda each: (each.lineno, each.col_offset), reverse=True):
        statement = _statement(node, library)
        if statement is None:
            continue
        assert node.end_lineno is not None
        first, last = node.lineno - 1, node.end_lineno - 1
        before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
        lines[first : last + 1] = [before + statement.encode() + after] + [b"\n"] * (last - first)
    return b"".join(lines).decode()


def _statement(node: ast.Import | ast.ImportFrom, library: str) -> str | None:
    """The import statement in the new names, or None when nothing of it changes."""
    if isinstance(node, ast.ImportFrom):
        name = _renamed(node.module or "", library)
        if node.level or name == node.module:
            return None
        return ast.unparse(ast.ImportFrom(name, node.names, 0))
    clauses = [_clause(alias, library) for alias in node.names]
    return f"import {', '.join(clauses)}" if clauses != [ast.unparse(alias) for alias in node.names] else None


def _clause(alias: ast.alias, library: str) -> str:
    """What stands for `torch`, `torch as t`, `torch.nn as nn` or `torch.nn` after the word import."""
    name = _renamed(alias.name, library)
    if name == alias.name:
        return ast.unparse(alias)
    if alias.asname:
        return f"{name} as {alias.asname}"
    bound = f"{library} as torch"  # `import torch.nn` binds the name torch
    return f"{name}, {bound}" if "." in name else bound


def _renamed(name: str, library: str) -> str:
    first, dot, rest = name.partition(".")
    return (library if first == "torch" else first) + dot + rest
