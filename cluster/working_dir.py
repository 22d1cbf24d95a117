"""A job's own folder as a place to import from, for as long as the job runs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType


@contextmanager
def importing_from(directory: Path, predictor: str) -> Iterator[None]:
    """Let the modules of `directory` be imported, and forget them afterwards.

    Two jobs in one process then do not see each other's modules, also where these have the same names. What was
    imported from elsewhere under the name of the predictor's module is put aside meanwhile. Where the caller's own
    `sys.path` has the folder already, its modules are the caller's too, and stay.

    Args:
        directory: The folder, absolute.
        predictor: `module:Class`.
    """
    if str(directory) in sys.path:
        yield
        return
    root = predictor.partition(":")[0].partition(".")[0]
    aside = {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] == root and not _is_in(directory, module)
    }
    before = sys.modules.keys() - aside.keys()
    if _has(directory, root):
        _forget(aside)
    sys.path.insert(0, str(directory))  # the workers get our sys.path
    importlib.invalidate_caches()
    try:
        yield
    finally:
        with suppress(ValueError):  # the user's code took it out
            sys.path.remove(str(directory))
        _forget([name for name, module in sys.modules.items() if name not in before and _is_in(directory, module)])
        sys.modules.update(aside)


def _has(directory: Path, root: str) -> bool:
    return (directory / root).is_dir() or (directory / f"{root}.py").is_file()


def _is_in(directory: Path, module: ModuleType) -> bool:
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return any(isinstance(place, str) and Path(place).is_relative_to(directory) for place in places)


def _forget(names: Iterable[str]) -> None:
    for name in names:
        sys.modules.pop(name, None)
