"""The modules of an example, imported as its own programs see them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

EXAMPLES = Path(__file__).parents[1] / "examples"


def import_from(example: str, *names: str) -> list[ModuleType]:
    """Import modules of a folder of examples, whose names other folders have too."""
    folder = EXAMPLES / example
    sys.path.insert(0, str(folder))
    try:
        return [importlib.import_module(name) for name in names]
    finally:
        sys.path.remove(str(folder))
        for path in folder.glob("*.py"):
            sys.modules.pop(path.stem, None)
