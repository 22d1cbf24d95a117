"""A model file of an example as a module that uses torch: the same text, with its imports of `tensor` changed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from types import ModuleType
from typing import Any

from tests.example_modules import EXAMPLES


def torch_twin(example: str, name: str) -> ModuleType:
    path = EXAMPLES / example / f"{name}.py"
    source = re.sub(r"^(import|from) tensor\b", r"\1 torch", path.read_text(), flags=re.MULTILINE)
    module = ModuleType(f"{__name__}.{example}_{name}")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    exec(compile(source, path, "exec"), module.__dict__)
    return module


def run(example: str, script: str, *arguments: Any, timeout: float = 200) -> str:
    """Run an example's program and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / example / script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
