"""How a user's class reaches a worker: by name where it can be imported there, else by value."""

from __future__ import annotations

import importlib
import os.path
import pickle
import sys
from dataclasses import dataclass, field
from typing import Any

from workers.errors import PredictorError
from workers.fingerprint import fingerprint_of
from workers.imports import file_digests


def _import_path() -> tuple[str, ...]:
    return tuple(os.path.abspath(place) for place in sys.path)  # noqa: PTH100  ("" is the working folder)


@dataclass(frozen=True)
class CodeRef:
    """A class, as it travels to workers.

    Attributes:
        name: `module:qualname`, for people, for messages and, without `pickled`, for the import.
        pickled: The class by value (cloudpickle), when it comes from `__main__`, a notebook or a function's body.
        path: The `sys.path` that it is found with.
    """

    name: str
    pickled: bytes | None = None
    path: tuple[str, ...] = field(default_factory=_import_path, compare=False, repr=False)

    @classmethod
    def of(cls, target: type) -> CodeRef:
        """Describe `target` so that a worker can find it.

        Raises:
            TypeError: `target` is not a class.
        """
        if not isinstance(target, type):
            raise TypeError(
                f"expected a class that is built once per replica, got {target!r}; "
                "wrap a function in a class with __call__(self, batch), and pass the class itself, not an instance"
            )
        name = f"{target.__module__}:{target.__qualname__}"
        if _importable(target):
            return cls(name)
        import cloudpickle

        from workers import by_value

        module = sys.modules.get(target.__module__)
        unfindable = module is not None and target.__module__ != "__main__" and not _findable(target.__module__)
        if unfindable:
            cloudpickle.register_pickle_by_value(module)
        try:
            return cls(name, by_value.dumps(target))
        finally:
            if unfindable:
                cloudpickle.unregister_pickle_by_value(module)

    def resolve(self) -> type:
        """The class itself, imported or unpickled here.

        Raises:
            PredictorError: There is no such class.
        """
        if self.pickled is not None:
            return _checked(pickle.loads(self.pickled), self.name)
        module_name, colon, qualname = self.name.partition(":")
        if not (colon and module_name and qualname):
            raise PredictorError(f"expected 'module:ClassName', got {self.name!r}")
        try:
            found: Any = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is None or not (module_name + ".").startswith(error.name + "."):
                raise  # the user's module was found, and what it imports was not
            raise PredictorError(
                f"no module named {module_name!r} (from {self.name!r}); looked in: {', '.join(sys.path)}"
            ) from None
        for part in qualname.split("."):
            if not hasattr(found, part):
                raise PredictorError(f"module {module_name!r} ({_file_of(module_name)}) has no {qualname!r}")
            found = getattr(found, part)
        return _checked(found, self.name)

    def digests(self) -> dict[str, str]:
        """What code this is: the sha256 of each file of the user's that the class needs, by the name of its module.

        A class that no file holds counts by what it does, under its own name. Two runs of one job must agree in all of
        them (see `Pool.run`), so that half of the output is not another model's.
        """
        target = self.resolve()
        files = file_digests((target.__module__, self.name.partition(":")[0]))
        if target.__module__ in files:
            return files
        told, modules = fingerprint_of(target)
        return {self.name: told} | files | file_digests((), modules)


def _checked(found: Any, name: str) -> type:
    if not isinstance(found, type):
        raise PredictorError(f"{name!r} is {found!r}; expected a class that is built once per replica")
    return found


def _importable(target: type) -> bool:
    if target.__module__ == "__main__" or "<locals>" in target.__qualname__ or not _findable(target.__module__):
        return False
    found: Any = sys.modules.get(target.__module__)
    for part in target.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is target


def _findable(module_name: str) -> bool:
    """Whether a fresh interpreter with this one's `sys.path` finds the module's root."""
    root = module_name.partition(".")[0]
    return any(finder.find_spec(root, None) is not None for finder in sys.meta_path if hasattr(finder, "find_spec"))


def _file_of(module_name: str) -> str:
    return getattr(sys.modules.get(module_name), "__file__", None) or "built in"
