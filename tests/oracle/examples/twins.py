"""A model file of an example as a module that uses torch: the same text, with its imports of `tensor` changed."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType
from typing import Any

from tests.example_modules import EXAMPLES
from tests.oracle.model_files.loading import module_of, rewritten


def torch_twin(example: str, name: str) -> ModuleType:
    path = EXAMPLES / example / f"{name}.py"
    source = rewritten(path.read_text(), {"tensor": "torch"})
    return module_of(source, "torch", name=f"{__name__}.{example}_{name}", path=str(path))


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
